import { randomBytes } from 'node:crypto';
import type { AccountFiles } from './names.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** Extra room, because new tokens may be longer than the old ones and file systems allocate blocks of this size. */
const spareBytes = 4_096;

/**
 * Checks that the disk has room for new tokens beside those of the account, by writing a file of that size and deleting it. Called before a
 * refresh token is redeemed, because the new pair could not be saved otherwise. Does nothing where the account has no tokens.
 */
export async function proveRoom(fs: FileSystem, files: AccountFiles): Promise<void> {
  const temporary = files.temporary();
  try {
    const bytes = await sizeOf(fs, files.tokens);
    if (bytes === undefined) return;
    const handle = await fs.open(temporary, 'wx', 0o600);
    try {
      // Random bytes, because some file systems compress.
      await handle.writeFile(randomBytes(bytes + spareBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw systemError(`A file of the size of new tokens could not be written beside ${files.tokens}`, error);
  } finally {
    // If this fails, or the process dies before it, the next save deletes the file.
    await fs.unlink(temporary).catch(() => undefined);
  }
}

async function sizeOf(fs: FileSystem, path: string): Promise<number | undefined> {
  try {
    return (await fs.stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
