import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMountPoint, mountedFileText, mountinfoPath } from './mounts.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** The checks and operations of a file store on its folder. */
export interface Folder {
  /**
   * Creates the folder where it is missing. Rejects where others may write to it, this user may not, or its single file cannot be replaced.
   */
  make(): Promise<void>;
  /** Whether the folder exists. Rejects where `make` does, except that a folder that this user can only read is accepted. */
  exists(): Promise<boolean>;
  /** Makes the files that were created, renamed and deleted in the folder survive a power failure (`fsync` of the folder). */
  sync(): Promise<void>;
}

/**
 * Error codes of systems on which a folder cannot be synced, and need not be; the list is that of PostgreSQL's `fsync_fname`, and Windows.
 */
const unsyncable: ReadonlySet<string | undefined> = new Set([
  'EINVAL',
  'EBADF',
  'EISDIR',
  'EACCES',
  'EPERM',
  'ENOTSUP',
]);
const writableByOthers = 0o022;
const sticky = 0o1000;

/** The part of a folder's `stat` that is read. */
export interface FolderStat {
  readonly mode: number;
  readonly uid?: number | undefined;
}

/** The message for a folder that other users can write to; undefined for a safe one. */
export function openFolderText(
  path: string,
  { mode, uid }: FolderStat,
  platform: string = process.platform,
  user: number | undefined = process.getuid?.(),
): string | undefined {
  // Windows controls access by lists, and the modes that it reports say nothing.
  if (platform === 'win32' || (mode & writableByOthers) === 0) return undefined;
  const digits = (mode & 0o7777).toString(8).padStart(4, '0');
  const open = `The folder for tokens ${path} may be written to by its group or by others (mode ${digits}): they could replace tokens and locks. `;
  const inside = `name a folder inside of it, such as ${join(path, 'procore-tokens')}, which is made for this user alone`;
  // For a folder that many programs share (such as /tmp), or that belongs to another user, the advice is not to change its mode.
  if ((mode & sticky) !== 0) return `${open}It is there for everybody: leave its mode, and ${inside}.`;
  if (uid !== undefined && user !== undefined && uid !== user)
    return `${open}It is another user's: leave its mode, and ${inside}, or choose a folder of your own.`;
  return (
    `${open}Run: chmod 700 '${path}' (or ${inside}). ` +
    'If that changes nothing, its file system keeps no permissions: choose a folder on another one.'
  );
}

/**
 * Creates the checks and operations for this folder, an absolute path. `only` is the path of the token file of a store with a single one.
 */
export function createFolder(
  path: string,
  fs: FileSystem,
  { only, platform = process.platform }: { only?: string; platform?: string } = {},
): Folder {
  async function check(): Promise<void> {
    await checkFolder();
    if (only !== undefined && (await isMounted(only))) throw new Error(mountedFileText(only));
  }

  /** Whether the file is a mount point; false on systems that do not tell. */
  async function isMounted(file: string): Promise<boolean> {
    const mountinfo = await fs.readFile(mountinfoPath, 'utf8').catch(() => '');
    return mountinfo !== '' && isMountPoint(mountinfo, join(await fs.realpath(path), basename(file)));
  }

  async function checkFolder(): Promise<void> {
    const stat = await fs.stat(path);
    if (!stat.isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    const open = openFolderText(path, stat, platform);
    if (open !== undefined) throw new Error(open);
  }

  async function syncOne(folder: string): Promise<void> {
    try {
      const handle = await fs.open(folder, 'r');
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!unsyncable.has(codeOf(error))) throw error;
    }
  }

  const failed = (what: string) => (error: unknown) => {
    throw codeOf(error) === undefined ? error : systemError(`The folder for tokens ${path} ${what}`, error);
  };

  return {
    async make() {
      const made = await fs.mkdir(path, { recursive: true, mode: 0o700 }).catch(failed('could not be made'));
      await check().catch(failed('could not be looked at'));
      // Without this check a lock file that exists and is writable would be locked, and a refresh token redeemed whose successor cannot be
      // saved.
      await fs.access(path, constants.W_OK | constants.X_OK).catch(failed('cannot be written to'));
      if (made === undefined) return;
      // The parents of a new folder are synced, because a power failure could otherwise remove the folder with the tokens in it.
      for (let folder = path; ; folder = dirname(folder)) {
        await syncOne(dirname(folder)).catch(failed('could not be made durable'));
        if (folder === made || folder === dirname(folder)) return;
      }
    },

    async exists() {
      try {
        await check();
        return true;
      } catch (error) {
        return codeOf(error) === 'ENOENT' ? false : failed('could not be looked at')(error);
      }
    },

    sync: () => syncOne(path),
  };
}
