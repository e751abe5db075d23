import type { Query, Session } from './session.js';

/** A function that sends the statements of one transaction. */
export type Work<T> = (query: Query) => Promise<T>;

/**
 * After this time without a statement the server ends the session of a transaction, and with it the lock: its process is stopped, has
 * vanished, or its event loop is blocked. A holder sends a statement each {@link probeMs}.
 */
const idleMs = 5_000;
/** The time between two statements of a holder that waits, so that its session outlives an event loop that is blocked for four seconds. */
export const probeMs = 1_000;

/**
 * Settings for one transaction (SET LOCAL), which do not remain in a connection that other code uses later:
 * - the server ends the session after `idleMs`, whatever longer or shorter time it has been configured with. So the lock of a process that
 *   is stopped ends too, although its kernel still answers. The server decides it alone: no clock of ours, and no network, has a part in it;
 * - its time limit for long transactions is switched off, because it would end the transaction of a lock;
 * - a connection whose other end has vanished (power, network) is closed after 25 s instead of two hours, by TCP keepalive;
 * - a commit is confirmed only when it is durable, also in a database with `synchronous_commit = off`.
 */
const settings = `
  SET LOCAL idle_in_transaction_session_timeout = ${idleMs};
  SET LOCAL tcp_keepalives_idle = 10;
  SET LOCAL tcp_keepalives_interval = 5;
  SET LOCAL tcp_keepalives_count = 3;
  SET LOCAL tcp_user_timeout = 25000;
  SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) <> '0';
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/**
 * Begins a transaction. READ COMMITTED makes each statement see what others have committed, whatever the database's default is. READ WRITE
 * is refused by a replica, which must not be used: its reads lag, and its locks do not exclude those of the primary.
 */
export const begin: string = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${settings}`;
/** Commits and begins the next transaction in one step, so that a pooler in transaction mode cannot assign the connection in between. */
export const commitAndGoOn: string = `COMMIT AND CHAIN; ${settings}`;
/** Rolls back and begins the next transaction in one step. */
export const rollbackAndGoOn: string = `ROLLBACK AND CHAIN; ${settings}`;

/** Runs `work` in a transaction on this connection, which it returns to the pool. The changes are durable when it resolves. */
export async function inTransaction<T>(session: Session, work: Work<T>): Promise<T> {
  try {
    await session.query(begin);
    const value = await work(session.query);
    await session.query('COMMIT');
    session.release();
    return value;
  } catch (error) {
    await session.query('ROLLBACK').then(session.release, session.destroy);
    throw error;
  }
}
