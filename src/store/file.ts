/**
 * Tokens in a file or in a folder of files. `docs/stores.md` explains it.
 *
 * @module axios-procore/stores/file
 */

import { wrongOptions, type Field } from '../text/fields.js';
import { promises as fs } from 'node:fs';
import { resolve } from 'node:path';
import { loadKernelLocks } from './file/kernel.js';
import { fileBehind } from './file/links.js';
import { placeInFile, placeInFolder } from './file/place.js';
import { markOwnStore, nameLocks } from './own.js';
import { createFileStore, type FileTokenStore } from './file/store.js';

export type { FileTokenStore } from './file/store.js';

/** Options of {@link fileTokenStore}; either `directory` or `file` is required. */
export interface FileTokenStoreOptions {
  /**
   * The folder of the token files, absolute or relative to the working directory at construction. The first save creates it with its
   * parents, for this user only (mode 0700). A folder that exists is used as it is, unless its group or others may write to it: then the
   * store rejects.
   */
  directory?: string | undefined;
  /**
   * Instead of a folder, one file for an application with a single account. It contains the token set as Procore answers it, and other
   * programs may write it in that form. The rules for `directory` apply to the folder of the file. Symbolic links are followed once, at
   * construction.
   */
  file?: string | undefined;
  /**
   * Set to false for a store without a lock, which does not need `fs-native-extensions`. Only one process at a time may renew tokens in the
   * folder then.
   * @default true
   */
  lock?: boolean | undefined;
}

const unset = 'If it is read from an environment variable, that one is not set';
const isPath = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const fields: Record<keyof FileTokenStoreOptions, Field> = {
  directory: [isPath, 'the path of a folder'],
  file: [isPath, 'the path of a file', (value) => (value === '' ? unset : undefined)],
  lock: [(value) => typeof value === 'boolean', 'true or false'],
};

/**
 * Keeps the tokens of each account in a JSON file of its own (mode 0600). Each save replaces the file atomically and durably, so that after
 * a crash there is the old file or the new one. The lock is a kernel lock, which ends with its process; it needs the package
 * `fs-native-extensions` (1.5 or later).
 *
 * Operations reject with an `Error` that names the file and what to do, with the system's error as its `cause`;
 * `save` also with `TokenStoreConflict`.
 *
 * @throws TypeError for a wrong option.
 * @throws Error where `fs-native-extensions` cannot be loaded or its lock does not work (Bun, Deno), under Yarn's Plug'n'Play, or where the symbolic links of `file` lead in a circle.
 * @example
 * const store = fileTokenStore({ directory: '/var/lib/my-app/procore-tokens' });
 * attachProcore(instance, { clientId, clientSecret, store });
 */
export function fileTokenStore(options: FileTokenStoreOptions): FileTokenStore {
  const wrong = wrongOptions('fileTokenStore', options, '{ directory } or { file }', { known: fields });
  if (wrong !== undefined) throw new TypeError(wrong);
  const { directory, file } = options;
  if ((directory === undefined) === (file === undefined))
    throw new TypeError(
      `fileTokenStore: takes either directory, the path of a folder, or file, the path of a file; it got ${file === undefined ? `neither. ${unset}` : 'both'}.`,
    );
  // Its replacement of node:fs has no `sync` of an open file, without which a save is not durable.
  if (process.versions['pnp'] !== undefined) {
    throw new Error(
      "fileTokenStore: does not work with Yarn's Plug'n'Play, which cannot write a file durably: " +
        'set nodeLinker: node-modules in .yarnrc.yml, or take a store in Redis or PostgreSQL.',
    );
  }
  const place =
    directory === undefined ? placeInFile(fileBehind(resolve(file!))) : placeInFolder(resolve(directory));
  const kernel = (options.lock ?? true) ? loadKernelLocks() : undefined;
  const store = markOwnStore(createFileStore({ place, kernel, fs }));
  return kernel ? nameLocks(store, (account) => place.filesOf(account).lock) : store;
}
