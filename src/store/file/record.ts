import { createSerialQueue } from '../../time/serial.js';
import { codeOf, systemError } from './system.js';
import type { HeldLock } from './lock.js';
import type { LockRecord } from '../store.js';

/** The record in a lock file, usable while the lock is held. */
export interface FileLockRecord extends LockRecord {
  /** Waits for reads and writes that are under way, and makes later ones reject. */
  end(): Promise<void>;
}

const mostBytes = 256;

/**
 * Creates the record of a lock. A refresh token is redeemed right after a write, so each write first checks that the lock file is still
 * there: where somebody has deleted it, the write calls `onLost` and rejects. After writing it rejects as well where `proveRoom` does,
 * because there is no disk space for the new pair.
 */
export function createRecord(
  path: string,
  lock: HeldLock,
  onLost: () => void,
  proveRoom?: () => Promise<void>,
): FileLockRecord {
  const { file } = lock;
  const queue = createSerialQueue();
  let ended = false;

  function inTurn<T>(work: () => Promise<T>, what: string): Promise<T> {
    return queue.inTurn(async () => {
      if (ended) throw new Error(`The lock of ${path} has been released: its record belongs to others.`);
      return work().catch((error: unknown) => {
        // Errors of this package have a message of their own; only the system's errors are wrapped.
        throw error instanceof Error && codeOf(error) === undefined
          ? error
          : systemError(`The lock file ${path} could not be ${what}`, error);
      });
    });
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
        // The record is written in place and always has the same length, so that it can be written to a full disk too.
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
      await queue.inTurn(async () => undefined);
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

/** The content of a record: the same text twice, so that a write that broke off shows because the halves differ. */
function formatRecord(fingerprint: string | undefined): string {
  const line = JSON.stringify(fingerprint === undefined ? {} : { redeeming: fingerprint });
  return `${line.padEnd(mostBytes / 2 - 1)}\n`.repeat(2);
}

/** The fingerprint in a record; undefined for an empty or incomplete one, whose writer cannot have redeemed anything yet. */
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
