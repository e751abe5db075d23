import { randomInt } from 'node:crypto';
import { constants, type promises } from 'node:fs';
import { setInterval as ticks, setTimeout as sleep } from 'node:timers/promises';
import type { Folder } from './folder.js';
import type { KernelLocks } from './kernel.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** A lock file that this process has locked. */
export interface HeldLock {
  readonly file: promises.FileHandle;
  /** Whether others would still find the locked file under its path. */
  stands(): Promise<boolean>;
  release(): Promise<void>;
}

/** How long to wait for a lock: until `signal` aborts, and at most about `patienceMs`. */
export interface Patience {
  signal?: AbortSignal;
  patienceMs?: number;
}

/** How often a holder looks whether its lock file is still there: a renewal is rarely longer than that. */
const watchMs = 1_000;
const firstPollMs = 5;
/** A dead holder's lock is free at once: so long it may take to be noticed. */
const longestPollMs = 100;

/**
 * Waits for the kernel's lock on the file at `path`; each waiter has a descriptor of its own, so that those of one process exclude each
 * other as well. Rejects with the signal's reason, with the system's error, or with an error that says that patience has ended.
 *
 * It polls: a blocking call would keep one of the few threads that the whole process has for files and DNS.
 */
export async function acquireLock(
  deps: { kernel: KernelLocks; fs: FileSystem; folder: Folder },
  path: string,
  { signal, patienceMs = Infinity }: Patience,
): Promise<HeldLock> {
  let pollMs = firstPollMs;
  for (let waitedMs = 0; ;) {
    signal?.throwIfAborted();
    const held = await tryLock(deps, path);
    if (held && !signal?.aborted) return held;
    if (held) await held.release();
    if (waitedMs >= patienceMs) {
      throw new Error(
        `The lock file ${path} has been held by others for ${patienceMs} ms. ` +
          'Whoever holds it hangs: look for a process that is stopped, or for a disk that does not answer.',
      );
    }
    const delayMs = randomInt(Math.ceil(pollMs / 2), pollMs + 1);
    // Ends early on abort, with its timer and listener gone; the head of the loop rejects with the reason.
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    waitedMs += delayMs;
    pollMs = Math.min(2 * pollMs, longestPollMs);
  }
}

/** Calls `onLost` when the lock no longer stands, within a second or so. Returns what ends the watch; its timer keeps no process alive. */
export function watchLock(lock: HeldLock, onLost: () => void): () => void {
  const over = new AbortController();
  const watch = async () => {
    for await (const _ of ticks(watchMs, undefined, { signal: over.signal, ref: false })) {
      // Where the system cannot tell, the lock is still the kernel's.
      if (await lock.stands().catch(() => true)) continue;
      if (!over.signal.aborted) onLost();
      return;
    }
  };
  // The end of the watch is an AbortError here.
  watch().catch(() => undefined);
  return () => over.abort();
}

/** One try, always on the file that is under the path now. */
async function tryLock(
  deps: { kernel: KernelLocks; fs: FileSystem; folder: Folder },
  path: string,
): Promise<HeldLock | undefined> {
  const { kernel, fs } = deps;
  try {
    const file = await open(deps, path);
    const stands = () => isAt(fs, file, path);
    let mine = false;
    try {
      // Between opening and locking somebody may have deleted the file: its lock would exclude nobody.
      mine = kernel.tryLock(file.fd) && (await stands());
    } finally {
      if (!mine) await file.close();
    }
    if (!mine) return undefined;
    return {
      file,
      stands,
      // The file stays. To delete it would break the exclusion: a process that has it open and waits would get the lock of a file that
      // nobody finds any more, beside the one who has made and locked a new file.
      async release() {
        try {
          kernel.unlock(file.fd);
        } finally {
          await file.close().catch((error: unknown) => {
            throw systemError(`The lock file ${path} could not be closed`, error);
          });
        }
      },
    };
  } catch (error) {
    throw codeOf(error) === undefined
      ? error
      : systemError(`The lock file ${path} could not be locked`, error);
  }
}

async function open(
  { fs, folder }: { fs: FileSystem; folder: Folder },
  path: string,
): Promise<promises.FileHandle> {
  try {
    return await fs.open(path, constants.O_RDWR);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
  await folder.make();
  const file = await fs.open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    // What is going to be written into it shall be found after a power failure.
    await folder.sync();
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function isAt(fs: FileSystem, file: promises.FileHandle, path: string): Promise<boolean> {
  try {
    const [mine, there] = await Promise.all([file.stat({ bigint: true }), fs.stat(path, { bigint: true })]);
    return mine.ino === there.ino && mine.dev === there.dev;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}
