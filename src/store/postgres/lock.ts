import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSession, type PostgresPool, type Session } from './session.js';
import type { Slots } from './slots.js';
import type { PostgresStatements, PostgresTable } from './table.js';
import { begin, commitAndGoOn, rollbackAndGoOn, type Work } from './transaction.js';

/**
 * A lock that is held, and the connection that it lives on.
 *
 * The lock is an advisory lock of the session, and the session stays inside a transaction for as long as the lock is held: each piece of
 * work commits with COMMIT AND CHAIN, so that a save is durable while the lock stands, and so that a pooler in transaction mode never
 * takes the server's side of the connection away. A lock of the transaction (`pg_advisory_xact_lock`, `FOR UPDATE`) would end with the
 * first commit; with the saves on a second connection instead, as many renewals as the pool has connections would wait for each other
 * for ever.
 */
export interface HeldLock {
  /** Aborts when the connection, and so the lock, has gone. */
  readonly lost: AbortSignal;
  /** Runs and commits `work` on the lock's own connection; one after another. Rejects once the lock is over. */
  run<T>(work: Work<T>): Promise<T>;
  /** Releases the lock, after whatever is under way. Never rejects. */
  end(): Promise<void>;
}

/** A free lock is got at once; of many that wait, the one whose turn comes next has it after a fraction of these. */
const firstPollMs = 10;
const longestPollMs = 250;
const probeMs = 5_000;

/**
 * Waits for the lock of an account, by asking again and again: nobody who waits keeps a connection, and an abort leaves nothing behind in
 * the server. Rejects with the signal's reason, or with an error of the connection.
 */
export async function acquire(
  deps: {
    pool: PostgresPool;
    slots: Slots;
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
    const session = await openSession(pool, told, { signal, over: await slots.take(signal) });
    try {
      await session.query(begin);
      const [row] = await session.query(statements.tryLock, [account, table.quoted]);
      if (row?.['locked'] === 'true') return hold(session, String(row['key']));
      await session.query('ROLLBACK');
      session.release();
      return undefined;
    } catch (error) {
      // It may hold the lock.
      session.destroy();
      throw error;
    }
  }
}

function hold(session: Session, key: string): HeldLock {
  let tail: Promise<unknown> = Promise.resolve();
  let ended = false;
  const noProbes = new AbortController();
  session.broken.addEventListener('abort', () => noProbes.abort(), { once: true });

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = tail.then(work);
    tail = turn.catch(() => undefined);
    return turn;
  }

  async function transact<T>(work: Work<T>): Promise<T> {
    try {
      const value = await work(session.query);
      await session.query(commitAndGoOn);
      return value;
    } catch (error) {
      // Outside of a transaction a pooler could lend the session, lock and all, to somebody else.
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
          // The lock ends with its connection.
        }
        session.destroy();
      });
    },
  };
  void probe(held, noProbes.signal);
  return held;
}

/** Asks for a sign of life now and then, so that a connection that is gone without a word is known to be. */
async function probe({ run }: HeldLock, until: AbortSignal): Promise<void> {
  while (!until.aborted) {
    await sleep(probeMs, undefined, { signal: until, ref: false }).catch(() => undefined);
    if (!until.aborted) await run(async () => undefined).catch(() => undefined);
  }
}
