import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { Place } from './paths.js';
import type { Registration } from './settings.js';
import type { Variables } from './variables.js';

/** A copy of the variables without prototype, so that a polluted `Object.prototype` adds none. */
export function variablesIn(environment: NodeJS.ProcessEnv): Variables {
  return Object.assign(Object.create(null) as NodeJS.ProcessEnv, environment);
}

/** What the meaning of a path depends on, in this process. */
export function placeHere(): Place {
  return { home: homeFolder(), platform: process.platform };
}

/** The paths in the variables that lines may show, also with links resolved. A value that may be a secret is left out. */
export function shownPaths(registration: Registration): readonly string[] {
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

/** The home folder; undefined where the system has none for this user. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
