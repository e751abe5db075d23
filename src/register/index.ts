/**
 * `node --require axios-procore/register app.js`, or `--import`: attaches the plugin to axios's default instance and to every
 * `axios.create`, in every copy of axios that the application loads. See docs/register.md.
 *
 * CommonJS only, whatever the flag: the static imports of an ES module would bring axios in before anybody could look. And the rest of it
 * only where there is something to attach: NODE_OPTIONS brings this file into every program, and into threads of Node's own where an
 * axios, which needs ES modules, cannot be loaded.
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isMainThread, parentPort } from 'node:worker_threads';
import { configPath } from './loading.js';
import { fail, say } from './say.js';
import { registrationFrom, slipIn, variableNames } from './settings.js';
import type * as starting from './start.js';

/**
 * The thread in which Node runs other people's loader hooks; on Node 20 ours too. It is preloaded like the application, and does not
 * belong to it.
 */
const isOfNode = !isMainThread && parentPort === null;
const started = Symbol.for('axios-procore.registered');

/** Once in a process: a thread of the application's, or of a tool, says nothing new. */
function remark(line: string): void {
  if (isMainThread) say(line);
}

// Both flags, or one of them twice, by NODE_OPTIONS and on the command line.
if (!isOfNode && !(started in globalThis)) {
  Object.defineProperty(globalThis, started, { value: true });
  const registration = registrationFrom(process.env);
  const slip = slipIn(process.env);
  const besides = slip === undefined ? '' : `. ${slip}`;
  if (registration.kind === 'off') {
    remark(
      `nothing is attached, because none of ${variableNames.slice(0, 3).join(', ')}, … is set${besides}`,
    );
  } else if (registration.kind === 'wrong') fail(new Error(`${registration.what}${besides}`));
  else {
    if (slip !== undefined) remark(slip);
    // For children that start in another folder: they are to have the same file, and the same options.
    const { file, config } = registration;
    if (file !== undefined) process.env['PROCORE_TOKEN_FILE'] = resolve(file);
    if (config !== undefined) process.env['PROCORE_CONFIG'] = configPath(config);
    const { start } = createRequire(__filename)('./start.js') as typeof starting;
    start(registration);
  }
}
