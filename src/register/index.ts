/**
 * `node --require axios-procore/register app.js`, or `--import`: attaches the plugin to axios's default instance and to every
 * `axios.create`, in every copy of axios that the application loads. See docs/register.md.
 *
 * CommonJS only, whatever the flag: the static imports of an ES module would bring axios in before anybody could look.
 */
import { writeSync } from 'node:fs';
import { resolve } from 'node:path';
import * as threads from 'node:worker_threads';
import axios from 'axios';
import { attachProcore } from '../attach.js';
import { isFree, lend } from '../attached.js';
import type { AxiosLike } from '../axios.js';
import type { ProcoreOptions } from '../options.js';
import { configure } from './configure.js';
import { createCopies } from './copies.js';
import { configPath, loadConfig, watchModules } from './loading.js';
import { registrationFrom, slipIn, variableNames, type Registration } from './settings.js';

/**
 * The thread in which Node runs other people's loader hooks; on Node 20 ours too. It is preloaded like the application, and does not
 * belong to it.
 */
const isOfNode = !threads.isMainThread && threads.parentPort === null;
const started = Symbol.for('axios-procore.registered');

function say(line: string): void {
  try {
    // At once, also into a pipe: the process may be about to end.
    writeSync(2, `axios-procore/register: ${line}${line.endsWith('?') ? '' : '.'}\n`);
  } catch {
    // Nobody listens, or the pipe is full: the application goes on.
  }
}

function fail(error: unknown): never {
  say((error as Error).message.replace(/^axios-procore: /, '').replace(/\.$/, ''));
  return process.exit(1);
}

function start(registration: Registration & { kind: 'on' }): void {
  let options: ProcoreOptions | undefined;
  const waiting: AxiosLike[] = [];
  const attach = (instance: AxiosLike): void => {
    if (!options) waiting.push(instance);
    // By the configuration itself, perhaps: it has the say.
    else if (!isFree(instance)) return;
    else if (Object.isExtensible(instance)) lend(instance, attachProcore(instance, options));
    else say('nothing is attached to an axios that has been frozen');
  };
  const copies = createCopies(attach);
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

// Both flags, or one of them twice, by NODE_OPTIONS and on the command line.
if (!isOfNode && !(started in globalThis)) {
  Object.defineProperty(globalThis, started, { value: true });
  const registration = registrationFrom(process.env);
  const slip = slipIn(process.env);
  const besides = slip === undefined ? '' : `. ${slip}`;
  if (registration.kind === 'off') {
    say(`nothing is attached, because none of ${variableNames.slice(0, 3).join(', ')}, … is set${besides}`);
  } else if (registration.kind === 'wrong') fail(new Error(`${registration.what}${besides}`));
  else {
    if (slip !== undefined) say(slip);
    // For children that start in another folder: they are to have the same file, and the same options.
    const { file, config } = registration;
    if (file !== undefined) process.env['PROCORE_TOKEN_FILE'] = resolve(file);
    if (config !== undefined) process.env['PROCORE_CONFIG'] = configPath(config);
    start(registration);
  }
}
