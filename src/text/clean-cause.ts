import { kindOf } from './words.js';
import { redact } from './redact.js';

/** What says where and why, and never what was written: of Node's system errors, and of drivers of databases. */
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
 * What other people's code has thrown, as far as it can be shown to anybody: name, code, message and stack without secrets, its own causes
 * treated alike. Drivers put statements, parameters and rows on their errors, tokens among them; loggers and `structuredClone` print or copy
 * a cause whole, so that nothing else of it is carried.
 */
export function cleanCause(thrown: unknown, secrets: readonly string[] = []): unknown {
  try {
    return cleanLink(thrown, secrets, []);
  } catch {
    // A Proxy that is revoked refuses even to be looked at.
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

/** Undefined for what cannot be read. */
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
