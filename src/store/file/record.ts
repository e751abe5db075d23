import { codeOf, systemError } from './system.js';
import type { HeldLock } from './lock.js';
import type { LockRecord } from '../store.js';

/** The record in a lock file, for as long as its lock is held. */
export interface FileLockRecord extends LockRecord {
  /** Resolves when no read or write is under way; those that come later reject. */
  end(): Promise<void>;
}

const mostBytes = 256;

/**
 * Reads and writes the record of a lock. A refresh token is redeemed right after a write, so each write first looks whether the lock file
 * is still there: where somebody has deleted it, `onLost` is called and the write rejects. It also rejects, with the record written, where
 * `proveRoom` says that there is no room for what the redemption brings.
 */
export function createRecord(
  path: string,
  lock: HeldLock,
  onLost: () => void,
  proveRoom?: () => Promise<void>,
): FileLockRecord {
  const { file } = lock;
  let last: Promise<unknown> = Promise.resolve();
  let ended = false;

  function inTurn<T>(work: () => Promise<T>, what: string): Promise<T> {
    const turn = last.then(() => {
      if (ended) throw new Error(`The lock of ${path} has been released: its record belongs to others.`);
      return work().catch((error: unknown) => {
        // What is no system's error has said all there is to say.
        throw error instanceof Error && codeOf(error) === undefined
          ? error
          : systemError(`The lock file ${path} could not be ${what}`, error);
      });
    });
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    read: () =>
      inTurn(async () => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
        return parseRecord(buffer.toString('utf8', 0, bytesRead));
      }, 'read'),

    write: (fingerprint) =>
      inTurn(async () => {
        if (!(await lock.stands())) {
          onLost();
          throw new LostLock(path);
        }
        // In place, and always as long: on a disk that has filled up meanwhile there is still room for it.
        const bytes = Buffer.from(formatRecord(fingerprint));
        const { bytesWritten } = await file.write(bytes, 0, bytes.length, 0);
        if (bytesWritten !== bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
        await file.sync();
        if (fingerprint !== undefined) await proveRoom?.();
      }, 'written'),

    stands: () =>
      inTurn(async () => {
        const stands = await lock.stands();
        if (!stands) onLost();
        return stands;
      }, 'looked at'),

    async end() {
      ended = true;
      await last;
    },
  };
}

class LostLock extends Error {
  constructor(path: string) {
    super(
      `The lock file ${path} was deleted or replaced while its lock was held, so that it excludes nobody any more. ` +
        'Leave the files of the folder for tokens alone while a process uses them.',
    );
  }
}

/** The text of a record, twice: of a write that breaks off, the halves differ. */
export function formatRecord(fingerprint: string | undefined): string {
  const line = JSON.stringify(fingerprint === undefined ? {} : { redeeming: fingerprint });
  return `${line.padEnd(mostBytes / 2 - 1)}\n`.repeat(2);
}

/** The fingerprint in a record; undefined for an empty, a torn or a foreign one: its writer had not come to redeem anything. */
export function parseRecord(text: string): string | undefined {
  const half = text.slice(0, mostBytes / 2);
  if (text !== half.repeat(2)) return undefined;
  try {
    const record: unknown = JSON.parse(half);
    if (typeof record !== 'object' || record === null || !('redeeming' in record)) return undefined;
    return typeof record.redeeming === 'string' ? record.redeeming : undefined;
  } catch {
    return undefined;
  }
}
