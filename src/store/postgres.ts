/**
 * Tokens in PostgreSQL. `docs/stores.md` explains it.
 *
 * @module axios-procore/stores/postgres
 */

import { wrongOptions, type Field } from '../text/fields.js';
import { noClient } from './client-mistakes.js';
import { markOwnStore } from './own.js';
import { postgresError } from './postgres/errors.js';
import { acquire, type HeldLock } from './postgres/lock.js';
import { createPostgresNotices } from './postgres/notices.js';
import { openSession, type PostgresPool } from './postgres/session.js';
import { createLockSlots } from './postgres/slots.js';
import { defaultTable, readTable, statementsOf, tableField } from './postgres/table.js';
import { inTransaction, type Work } from './postgres/transaction.js';
import { obstacleTo } from './replaces.js';
import {
  TokenStoreConflict,
  type ListingStore,
  type LockRecord,
  type TokenSet,
  type TokenStore,
} from './store.js';

export type { PostgresClient, PostgresPool } from './postgres/session.js';
export { postgresSchema } from './postgres/table.js';

/** Options of {@link postgresTokenStore}. */
export interface PostgresTokenStoreOptions {
  /**
   * The name of the table, with its schema where that is not in the `search_path`: `app.tokens`. The name is case-sensitive.
   * @default 'axios_procore_tokens'
   */
  table?: string | undefined;
  /**
   * How many connections of the pool renewals may hold at the same time. Each renewal holds one for as long as Procore takes to answer;
   * further renewals wait without a connection.
   * @default half of the pool's `max`, at least 1
   */
  lockConnections?: number | undefined;
}

/** A token store in PostgreSQL. */
export interface PostgresTokenStore extends TokenStore {
  load(account: string): Promise<TokenSet | undefined>;
  save(tokens: TokenSet, account: string, previous: TokenSet | undefined): Promise<void>;
  lock<T>(
    account: string,
    critical: (lost: AbortSignal, record: LockRecord) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  remove(account: string): Promise<void>;
  /** The lock is held as long as its connection is open. */
  renewsLock: true;
  readsAreFresh: true;
}

/**
 * Keeps the tokens of each account in a row of a table in PostgreSQL (12 or later), which {@link postgresSchema} creates. The lock ends
 * with its connection, and works behind a pooler in transaction mode too. Any pool size works, even 1, because a renewal loads and saves
 * over the connection that holds its lock.
 *
 * Operations reject with an `Error` that says what happened; the driver's error is its `cause` where that cannot contain a token. `save`
 * also rejects with `TokenStoreConflict`.
 *
 * @param pool a `Pool` of `pg`, connected to the primary server. The application ends it; the store never does.
 * @throws TypeError for a wrong argument.
 * @example
 * const store = postgresTokenStore(new pg.Pool({ connectionString: process.env.DATABASE_URL }));
 * attachProcore(instance, { clientId, clientSecret, store });
 */
export function postgresTokenStore(
  pool: PostgresPool,
  options: PostgresTokenStoreOptions = {},
): PostgresTokenStore {
  const { table, lockConnections } = readOptions(pool, options);
  const statements = statementsOf(table);
  const told = (thrown: unknown) => postgresError(thrown, table);
  const deps = { pool, slots: createLockSlots(lockConnections), table, statements, told };
  /** The locks that this process holds. */
  const locks = new Map<string, HeldLock>();

  /**
   * Uses the connection of the account's lock while that is held. Waiting for a second connection, renewals could block each other for
   * ever.
   */
  async function run<T>(account: string, work: Work<T>): Promise<T> {
    const held = locks.get(account);
    if (held && !held.lost.aborted) return held.run(work);
    return inTransaction(await openSession(pool, told), work);
  }

  const notices = createPostgresNotices({ pool, table, run });

  const store: PostgresTokenStore & ListingStore = {
    async load(account) {
      const [row] = await run(account, (query) => query(statements.load, [account]));
      return parse(row?.['tokens']);
    },

    async save(tokens, account, previous) {
      const text = JSON.stringify(tokens);
      await run(account, async (query) => {
        const [row] = await query(statements.load, [account]);
        const replaces = row?.['tokens'];
        const obstacle = obstacleTo(tokens, parse(replaces), previous);
        if (obstacle === 'another') throw new TokenStoreConflict();
        if (obstacle === 'gone') throw new TokenStoreConflict(rowIsGone);
        // The statements compare again in the database, because another process may have saved or deleted the row since it was read.
        const saved =
          typeof replaces === 'string'
            ? await query(statements.replace, [account, text, replaces])
            : await query(statements.insert, [account, text]);
        if (saved.length === 0) throw new TokenStoreConflict();
      });
    },

    async lock(account, critical, signal) {
      const held = await acquire(deps, account, signal);
      try {
        signal.throwIfAborted();
        locks.set(account, held);
        return await critical(held.lost, recordOf(held, account));
      } finally {
        if (locks.get(account) === held) locks.delete(account);
        await held.end();
      }
    },

    async remove(account) {
      await run(account, (query) => query(statements.remove, [account]));
    },

    async accounts() {
      const rows = await inTransaction(await openSession(pool, told), (query) => query(statements.list, []));
      return rows.map(({ account }) => account).filter((account) => typeof account === 'string');
    },

    renewsLock: true,
    readsAreFresh: true,
    ...(notices ? { notices } : {}),
  };
  return markOwnStore(store);

  /** Uses the lock's connection only, so that nothing is written once the lock is lost. */
  function recordOf(held: HeldLock, account: string): LockRecord {
    return {
      async read() {
        const [row] = await held.run((query) => query(statements.readRecord, [account]));
        const text = row?.['lock_record'];
        return typeof text === 'string' ? text : undefined;
      },
      async write(text) {
        await held.run((query) =>
          text === undefined
            ? query(statements.clearRecord, [account])
            : query(statements.writeRecord, [account, text]),
        );
      },
      // The lock belongs to the session, so it is held if the session answers.
      async stands() {
        await held.run((query) => query('SELECT 1'));
        return !held.lost.aborted;
      },
    };
  }
}

const rowIsGone =
  'The row of the token set that this save replaces has been deleted: it is not written anew.';

const taken = {
  takes: 'postgresTokenStore: pool takes a Pool of pg',
  make: 'new pg.Pool({ connectionString })',
  exports: ['Pool', 'Client'],
  options: ['connectionString', 'host', 'database', 'user', 'password'],
};

const fields: Record<keyof PostgresTokenStoreOptions, Field> = {
  table: tableField,
  lockConnections: [(value) => Number.isInteger(value) && Number(value) >= 1, 'a whole number from 1'],
};

function readOptions(
  pool: PostgresPool,
  options: PostgresTokenStoreOptions,
): { table: ReturnType<typeof readTable>; lockConnections: number } {
  if (
    typeof (pool as Partial<PostgresPool> | undefined)?.connect !== 'function' ||
    typeof pool === 'function'
  )
    throw noClient(pool, taken);
  // A `Client` of pg has `connect` as well, but lends no connections. It is told from a pool by its `setTypeParser`.
  if ('setTypeParser' in pool)
    throw new TypeError(
      `postgresTokenStore: pool takes a Pool of pg, and this is a Client. Make one: ${taken.make}.`,
    );
  const { ended, ending } = pool as { ended?: unknown; ending?: unknown };
  if (ended === true || ending === true)
    throw new TypeError(
      'postgresTokenStore: pool takes a Pool of pg that is open, and this one has ended. End it after procore.idle(), when the process is about to end.',
    );
  const wrong = wrongOptions('postgresTokenStore', options, '{ table, lockConnections }', { known: fields });
  if (wrong !== undefined) throw new TypeError(wrong);
  const half = Math.floor((pool.options?.max ?? 10) / 2);
  const { table = defaultTable, lockConnections = Math.max(1, half) } = options;
  return { table: readTable(table, 'postgresTokenStore'), lockConnections };
}

/**
 * Parses the text of the json column. The statements select it as text, because the application may have changed the driver's json parser.
 */
function parse(text: unknown): TokenSet | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as TokenSet;
  } catch {
    // The parser's own error is dropped, because its message quotes the text.
    throw new Error('The column "tokens" holds something else than JSON.');
  }
}
