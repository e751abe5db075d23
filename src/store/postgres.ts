import { kindOf } from '../text/words.js';
import { unknownName } from '../text/nearest.js';
import { noClient } from './client-mistakes.js';
import { markOwnStore } from './own.js';
import { postgresError } from './postgres/errors.js';
import { acquire, type HeldLock } from './postgres/lock.js';
import { openSession, type PostgresPool } from './postgres/session.js';
import { createSlots } from './postgres/slots.js';
import { defaultTable, readTable, statementsOf } from './postgres/table.js';
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
   * The table, with its schema if it is not in the `search_path`: `app.tokens`. Upper and lower case count.
   * @default 'axios_procore_tokens'
   */
  table?: string | undefined;
  /**
   * How many connections of the pool renewals may hold at once; each renewal under way holds one, for as long as Procore takes to answer.
   * More renewals wait without a connection.
   * @default half of the pool's `max`, at least 1
   */
  lockConnections?: number | undefined;
}

/** Tokens in PostgreSQL. */
export interface PostgresTokenStore extends TokenStore {
  load(account: string): Promise<TokenSet | undefined>;
  save(tokens: TokenSet, account: string, previous: TokenSet | undefined): Promise<void>;
  lock<T>(
    account: string,
    critical: (lost: AbortSignal, record: LockRecord) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T>;
  remove(account: string): Promise<void>;
  /** The lock lives as long as its connection. */
  renewsLock: true;
  readsAreFresh: true;
}

/**
 * Keeps the tokens of each account in a row of a PostgreSQL table (12 or later) that {@link postgresSchema} creates. The lock ends with its
 * connection; it also works behind a pooler in transaction mode. Any pool size works, 1 too: what a renewal loads and saves goes over the
 * one connection that holds its lock.
 *
 * Operations reject with an `Error` that says what happened, with the driver's error as its `cause` as far as that holds no token;
 * `save` also with `TokenStoreConflict`.
 *
 * @param pool a `Pool` of `pg`, on the primary server. It stays the application's: nothing here ends it.
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
  const deps = { pool, slots: createSlots(lockConnections), table, statements, told };
  /** The locks that this process holds. */
  const locks = new Map<string, HeldLock>();

  /** Over the lock's own connection while there is one: a renewal that waited for a second might never get it. */
  async function run<T>(account: string, work: Work<T>): Promise<T> {
    const held = locks.get(account);
    if (held && !held.lost.aborted) return held.run(work);
    return inTransaction(await openSession(pool, told), work);
  }

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
        // The statements compare once more: somebody may have saved since, or deleted the row.
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
  };
  return markOwnStore(store);

  /** Over the lock's connection and no other: without the lock nothing is written. */
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
      // The lock is the session's: it stands if the session answers.
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

function readOptions(
  pool: PostgresPool,
  options: PostgresTokenStoreOptions,
): { table: ReturnType<typeof readTable>; lockConnections: number } {
  if (
    typeof (pool as Partial<PostgresPool> | undefined)?.connect !== 'function' ||
    typeof pool === 'function'
  )
    throw noClient(pool, taken);
  // It has `connect` too, which lends nothing. A pool has no parsers of its own.
  if ('setTypeParser' in pool)
    throw new TypeError(
      `postgresTokenStore: pool takes a Pool of pg, and this is a Client. Make one: ${taken.make}.`,
    );
  const { ended, ending } = pool as { ended?: unknown; ending?: unknown };
  if (ended === true || ending === true)
    throw new TypeError(
      'postgresTokenStore: pool takes a Pool of pg that is open, and this one has ended. End it after procore.idle(), when the process is about to end.',
    );
  if (typeof options !== 'object' || options === null)
    throw new TypeError(
      `postgresTokenStore: options takes { table, lockConnections }, got ${kindOf(options)}.`,
    );
  for (const name of Object.keys(options)) {
    if (name !== 'table' && name !== 'lockConnections')
      throw new TypeError(`postgresTokenStore: ${unknownName(name, ['table', 'lockConnections'])}`);
  }
  const half = Math.floor((pool.options?.max ?? 10) / 2);
  const { table = defaultTable, lockConnections = Math.max(1, half) } = options;
  if (!Number.isInteger(lockConnections) || lockConnections < 1)
    throw new TypeError('postgresTokenStore: lockConnections takes a whole number from 1.');
  return { table: readTable(table, 'postgresTokenStore'), lockConnections };
}

/** The text of a json column, read here: whoever shares the driver may have changed how it reads them. */
function parse(text: unknown): TokenSet | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text) as TokenSet;
  } catch {
    // Its message would quote the text.
    throw new Error('The column "tokens" holds something else than JSON.');
  }
}
