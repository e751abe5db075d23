import { join } from 'node:path';
import type { Folder } from './folder.js';
import type { AccountFiles } from './names.js';
import { systemError, type FileSystem } from './system.js';

/**
 * Replaces the content of the account's token file atomically and durably: writes a new file, syncs it, renames it, and syncs the folder.
 *
 * The package write-file-atomic (version 7) does not do that: it neither syncs the folder nor opens the temporary file exclusively, and
 * makes its name from process id, thread id and a counter, so that two containers on one volume may write to the same temporary file.
 *
 * @returns the modification time of the new file in milliseconds, on the file system's clock.
 */
export async function replaceTokens(
  fs: FileSystem,
  folder: Folder,
  files: AccountFiles,
  content: string,
): Promise<number> {
  const temporary = files.temporary();
  let writtenAtMs: number;
  try {
    writtenAtMs = await writeNew(fs, temporary, content);
    await fs.rename(temporary, files.tokens);
  } catch (error) {
    // If this fails as well, the next save deletes the file.
    await fs.unlink(temporary).catch(() => undefined);
    throw systemError(`The token file ${files.tokens} could not be written, and is as it was before`, error);
  }
  await folder.sync().catch((error: unknown) => {
    throw systemError(
      `The token file ${files.tokens} is written, but may not survive a power failure`,
      error,
    );
  });
  return writtenAtMs;
}

async function writeNew(fs: FileSystem, path: string, content: string): Promise<number> {
  const handle = await fs.open(path, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
    return (await handle.stat()).mtimeMs;
  } finally {
    await handle.close();
  }
}

/**
 * Deletes temporary files of this account that processes left when they died, and that were written before `beforeMs` on the file system's
 * clock. Never rejects, because the next save tries again.
 */
export async function sweepTemporary(
  fs: FileSystem,
  directory: string,
  files: AccountFiles,
  beforeMs: number = Infinity,
): Promise<void> {
  const names = await fs.readdir(directory).catch(() => []);
  for (const name of names.filter(files.isTemporary)) {
    const path = join(directory, name);
    try {
      if (beforeMs === Infinity || (await fs.stat(path)).mtimeMs < beforeMs) await fs.unlink(path);
    } catch {
      // Another process has deleted the file, or the next save will.
    }
  }
}
