import axios from 'axios';
import { captureContext } from '../async-context.js';
import { attachProcore, knowAxios } from '../attach.js';
import { isFree, lend } from '../attached.js';
import type { AxiosLike } from '../axios.js';
import type { ProcoreOptions } from '../options.js';
import { configure } from './configure.js';
import { createCopies } from './copies.js';
import { loadConfig, watchModules } from './loading.js';
import { fail, say } from './say.js';
import type { Registration } from './settings.js';

/** Attaches to every axios of the process, as it is loaded or made. */
export function start(registration: Registration & { kind: 'on' }): void {
  let options: ProcoreOptions | undefined;
  const waiting: AxiosLike[] = [];
  const attach = (instance: AxiosLike): void => {
    if (!options) waiting.push(instance);
    // By the configuration itself, perhaps: it has the say.
    else if (!isFree(instance)) return;
    else if (Object.isExtensible(instance)) lend(instance, attachProcore(instance, options));
    else say('nothing is attached to an axios that has been frozen');
  };
  // Applications make instances inside of requests and transactions, and some load axios only there.
  const atStart = captureContext();
  const copies = createCopies((instance) => atStart(() => attach(instance)), knowAxios);
  // Before the configuration is loaded: it may bring a copy of its own.
  const watchOn = watchModules(copies.see);
  copies.see(axios);
  try {
    options = configure(registration, loadConfig);
    waiting.forEach(attach);
  } catch (error) {
    fail(error);
  }
  watchOn();
}
