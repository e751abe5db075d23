import { randomInt } from 'node:crypto';
import { constants, type promises } from 'node:fs';
import { setInterval as ticks, setTimeout as sleep } from 'node:timers/promises';
import type { Folder } from './folder.js';
import type { KernelLocks } from './kernel.js';
import { codeOf, systemError, type FileSystem } from './system.js';

/** A lock file that this process has locked. */
export interface HeldLock {
  readonly file: promises.FileHandle;
  /** Whether the locked file is still at its path. If it was deleted, other processes lock a new file there. */
  stands(): Promise<boolean>;
  release(): Promise<void>;
}

/** The bounds of the wait for a lock: it ends when `signal` aborts, and after about `maxMs`. */
export interface LockWait {
  signal?: AbortSignal;
  maxMs?: number;
}

/** How often a holder checks whether its lock file is still there. Few renewals take longer than one interval. */
const watchMs = 1_000;
const firstPollMs = 5;
/** The longest interval of polling. A lock whose holder died is free at once, and noticed after this time at the latest. */
const longestPollMs = 100;

/**
 * Waits for the kernel lock on the file at `path`. Each waiter opens the file itself, so that waiters of one process exclude each other as
 * well. Rejects with the reason of the signal, with the system's error, or with an error after `maxMs`.
 *
 * It polls, because a blocking lock call would occupy one of the few threads that Node has for files and DNS.
 */
export async function acquireLock(
  deps: { kernel: KernelLocks; fs: FileSystem; folder: Folder },
  path: string,
  { signal, maxMs = Infinity }: LockWait,
): Promise<HeldLock> {
  let pollMs = firstPollMs;
  for (let waitedMs = 0; ;) {
    signal?.throwIfAborted();
    const held = await tryLock(deps, path);
    if (held && !signal?.aborted) return held;
    if (held) await held.release();
    if (waitedMs >= maxMs) {
      throw new Error(
        `The lock file ${path} has been held by others for ${maxMs} ms. ` +
          'Whoever holds it hangs: look for a process that is stopped, or for a disk that does not answer.',
      );
    }
    const delayMs = randomInt(Math.ceil(pollMs / 2), pollMs + 1);
    // The sleep ends early when the signal aborts; the beginning of the loop rejects with its reason.
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    waitedMs += delayMs;
    pollMs = Math.min(2 * pollMs, longestPollMs);
  }
}

/**
 * Calls `onLost` within about a second after the lock file was deleted. Returns a function that ends the watch. The timer does not keep the
 * process alive.
 */
export function watchLock(lock: HeldLock, onLost: () => void): () => void {
  const over = new AbortController();
  const watch = async () => {
    for await (const _ of ticks(watchMs, undefined, { signal: over.signal, ref: false })) {
      // If the check itself fails, the kernel lock is still held, so it counts as not lost.
      if (await lock.stands().catch(() => true)) continue;
      if (!over.signal.aborted) onLost();
      return;
    }
  };
  // The end of the watch rejects the sleep with an AbortError.
  watch().catch(() => undefined);
  return () => over.abort();
}

/** Tries once to lock the file that is at the path now. */
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
      // The file may have been deleted between opening and locking. A lock on a deleted file would exclude nobody.
      mine = kernel.tryLock(file.fd) && (await stands());
    } finally {
      if (!mine) await file.close();
    }
    if (!mine) return undefined;
    return {
      file,
      stands,
      // The lock file is not deleted. A waiting process that has it open would then get the lock of a deleted file, while another process
      // creates and locks a new one.
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
    // The folder is synced so that the record that is going to be written to the new file survives a power failure.
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
