import { kindOf } from '../../text/words.js';

/** A table's name as it was given, and as it stands in a statement. */
export interface PostgresTable {
  readonly name: string;
  readonly quoted: string;
}

export const defaultTable = 'axios_procore_tokens';

/** Longer ones are cut by PostgreSQL, and two could become one. */
const identifier = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;

/**
 * Reads `tokens` and `app.tokens`. Quoted, so that upper case and words of SQL stay what they are.
 *
 * @throws TypeError for anything else.
 */
export function readTable(name: string, caller: string): PostgresTable {
  const parts = typeof name === 'string' ? name.split('.') : [];
  if (parts.length < 1 || parts.length > 2 || !parts.every((part) => identifier.test(part))) {
    // Not quoted: an address with its password may have been put here.
    throw new TypeError(
      `${caller}: table takes a name such as "${defaultTable}" or "app.tokens" (letters, digits, _ and $; at most 63 each), got ${kindOf(name)}.`,
    );
  }
  return { name, quoted: parts.map((part) => `"${part}"`).join('.') };
}

/** The statements on the table; `account` is always `$1`. */
export interface PostgresStatements {
  readonly create: string;
  readonly load: string;
  /** `$2` the tokens, of an account that has none; no row when it has some by now. */
  readonly insert: string;
  /** `$2` the tokens, `$3` the text that is to be replaced, as `load` gives it; no row when the table holds another by now, or none. */
  readonly replace: string;
  readonly remove: string;
  /** The accounts that have tokens; without parameters. */
  readonly list: string;
  readonly readRecord: string;
  readonly writeRecord: string;
  readonly clearRecord: string;
  /** `$2` the quoted table. Tries; never waits. */
  readonly tryLock: string;
}

/** Writes the statements for one table. */
export function statementsOf({ quoted }: PostgresTable): PostgresStatements {
  return {
    // json, not jsonb: it keeps the text as it came, with escaped NULs, lone surrogates and the order of fields. A row may
    // be there for its record only, before any tokens are.
    create: `CREATE TABLE IF NOT EXISTS ${quoted} (
  account     text PRIMARY KEY,
  tokens      json,
  saved_at    timestamptz,
  lock_record text
);
`,
    load: `SELECT tokens::text AS tokens FROM ${quoted} WHERE account = $1`,
    // The clock's time: the transaction may have begun with the lock, long ago.
    insert: `INSERT INTO ${quoted} AS stored (account, tokens, saved_at) VALUES ($1, $2, clock_timestamp())
      ON CONFLICT (account) DO UPDATE SET tokens = excluded.tokens, saved_at = excluded.saved_at
      WHERE stored.tokens IS NULL
      RETURNING account`,
    replace: `UPDATE ${quoted} SET tokens = $2, saved_at = clock_timestamp()
      WHERE account = $1 AND tokens::text = $3
      RETURNING account`,
    list: `SELECT account FROM ${quoted} WHERE tokens IS NOT NULL`,
    remove: `DELETE FROM ${quoted} WHERE account = $1`,
    readRecord: `SELECT lock_record FROM ${quoted} WHERE account = $1`,
    // It also shows that the tokens could be written: who may not, or a trigger that refuses it, is heard of before anything is redeemed.
    writeRecord: `INSERT INTO ${quoted} AS stored (account, lock_record) VALUES ($1, $2)
      ON CONFLICT (account) DO UPDATE SET lock_record = excluded.lock_record, tokens = stored.tokens, saved_at = stored.saved_at`,
    clearRecord: `UPDATE ${quoted} SET lock_record = NULL WHERE account = $1 AND lock_record IS NOT NULL`,
    // The key is of this very table, however its name is spelt (search_path), and 64 bits wide. Accounts that share a key,
    // by chance, wait for each other.
    tryLock: `SELECT key::text AS key, pg_try_advisory_lock(key)::text AS locked
      FROM (SELECT hashtextextended('axios-procore ' || $1::text, $2::regclass::oid::bigint) AS key) AS keys`,
  };
}

/**
 * The SQL that creates the table of {@link postgresTokenStore}; for a migration, or for `pool.query`. It does nothing to a table that is
 * there. The schema of a name such as `app.tokens` must exist.
 *
 * @param table as in the store's options.
 * @default 'axios_procore_tokens'
 * @throws TypeError for what is no name of a table.
 * @example
 * await pool.query(postgresSchema());
 */
export function postgresSchema(table: string = defaultTable): string {
  return statementsOf(readTable(table, 'postgresSchema')).create;
}
