import { constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isMountPoint, mountedFileText, mountinfoPath } from './mounts.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** The folder of a file store. */
export interface Folder {
  /** Makes it where it is missing. Rejects where others may write to it, we may not, or its one file cannot be replaced. */
  make(): Promise<void>;
  /** False where it is missing. Rejects as `make` does, but for a folder that can only be read. */
  exists(): Promise<boolean>;
  /** Resolves when what was created, renamed and unlinked in it survives a power failure. */
  sync(): Promise<void>;
}

/** PostgreSQL's list, and Windows: systems that do not let a folder be synced keep its entries themselves. */
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

/** What the system tells of a folder, as far as it is read. */
export interface FolderStat {
  readonly mode: number;
  readonly uid?: number | undefined;
}

/** Why such a folder is not used, and what to do; undefined for one that is nobody else's to write to. */
export function openFolderText(
  path: string,
  { mode, uid }: FolderStat,
  platform: string = process.platform,
  user: number | undefined = process.getuid?.(),
): string | undefined {
  // Windows has access lists, and reports modes that say nothing.
  if (platform === 'win32' || (mode & writableByOthers) === 0) return undefined;
  const digits = (mode & 0o7777).toString(8).padStart(4, '0');
  const open = `The folder for tokens ${path} may be written to by its group or by others (mode ${digits}): they could replace tokens and locks. `;
  const inside = `name a folder inside of it, such as ${join(path, 'procore-tokens')}, which is made for this user alone`;
  // A folder that many programs share, or that is somebody else's, is not to be taken away from them.
  if ((mode & sticky) !== 0) return `${open}It is there for everybody: leave its mode, and ${inside}.`;
  if (uid !== undefined && user !== undefined && uid !== user)
    return `${open}It is another user's: leave its mode, and ${inside}, or choose a folder of your own.`;
  return (
    `${open}Run: chmod 700 '${path}' (or ${inside}). ` +
    'If that changes nothing, its file system keeps no permissions: choose a folder on another one.'
  );
}

/** Looks after the folder at this absolute path. `only`: the path of the one token file in it, where there is one. */
export function createFolder(
  path: string,
  fs: FileSystem,
  { only, platform = process.platform }: { only?: string; platform?: string } = {},
): Folder {
  async function check(): Promise<void> {
    await checkFolder();
    if (only !== undefined && (await isMounted(only))) throw new Error(mountedFileText(only));
  }

  /** False where the system does not say. */
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
      // Its lock file may be open to us all the same: a refresh token would be redeemed for a pair that cannot be saved.
      await fs.access(path, constants.W_OK | constants.X_OK).catch(failed('cannot be written to'));
      if (made === undefined) return;
      // Without it a power failure could take the new folder away together with what was saved in it.
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
