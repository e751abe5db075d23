import { wrongValue, type Field } from '../../text/fields.js';

/** A table's name as it was given, and quoted for statements. */
export interface PostgresTable {
  readonly name: string;
  readonly quoted: string;
}

/** The table, where the option `table` names none. */
export const defaultTable = 'axios_procore_tokens';

/** At most 63 characters: PostgreSQL cuts longer identifiers, so that two names could mean one table. */
const identifier = /^[A-Za-z_][A-Za-z0-9_$]{0,62}$/;
/** The option `table`. */
export const tableField: Field = [
  (value) => {
    const parts = typeof value === 'string' ? value.split('.') : [];
    return parts.length >= 1 && parts.length <= 2 && parts.every((part) => identifier.test(part));
  },
  `a name such as "${defaultTable}" or "app.tokens" (letters, digits, _ and $; at most 63 each)`,
];

/**
 * Reads a name such as `tokens` or `app.tokens` and quotes it, so that upper case is kept and keywords of SQL can be names.
 *
 * @throws TypeError for anything that is no such name.
 */
export function readTable(name: string, caller: string): PostgresTable {
  const [valid, takes] = tableField;
  if (!valid(name)) throw new TypeError(wrongValue(caller, 'table', name, takes));
  const quoted = name.split('.').map((part) => `"${part}"`);
  return { name, quoted: quoted.join('.') };
}

/** The SQL statements on the table. Their parameter `$1` is the account. */
export interface PostgresStatements {
  readonly create: string;
  readonly load: string;
  /** Saves the tokens `$2` of an account that has none. Returns no row where it has tokens by now. */
  readonly insert: string;
  /**
   * Replaces the text `$3`, as `load` returns it, by the tokens `$2`. Returns no row where the table contains another text by now, or none.
   */
  readonly replace: string;
  readonly remove: string;
  /** Lists the accounts that have tokens. It has no parameters. */
  readonly list: string;
  readonly readRecord: string;
  readonly writeRecord: string;
  readonly clearRecord: string;
  /** Tries to lock the account without waiting; `$2` is the quoted table. */
  readonly tryLock: string;
}

/** Makes the statements for one table. */
export function statementsOf({ quoted }: PostgresTable): PostgresStatements {
  return {
    // The type is json and not jsonb, which would refuse escaped NULs and lone surrogates and change the order of fields.
    // `tokens` may be null, because a lock's record can be written before there are tokens.
    create: `CREATE TABLE IF NOT EXISTS ${quoted} (
  account     text PRIMARY KEY,
  tokens      json,
  saved_at    timestamptz,
  lock_record text
);
`,
    load: `SELECT tokens::text AS tokens FROM ${quoted} WHERE account = $1`,
    // clock_timestamp() is the current time; now() would be the begin of the transaction, which may have begun long ago with the lock.
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
    // It also sets `tokens` to its own value, to test that tokens can be written: a missing privilege or a trigger that refuses them
    // fails here, before a refresh token is redeemed.
    writeRecord: `INSERT INTO ${quoted} AS stored (account, lock_record) VALUES ($1, $2)
      ON CONFLICT (account) DO UPDATE SET lock_record = excluded.lock_record, tokens = stored.tokens, saved_at = stored.saved_at`,
    clearRecord: `UPDATE ${quoted} SET lock_record = NULL WHERE account = $1 AND lock_record IS NOT NULL`,
    // The key is a 64-bit hash of account and table. The table's oid is used because a table has several names (search_path).
    // Two accounts with the same hash, which is unlikely, wait for each other.
    tryLock: `SELECT key::text AS key, pg_try_advisory_lock(key)::text AS locked
      FROM (SELECT hashtextextended('axios-procore ' || $1::text, $2::regclass::oid::bigint) AS key) AS keys`,
  };
}

/**
 * Returns the SQL that creates the table of {@link postgresTokenStore}, for a migration or for `pool.query`. It does not change a table
 * that exists. The schema of a name such as `app.tokens` must exist.
 *
 * @param table the name of the table, as in the store's options.
 * @default 'axios_procore_tokens'
 * @throws TypeError for a value that is no name of a table.
 * @example
 * await pool.query(postgresSchema());
 */
export function postgresSchema(table: string = defaultTable): string {
  return statementsOf(readTable(table, 'postgresSchema')).create;
}
