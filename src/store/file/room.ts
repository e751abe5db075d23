import { randomBytes } from 'node:crypto';
import type { AccountFiles } from './names.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** New tokens may be longer than those before, and file systems give room in blocks of this size. */
const spareBytes = 4_096;

/**
 * Finds out whether there is room for new tokens beside those of the account, by writing a file of that size and deleting it: a refresh
 * token is redeemed next, and the pair that it brings must be saved. Does nothing where there are no tokens that could be renewed.
 */
export async function proveRoom(fs: FileSystem, files: AccountFiles): Promise<void> {
  const temporary = files.temporary();
  try {
    const bytes = await sizeOf(fs, files.tokens);
    if (bytes === undefined) return;
    const handle = await fs.open(temporary, 'wx', 0o600);
    try {
      // By chance, because some file systems compress.
      await handle.writeFile(randomBytes(bytes + spareBytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw systemError(`A file of the size of new tokens could not be written beside ${files.tokens}`, error);
  } finally {
    // Where this fails, or somebody is killed before it, the next save sweeps.
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
