import { kindOf } from './words.js';
import { redact } from './redact.js';

/** The properties of Node's system errors and of database drivers' errors that are copied: none of them holds data that was written. */
const kept = [
  'code',
  'errno',
  'syscall',
  'hostname',
  'address',
  'port',
  'severity',
  'schema',
  'table',
  'constraint',
] as const;
const mostLinks = 5;
const mostErrors = 10;
const clean = Symbol.for('axios-procore.clean-cause');

/**
 * A copy of a value that other code has thrown, safe to log: name, code, message and stack with secrets redacted, and its causes treated
 * the same way. Everything else is left out, because database drivers put statements, parameters and rows with tokens on their errors, and
 * loggers and `structuredClone` print or copy a cause with all its properties.
 */
export function cleanCause(thrown: unknown, secrets: readonly string[] = []): unknown {
  try {
    return cleanLink(thrown, secrets, []);
  } catch {
    // Any access to a revoked Proxy throws.
    return new Error('something was thrown that cannot be read');
  }
}

function cleanLink(thrown: unknown, secrets: readonly string[], above: readonly unknown[]): unknown {
  if (typeof thrown === 'string') return redact(thrown, secrets);
  if (typeof thrown === 'function' || typeof thrown === 'symbol' || typeof thrown === 'bigint')
    return kindOf(thrown);
  if (typeof thrown !== 'object' || thrown === null || read(thrown, clean) === true) return thrown;
  return cleanError(thrown, secrets, [...above, thrown]);
}

function cleanError(thrown: object, secrets: readonly string[], above: readonly unknown[]): Error {
  const text = (key: string): string | undefined => {
    const value = read(thrown, key);
    return typeof value === 'string' ? redact(value, secrets) : undefined;
  };
  const name = text('name') ?? 'Error';
  const message = text('message') ?? `${kindOf(thrown)} was thrown that says nothing`;
  const error = new Error(message);
  hidden(error, 'name', name);
  hidden(error, 'stack', text('stack') ?? `${name}: ${message}`);
  hidden(error, clean, true);
  for (const key of kept) {
    const value = read(thrown, key);
    const shown = typeof value === 'number' ? value : text(key);
    if (shown !== undefined) Object.assign(error, { [key]: shown });
  }
  const inner = (value: unknown) => cleanLink(value, secrets, above);
  const isNew = (value: unknown) => !above.includes(value) && above.length < mostLinks;
  const cause = read(thrown, 'cause');
  if (cause !== undefined && isNew(cause)) hidden(error, 'cause', inner(cause));
  const errors = read(thrown, 'errors');
  if (Array.isArray(errors)) hidden(error, 'errors', errors.filter(isNew).slice(0, mostErrors).map(inner));
  return error;
}

/** A property; undefined where reading it throws. */
function read(holder: object, key: PropertyKey): unknown {
  try {
    return (holder as Record<PropertyKey, unknown>)[key];
  } catch {
    return undefined;
  }
}

function hidden(error: Error, key: PropertyKey, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}
