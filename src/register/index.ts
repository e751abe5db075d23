/**
 * `node --require axios-procore/register app.js`, or `--import`: attaches the plugin to axios's default instance and to every
 * `axios.create`, in every copy of axios that the application loads. See docs/register.md.
 *
 * This file is CommonJS for both flags, because the static imports of an ES module would load axios before it could be watched. The rest is
 * required only where there is something to attach: by NODE_OPTIONS this file runs in every program, and in threads of Node itself, in
 * which an axios that needs ES modules cannot be loaded.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { isMainThread, parentPort } from 'node:worker_threads';
import { logLevelIn } from './log-level.js';
import { configPath } from './loading.js';
import { createReporter } from './say.js';
import { secretsIn } from './secrets.js';
import { registrationFrom, type Registration } from './settings.js';
import { slipIn } from './slips.js';
import type * as starting from './start.js';
import { variableNames } from './variables.js';

/**
 * True in the thread in which Node runs loader hooks. Node preloads this file there as well, but the thread does not run the application.
 */
const isOfNode = !isMainThread && parentPort === null;
const started = Symbol.for('axios-procore.registered');

function register(environment: NodeJS.ProcessEnv): void {
  // Copied to an object without prototype, so that a polluted `Object.prototype` adds no variables.
  const variables = Object.assign(Object.create(null) as NodeJS.ProcessEnv, environment);
  const registration = registrationFrom(variables, { home: homeFolder(), platform: process.platform });
  const misplaced = registration.kind === 'on' ? registration.misplaced : [];
  const level = logLevelIn(variables);
  const reporter = createReporter(level.chosen, secretsIn(variables, misplaced), pathsOf(registration));
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
  const { faults, config, notes } = registration;
  if (config === undefined && faults.length > 0)
    reporter.fail(`${faults.map(({ what }) => what).join('. ')}${besides}`);
  for (const note of [...notes, ...(slip === undefined ? [] : [slip])]) remark(note);
  leaveForChildren(registration, environment);
  const { start } = createRequire(__filename)('./start.js') as typeof starting;
  start(registration, reporter);
}

/** The paths in the variables that lines may show, also with links resolved. A value that may be a secret is left out. */
function pathsOf(registration: Registration): readonly string[] {
  if (registration.kind === 'off') return [];
  return [registration.file, registration.config].flatMap((given) => {
    if (!given?.mayBeShown) return [];
    const path = resolve(given.path);
    return [path, ...[path, dirname(path)].flatMap(realPathOf)];
  });
}

function realPathOf(path: string): string[] {
  try {
    return [realpathSync(path)];
  } catch {
    return [];
  }
}

/** Makes the paths in the variables absolute, so that child processes in another folder use the same files. */
function leaveForChildren(
  { file, config }: Registration & { kind: 'on' },
  environment: NodeJS.ProcessEnv,
): void {
  if (file) environment[file.name] = resolve(file.path);
  if (config) environment[config.name] = configPath(config.path);
}

/** The home folder; undefined where the system has none for this user. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

// This file may be loaded twice in one process, by both flags, or by NODE_OPTIONS and the command line.
if (!isOfNode && !(started in globalThis)) {
  Object.defineProperty(globalThis, started, { value: true });
  register(process.env);
}
