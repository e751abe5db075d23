import type { promises } from 'node:fs';

/** The part of `node:fs/promises` that the file store uses. It is passed as an argument so that tests can make each call fail. */
export type FileSystem = Pick<
  typeof promises,
  'access' | 'mkdir' | 'open' | 'readFile' | 'readdir' | 'realpath' | 'rename' | 'stat' | 'unlink'
>;

/** The code of a system error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const remedies: Partial<Record<string, string>> = {
  EACCES: 'Check owner and mode of the file and of the folders above it.',
  EPERM: 'Check owner and mode of the file and of the folders above it.',
  ENOENT: 'It was deleted or moved: leave the folder alone while a process uses it.',
  EROFS: 'The file system is mounted read-only: mount it writable, or choose another folder.',
  ENOSPC: 'The disk is full: make room.',
  EDQUOT: 'The disk quota is used up: make room.',
  EMFILE: 'The process has too many files open: raise its limit (ulimit -n), or look for a leak.',
  ENFILE: 'The machine has too many files open.',
  EISDIR: 'A folder is in its place: move it away.',
  ENOTDIR: 'A file is in the place of one of the folders above: move it away, or choose another folder.',
  EEXIST: 'A file is in the place of the folder: move it away, or choose another folder.',
  EIO: 'The disk does not work as it should: look into the system log.',
  ENOLCK: 'This file system gives no locks: choose a folder on a local disk.',
  ENOTSUP: 'This file system cannot do that: choose a folder on a local disk.',
  EOPNOTSUPP: 'This file system cannot do that: choose a folder on a local disk.',
  ENOSYS: 'This file system cannot do that: choose a folder on a local disk.',
};

/** The error for a failed system call, with advice. `what` is the beginning of its message: "The token file … could not be read". */
export function systemError(what: string, cause: unknown): Error {
  const code = codeOf(cause);
  const remedy = (code && remedies[code]) ?? 'See the cause.';
  return new Error(`${what}${code ? ` (${code})` : ''}. ${remedy}`, { cause });
}
