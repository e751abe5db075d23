import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openFolderText, type FolderStat } from './folder.js';
import { isMountPoint, mountedFileText, mountinfoPath } from './mounts.js';
import { systemError } from './system.js';

/**
 * Checks whether a store could save to this file, for programs that should not start otherwise. The store checks again at each load and
 * lock what may change later. A missing folder is not created, because the first save does that: it is only checked whether it could be.
 *
 * @throws Error with the message that the store would give.
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

/** The folder, or where it is missing, the nearest parent folder that exists. */
function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

/** The list of mounts; empty on systems without one. */
function readMountinfo(): string {
  try {
    return readFileSync(mountinfoPath, 'utf8');
  } catch {
    return '';
  }
}
