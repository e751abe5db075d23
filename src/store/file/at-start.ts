import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openFolderText, type FolderStat } from './folder.js';
import { isMountPoint, mountedFileText, mountinfoPath } from './mounts.js';
import { systemError } from './system.js';

/**
 * Looks whether a store could save in this one file: for those who start nothing where it could not. What may change later, the store
 * asks again at each load and lock. A folder that is missing is made by the first save; here it is only seen whether it can be.
 *
 * @throws Error in the words of the store.
 */
export function checkAtStart(
  file: string,
  {
    mountinfo = readMountinfo,
    access = accessSync,
  }: { mountinfo?: () => string; access?: typeof accessSync } = {},
): void {
  const folder = dirname(file);
  const there = nearest(folder);
  let stat: FolderStat;
  try {
    stat = statOfWritable(there, access);
  } catch (error) {
    const what = there === folder ? 'cannot be written to' : 'could not be made';
    throw systemError(`The folder for tokens ${folder} ${what}`, error);
  }
  if (there !== folder) return;
  const open = openFolderText(folder, stat);
  if (open !== undefined) throw new Error(open);
  if (isMountPoint(mountinfo(), join(realpathSync(folder), basename(file))))
    throw new Error(mountedFileText(file));
}

function statOfWritable(folder: string, access: typeof accessSync): FolderStat {
  const stat = statSync(folder);
  if (!stat.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
  access(folder, constants.W_OK | constants.X_OK);
  return stat;
}

/** The folder, or what is there of the way to it: in there the first missing one is going to be made. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

/** Nothing where the system does not say. */
function readMountinfo(): string {
  try {
    return readFileSync(mountinfoPath, 'utf8');
  } catch {
    return '';
  }
}
