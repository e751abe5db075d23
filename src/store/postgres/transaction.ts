import type { Query, Session } from './session.js';

/** Statements of one transaction. */
export type Work<T> = (query: Query) => Promise<T>;

/**
 * What holds for one transaction, and leaves no trace in a connection that others will use:
 * - a server that ends transactions which idle or last must not end the one that a lock lives in;
 * - a machine that has vanished (power, network) keeps its lock for 25 s instead of two hours. A process that is merely stopped still
 *   has its kernel to answer for it, and keeps it;
 * - a save is durable, also in a database that confirms commits before they are on disk.
 */
const settings = `
  SET LOCAL idle_in_transaction_session_timeout = 0;
  SET LOCAL tcp_keepalives_idle = 10;
  SET LOCAL tcp_keepalives_interval = 5;
  SET LOCAL tcp_keepalives_count = 3;
  SET LOCAL tcp_user_timeout = 25000;
  SELECT set_config('transaction_timeout', '0', true) WHERE current_setting('transaction_timeout', true) <> '0';
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;

/**
 * Each statement sees what others have committed, whatever the database's default; and never a replica: it lags, and its locks are its
 * own. There, READ WRITE is refused.
 */
export const begin: string = `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; ${settings}`;
/** The next transaction begins in the same breath: a pooler in transaction mode has no gap in which to give the server's side away. */
export const commitAndGoOn: string = `COMMIT AND CHAIN; ${settings}`;
export const rollbackAndGoOn: string = `ROLLBACK AND CHAIN; ${settings}`;

/** Runs `work` in a transaction on a connection of its own, which it gives back; durable when it resolves. */
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
