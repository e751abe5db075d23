import { join } from 'node:path';
import type { Folder } from './folder.js';
import type { AccountFiles } from './names.js';
import { systemError, type FileSystem } from './system.js';

/**
 * Puts `content` into the account's token file, as a whole and durably, whatever happens: new file, sync, rename, sync of the folder.
 *
 * write-file-atomic 7 is not used: it neither syncs the folder nor opens exclusively, and its temporary name is a hash of the process
 * id, thread id and a counter: two containers with the process id 1 on one volume write into the same temporary file.
 *
 * @returns when the new file was written, in milliseconds on the file system's own clock.
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
    // Where this fails as well, the next save sweeps.
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
 * Deletes what writers of this account that died have left, as far as it was written before `beforeMs` on the file system's clock.
 * Never rejects: what it leaves, the next save finds.
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
      // Somebody else was faster, or the next save will be.
    }
  }
}
