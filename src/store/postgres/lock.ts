import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSerialQueue } from '../../time/serial.js';
import { isOuterLock } from '../own.js';
import { openSession, type PostgresPool, type Session } from './session.js';
import type { createLockSlots } from './slots.js';
import type { PostgresStatements, PostgresTable } from './table.js';
import { begin, commitAndGoOn, probeMs, rollbackAndGoOn, type Work } from './transaction.js';

/**
 * A lock that is held, and its connection.
 *
 * The lock is an advisory lock of the session, and the session stays in a transaction for as long as the lock is held: each piece of work
 * commits with COMMIT AND CHAIN. So a save is durable while the lock is still held, and a pooler in transaction mode never assigns the
 * server connection to another client. A lock of the transaction (`pg_advisory_xact_lock`, `FOR UPDATE`) would end with the first commit.
 * Saves over a second connection could deadlock: as many renewals as the pool has connections would each wait for another one.
 */
export interface HeldLock {
  /** Aborts when the connection breaks, which ends the lock. */
  readonly lost: AbortSignal;
  /** Runs and commits `work` on the lock's connection, after earlier work has settled. Rejects once the lock has ended. */
  run<T>(work: Work<T>): Promise<T>;
  /** Waits for work that is under way and releases the lock. Never rejects. */
  end(): Promise<void>;
}

/**
 * The intervals of polling for a lock that is held by another. Many waiters poll at different times, so one of them soon gets a free lock.
 */
const firstPollMs = 10;
const longestPollMs = 250;

/**
 * Waits for the lock of an account by polling, so that a waiter occupies no connection and an abort leaves nothing behind in the server.
 * Rejects with the reason of the signal, or with an error of the connection.
 */
export async function acquire(
  deps: {
    pool: PostgresPool;
    slots: ReturnType<typeof createLockSlots>;
    table: PostgresTable;
    statements: PostgresStatements;
    told: (thrown: unknown) => Error;
  },
  account: string,
  signal: AbortSignal,
): Promise<HeldLock> {
  for (let waitMs = firstPollMs; ; waitMs = Math.min(waitMs * 1.5, longestPollMs)) {
    const held = await attempt();
    if (held) return held;
    const jitteredMs = randomInt(Math.ceil(waitMs / 2), Math.ceil(waitMs) + 1);
    await sleep(jitteredMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  async function attempt(): Promise<HeldLock | undefined> {
    const { pool, slots, table, statements, told } = deps;
    const session = await openSession(pool, told, {
      signal,
      over: await slots.take(isOuterLock(account), signal),
    });
    try {
      await session.query(begin);
      const [row] = await session.query(statements.tryLock, [account, table.quoted]);
      if (row?.['locked'] === 'true') return hold(session, String(row['key']));
      await session.query('ROLLBACK');
      session.release();
      return undefined;
    } catch (error) {
      // The connection is closed, because it may hold the lock although the answer was lost.
      session.destroy();
      throw error;
    }
  }
}

function hold(session: Session, key: string): HeldLock {
  const { inTurn } = createSerialQueue();
  let ended = false;
  const noProbes = new AbortController();
  session.broken.addEventListener('abort', () => noProbes.abort(), { once: true });

  async function transact<T>(work: Work<T>): Promise<T> {
    try {
      const value = await work(session.query);
      await session.query(commitAndGoOn);
      return value;
    } catch (error) {
      // The next transaction begins at once: outside of one, a pooler could assign the session with its lock to another client.
      await session.query(rollbackAndGoOn).catch(session.destroy);
      throw error;
    }
  }

  const held: HeldLock = {
    lost: session.broken,
    async run(work) {
      if (ended) throw new Error('The lock is not held any more.');
      return inTurn(() => transact(work));
    },
    end() {
      ended = true;
      noProbes.abort();
      return inTurn(async () => {
        try {
          const [row] = await session.query(`ROLLBACK; SELECT pg_advisory_unlock(${key})::text AS unlocked`);
          if (row?.['unlocked'] === 'true') return session.release();
        } catch {
          // If the unlocking fails, the connection is closed below, which ends the lock too.
        }
        session.destroy();
      });
    },
  };
  void probe(held, noProbes.signal);
  return held;
}

/**
 * Sends a statement at intervals: the server ends a session that is silent for longer, because its process may be stopped. A connection
 * that was cut without notice is detected by it, too.
 */
async function probe({ run }: HeldLock, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await sleep(probeMs, undefined, { signal: until, ref: false }).catch(() => undefined);
    if (!until.aborted) await run(async () => undefined).catch(() => undefined);
  }
}
