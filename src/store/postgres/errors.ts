import type { PostgresTable } from './table.js';

/** The part of an error of the server that is read; the rest (`detail`, `where`, …) may quote a row or a parameter: tokens. */
interface ServerError {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

/**
 * SQLSTATEs whose message names things of the database and never a value: connection, feature, state, authorisation, catalogue,
 * rollback, resources, operator, system. A trigger's message (P0001), a data exception (22…) and the like may quote what was to be saved.
 * Source: PostgreSQL, Appendix A "PostgreSQL Error Codes".
 */
const harmless = /^(08|0A|25|28|3D|3F|40|53|55|57|58)...$|^42(P01|501|703)$/;
const missing = new Set(['42P01', '3F000']);

/** An error that says what happened and holds no token, whatever the server has put into its own. */
export function postgresError(thrown: unknown, { name }: PostgresTable): Error {
  if (!isServerError(thrown)) {
    // Made by the driver or by Node, which know no values.
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

/** By its severity: Node's codes (EPIPE) look like SQLSTATEs. */
function isServerError(thrown: unknown): thrown is ServerError {
  return thrown instanceof Error && 'severity' in thrown && typeof codeOf(thrown) === 'string';
}

/** Of several addresses that all refused, Node tells the code only. */
function codeOf(error: Error): unknown {
  return 'code' in error ? error.code : undefined;
}
