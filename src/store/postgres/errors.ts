import type { PostgresTable } from './table.js';

/** The part of a server error that is read. The rest (`detail`, `where` and others) may quote a row or a parameter, and so a token. */
interface ServerError {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

/**
 * SQLSTATE classes whose messages never quote a value: connection, feature, state, authorization, catalogue, rollback, resources, operator
 * intervention, system. Messages of others, such as those of a trigger (P0001) or of a data exception (22…), may quote the tokens.
 * Source: PostgreSQL, Appendix A "PostgreSQL Error Codes".
 */
const harmless = /^(08|0A|25|28|3D|3F|40|53|55|57|58)...$|^42(P01|501|703)$/;
const missing = new Set(['42P01', '3F000']);

/** An error of the store that says what happened, without any token that the server's error may quote. */
export function postgresError(thrown: unknown, { name }: PostgresTable): Error {
  if (!isServerError(thrown)) {
    // An error of the driver or of Node, whose messages quote no values.
    const said = thrown instanceof Error ? thrown.message || String(codeOf(thrown)) : typeof thrown;
    if (/after calling end on the pool/.test(said))
      return new Error('The pool has ended: end it after procore.idle(), when the process is about to end.', {
        cause: thrown,
      });
    return new Error(`The connection to PostgreSQL failed: ${said}`, { cause: thrown });
  }
  const { code, severity } = thrown;
  const told = harmless.test(code) ? thrown.message : 'its message is left out, for it may quote tokens';
  const cause = Object.assign(new Error(told), { code, severity });
  const schema = `the SQL of postgresSchema(${JSON.stringify(name)}) from axios-procore/stores/postgres`;
  if (missing.has(code))
    return new Error(`The table ${name} does not exist: create it with ${schema}.`, { cause });
  if (code === '42703')
    return new Error(`The table ${name} has other columns than it should: create it with ${schema}.`, {
      cause,
    });
  return new Error(`PostgreSQL refused a statement (${code}): ${told}`, { cause });
}

/** Whether the server has sent this error. It has a `severity`; the `code` alone does not tell, because EPIPE looks like an SQLSTATE. */
function isServerError(thrown: unknown): thrown is ServerError {
  return thrown instanceof Error && 'severity' in thrown && typeof codeOf(thrown) === 'string';
}

/** The code of an error. An AggregateError (several addresses refused the connection) has a code but no message. */
function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}
