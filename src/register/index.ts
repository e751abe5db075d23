/**
 * `node --require axios-procore/register app.js`, or `--import`: attaches the plugin to axios's default instance and to every
 * `axios.create`, in every copy of axios that the application loads. See docs/register.md.
 *
 * CommonJS only, whatever the flag: the static imports of an ES module would bring axios in before anybody could look. And the rest of it
 * only where there is something to attach: NODE_OPTIONS brings this file into every program, and into threads of Node's own where an
 * axios, which needs ES modules, cannot be loaded.
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { isMainThread, parentPort } from 'node:worker_threads';
import { logLevelIn } from './log-level.js';
import { configPath } from './loading.js';
import { createVoice } from './say.js';
import { secretsIn } from './secrets.js';
import { registrationFrom, type Registration } from './settings.js';
import { slipIn } from './slips.js';
import type * as starting from './start.js';
import { variableNames } from './variables.js';

/**
 * The thread in which Node runs other people's loader hooks; on Node 20 ours too. It is preloaded like the application, and does not
 * belong to it.
 */
const isOfNode = !isMainThread && parentPort === null;
const started = Symbol.for('axios-procore.registered');

function register(environment: NodeJS.ProcessEnv): void {
  // What every object seems to have is no variable.
  const variables = Object.assign(Object.create(null) as NodeJS.ProcessEnv, environment);
  const registration = registrationFrom(variables, { home: homeFolder(), platform: process.platform });
  const misplaced = registration.kind === 'on' ? registration.misplaced : [];
  const level = logLevelIn(variables);
  const voice = createVoice(level.chosen, secretsIn(variables, misplaced), pathsOf(registration));
  // Once in a process: a thread of the application's, or of a tool, says nothing new.
  const remark = (line: string) => isMainThread && voice.say('warn', line);
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
    voice.fail(`${faults.map(({ what }) => what).join('. ')}${besides}`);
  for (const note of [...notes, ...(slip === undefined ? [] : [slip])]) remark(note);
  leaveForChildren(registration, environment);
  const { start } = createRequire(__filename)('./start.js') as typeof starting;
  start(registration, voice);
}

/** Those of the variables, as lines may name them: links lead elsewhere. What may be a secret is none of them. */
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

/** They may start in another folder, and are to have the same file, and the same options. */
function leaveForChildren(
  { file, config }: Registration & { kind: 'on' },
  environment: NodeJS.ProcessEnv,
): void {
  if (file) environment[file.name] = resolve(file.path);
  if (config) environment[config.name] = configPath(config.path);
}

/** None where the system knows nothing of this user. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

// Both flags, or one of them twice, by NODE_OPTIONS and on the command line.
if (!isOfNode && !(started in globalThis)) {
  Object.defineProperty(globalThis, started, { value: true });
  register(process.env);
}
