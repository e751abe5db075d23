import { kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import { promises as fs } from 'node:fs';
import { resolve } from 'node:path';
import { loadKernelLocks } from './file/kernel.js';
import { fileBehind } from './file/links.js';
import { placeInFile, placeInFolder } from './file/place.js';
import { markOwnStore } from './own.js';
import { createFileStore, type FileTokenStore } from './file/store.js';

export type { FileTokenStore } from './file/store.js';

/** Options of {@link fileTokenStore}: `directory` or `file`. */
export interface FileTokenStoreOptions {
  /**
   * The folder for the files, absolute or relative to the working directory at construction. It is made at the first save, for this
   * user only (mode 0700), parents included. One that exists is used as it is, unless its group or others may write to it.
   */
  directory?: string | undefined;
  /**
   * Instead of a folder, one file for the one account that there is. It holds the token set as Procore answers it, and may have been
   * written by somebody else in that form. What is said of the folder counts for the one that it is in. A symbolic link is followed, once,
   * at construction.
   */
  file?: string | undefined;
  /**
   * False: no lock, and `fs-native-extensions` is not needed. Then one process at a time may renew the tokens in this folder.
   * @default true
   */
  lock?: boolean | undefined;
}

const isPath = (value: unknown) => value === undefined || (typeof value === 'string' && value.trim() !== '');
const optionChecks: Record<keyof FileTokenStoreOptions, [valid: (value: unknown) => boolean, takes: string]> =
  {
    directory: [isPath, 'the path of a folder'],
    file: [isPath, 'the path of a file'],
    lock: [(value) => value === undefined || typeof value === 'boolean', 'true or false'],
  };

/**
 * Keeps the tokens of each account in a JSON file of its own (mode 0600) that is replaced as a whole, and durably: a crash leaves the old
 * file or the new one. The lock is the kernel's and dies with its holder; it takes the package `fs-native-extensions` (1.5 or later).
 *
 * Operations reject with an `Error` that names the file and what to do, with the system's error as its `cause`;
 * `save` also with `TokenStoreConflict`.
 *
 * @throws TypeError for a wrong option.
 * @throws Error where `fs-native-extensions` cannot be loaded, or where `file` is a link that leads in a circle.
 * @example
 * const store = fileTokenStore({ directory: '/var/lib/my-app/procore-tokens' });
 * attachProcore(instance, { clientId, clientSecret, store });
 */
export function fileTokenStore(options: FileTokenStoreOptions): FileTokenStore {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`fileTokenStore: takes { directory } or { file }, got ${kindOf(options)}.`);
  const given: Partial<Record<string, unknown>> = { ...options };
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(optionChecks, name))
      throw new TypeError(`fileTokenStore: ${unknownName(name, Object.keys(optionChecks))}`);
  }
  for (const [name, [valid, takes]] of Object.entries(optionChecks)) {
    const value = given[name];
    if (!valid(value)) throw new TypeError(`fileTokenStore: ${name} takes ${takes}, got ${kindOf(value)}.`);
  }
  const { directory, file } = options;
  if ((directory === undefined) === (file === undefined))
    throw new TypeError(
      `fileTokenStore: takes either directory, the path of a folder, or file, the path of a file; it got ${file === undefined ? 'neither' : 'both'}.`,
    );
  const place =
    directory === undefined ? placeInFile(fileBehind(resolve(file!))) : placeInFolder(resolve(directory));
  const kernel = (options.lock ?? true) ? loadKernelLocks() : undefined;
  return markOwnStore(createFileStore({ place, kernel, fs }));
}
