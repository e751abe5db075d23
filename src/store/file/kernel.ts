import { AddonError, addonVariable, findAddon } from './addon-places.js';
import { codeOf } from './system.js';

/** Kernel locks on files. A lock belongs to an open file, and ends when the file is closed or its process dies. */
export interface KernelLocks {
  /** Tries to lock. False while another open file holds the lock, in this process or another one. Throws the system's error. */
  tryLock(fd: number): boolean;
  unlock(fd: number): void;
}

/** Runtimes whose process ends as soon as the addon takes a lock that is held, or any lock: they lack functions of libuv that it calls. */
const ending = { bun: 'Bun', deno: 'Deno' };

/**
 * Loads `fs-native-extensions`. Throws an `Error` that says where it was looked for, and what to install or set; on Bun and Deno always,
 * because no loading finds out that the lock does not work there: https://github.com/oven-sh/bun/issues/18546
 */
export function loadKernelLocks(
  load: () => unknown = findAddon,
  versions: Readonly<Record<string, string | undefined>> = process.versions,
): KernelLocks {
  const runtime = (['bun', 'deno'] as const).find((name) => versions[name] !== undefined);
  if (runtime !== undefined) {
    throw new Error(
      'fileTokenStore: its lock, which keeps two processes from redeeming the same refresh token, ' +
        `does not work on ${ending[runtime]}: take a store in Redis or PostgreSQL, run the application on Node, ` +
        'or pass lock: false if only one process uses the folder.',
    );
  }
  try {
    return load() as KernelLocks;
  } catch (cause) {
    const missing =
      cause instanceof AddonError
        ? !cause.isThere
        : codeOf(cause) === 'MODULE_NOT_FOUND' && String(cause).includes("'fs-native-extensions'");
    const looked = cause instanceof AddonError ? ` It was looked for: ${cause.looked.join('; ')}.` : '';
    throw new Error(
      'fileTokenStore: its lock, which keeps two processes from redeeming the same refresh token, needs the package ' +
        `fs-native-extensions, and that ${missing ? 'is not installed' : 'does not load on this system'}. ` +
        (missing
          ? 'Run: npm install fs-native-extensions@^1.5; or, where a bundle or a traced deployment has left it behind, deploy its folder ' +
            `with its dependencies and set ${addonVariable} to the path of that folder`
          : 'It is built for Linux with glibc, macOS and Windows, not for musl (Alpine): take an image with glibc, or another store') +
        `; or pass lock: false if only one process uses the folder.${looked}`,
      { cause: cause instanceof AddonError ? cause.cause : cause },
    );
  }
}
