/**
 * `node --require axios-procore/register app.js`, or `--import`: attaches the plugin to axios's default instance and to every
 * `axios.create`, in every copy of axios that the application loads. See docs/register.md.
 *
 * This file is CommonJS for both flags, because the static imports of an ES module would load axios before it could be watched. The rest is
 * required only where there is something to attach: by NODE_OPTIONS this file runs in every program, and in threads of Node itself, in
 * which an axios that needs ES modules cannot be loaded.
 *
 * @module axios-procore/register
 */
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isMainThread, parentPort } from 'node:worker_threads';
import { logLevelIn } from './log-level.js';
import { configPath } from '../settings/config-module.js';
import { createReporter } from './say.js';
import { secretsIn } from '../settings/secrets.js';
import { registrationFrom, type Registration } from '../settings/settings.js';
import { slipIn } from '../settings/slips.js';
import { placeHere, shownPaths, variablesIn } from '../settings/surroundings.js';
import type * as starting from './start.js';
import { variableNames } from '../settings/variables.js';

/**
 * True in the thread in which Node runs loader hooks. Node preloads this file there as well, but the thread does not run the application.
 */
const isOfNode = !isMainThread && parentPort === null;
const started = Symbol.for('axios-procore.registered');

function register(environment: NodeJS.ProcessEnv): void {
  const variables = variablesIn(environment);
  const registration = registrationFrom(variables, placeHere());
  const misplaced = registration.kind === 'on' ? registration.misplaced : [];
  const level = logLevelIn(variables);
  const reporter = createReporter(level.chosen, secretsIn(variables, misplaced), shownPaths(registration));
  // Remarks are made in the main thread only, so that worker threads do not repeat them.
  const remark = (line: string) => isMainThread && reporter.say('warn', line);
  if (level.wrong !== undefined) remark(level.wrong);

  const slip = slipIn(variables);
  const besides = slip === undefined ? '' : `. ${slip}`;
  if (registration.kind === 'off') {
    const names = [...variableNames].filter((name) => /CLIENT|FILE|CONFIG/.test(name)).join(', ');
    remark(
      `nothing is attached, because none of ${names} is set. They must be there when Node starts: what dotenv sets in the application comes too late, node --env-file=.env is early enough${besides}`,
    );
    return;
  }
  if (process.versions['deno'] !== undefined) {
    reporter.fail(
      'it does not work on Deno, which does not show it the axios of an ES module, so that calls would go out without the tokens. Call attachProcore in the source, or run the application on Node or Bun',
    );
  }
  const { faults, config, notes } = registration;
  if (config === undefined && faults.length > 0)
    reporter.fail(`${faults.map(({ what }) => what).join('. ')}${besides}`);
  for (const note of [...notes, ...(slip === undefined ? [] : [slip])]) remark(note);
  leaveForChildren(registration, environment);
  const { start } = createRequire(__filename)('./start.js') as typeof starting;
  start(registration, reporter);
}

/** Makes the paths in the variables absolute, so that child processes in another folder use the same files. */
function leaveForChildren(
  { file, config }: Registration & { kind: 'on' },
  environment: NodeJS.ProcessEnv,
): void {
  if (file) environment[file.name] = resolve(file.path);
  if (config) environment[config.name] = configPath(config.path);
}

// This file may be loaded twice in one process, by both flags, or by NODE_OPTIONS and the command line.
if (!isOfNode && !(started in globalThis)) {
  Object.defineProperty(globalThis, started, { value: true });
  register(process.env);
}
