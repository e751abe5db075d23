import axios from 'axios';
import { captureContext } from '../time/async-context.js';
import { attachEarly, knowAxios } from '../attach/attach.js';
import { isFree, lend } from '../attach/instance.js';
import type { AxiosLike } from '../axios/versions.js';
import type { ProcoreOptions } from '../options/options.js';
import { configure } from './configure.js';
import { createCopies } from './copies.js';
import { messageOf } from './foreign.js';
import { loadConfig, watchModules } from './loading.js';
import type { Voice } from './say.js';
import { createSeedAdvice } from './seed.js';
import type { Registration } from './settings.js';
import { tellIfUnseen } from './unseen.js';

/** Attaches to every axios of the process, as it is loaded or made. */
export function start(registration: Registration & { kind: 'on' }, voice: Voice): void {
  let options: ProcoreOptions | undefined;
  /** The copy that the plugin itself uses is seen when the application loads it, too. */
  let isSeen = false;
  const waiting: AxiosLike[] = [];
  const advice = createSeedAdvice(registration, (line) => voice.say('warn', line));
  const attach = (instance: AxiosLike): void => {
    if (instance !== (axios as AxiosLike)) isSeen = true;
    if (!options) waiting.push(instance);
    // By the configuration itself, perhaps: it has the say.
    else if (!isFree(instance)) return;
    else if (Object.isExtensible(instance)) attachTo(instance, options);
    else voice.say('warn', 'nothing is attached to an axios that has been frozen');
  };
  /** The application is loading or making an axios: whatever goes wrong here, it gets it. */
  function attachTo(instance: AxiosLike, options: ProcoreOptions): void {
    try {
      const handle = attachEarly(instance, options);
      lend(instance, handle);
      advice.watch(handle);
      const { VERSION } = instance as { VERSION?: unknown };
      const isDefault = typeof VERSION === 'string' && /^\d[\w.-]*$/.test(VERSION);
      if (isDefault) voice.say('info', `attached to axios ${VERSION}`);
      else voice.say('debug', 'attached to an instance of axios');
    } catch (error) {
      voice.say(
        'warn',
        `nothing is attached to an axios: ${messageOf(error).replace(/^axios-procore: /, '')}`,
      );
    }
  }

  // Applications make instances inside of requests and transactions, and some load axios only there.
  const atStart = captureContext();
  const copies = createCopies((instance) => atStart(() => attach(instance)), knowAxios);
  // Before the configuration is loaded: it may bring a copy of its own.
  const watchOn = watchModules((exported) => {
    if (exported === axios) isSeen = true;
    copies.see(exported);
  });
  copies.see(axios);
  try {
    const configured = configure(registration, {
      load: loadConfig,
      note: (line) => voice.say('warn', line),
      hide: voice.hide,
    });
    options = { ...configured, logger: configured.logger ?? voice.logger };
  } catch (error) {
    voice.fail(messageOf(error));
  }
  voice.say('info', planOf(registration, options));
  waiting.forEach(attach);
  watchOn();
  tellIfUnseen(() => isSeen, voice);
}

/** What is going to be done, and by which variables. */
function planOf(
  { read, file }: Registration & { kind: 'on' },
  { environment, store }: ProcoreOptions,
): string {
  const where =
    typeof environment === 'object'
      ? `${environment.loginUrl} and ${environment.apiUrl}`
      : `the environment ${environment ?? 'production'}`;
  const isFile = file && (store as { pathOf?: unknown } | undefined)?.pathOf;
  const kept = isFile ? `in the file of ${file.name}` : 'in the store of the configuration';
  return `attaches to every axios that is loaded, for ${where}, with the tokens ${kept}; it has read ${read.join(', ')}`;
}
