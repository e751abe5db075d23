import { redact } from './redact.js';

/** The type of a value in words. The value itself is not quoted, because it may be a secret or come from a browser. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'an array';
  if (isPromise(value)) return abandoned(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * An option or an argument in words, for an error message. Of a string only the length is told, because it may be a secret in the wrong
 * place.
 */
export function described(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (value === '') return 'an empty string';
  if (typeof value === 'string')
    return value.trim() === '' ? 'a string of white space' : `a string of length ${value.length}`;
  if (typeof value === 'number' || typeof value === 'boolean') return `${value} (${typeof value})`;
  if (Array.isArray(value)) return 'an array';
  if (isPromise(value)) return abandoned(value);
  if (isClass(value)) return 'a class';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * The words for a promise in a place that takes none. A rejection of it is handled here, because nobody else will, and an unhandled
 * rejection ends the process. Another thenable, such as the query object of a library, is left alone: calling its `then` would run the
 * query.
 */
function abandoned(value: unknown): string {
  const isReal = Object.prototype.toString.call(value) === '[object Promise]';
  if (isReal) Promise.resolve(value).catch(() => undefined);
  return 'a promise';
}

/** True for any object with a `then` method. */
export function isPromise(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** True for a class that has not been instantiated. */
export function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

/** The name or code of an error; the second form is an SQLSTATE, which may begin with a digit. */
const identifier = /^([A-Za-z]\w{0,47}|[\dA-Z]{5})$/;
const systemCode = /^[A-Z][A-Z\d_]{1,47}$/;

/** The code or the name of an error, for messages that cannot quote its message, which may contain a secret. */
export function codeOf(error: unknown): string {
  const { code, name, cause } = partsOf(error);
  const { code: inner } = partsOf(cause);
  if (isText(code, identifier)) return code;
  // The code of the cause (`ECONNREFUSED`) says more than the name of the error that wraps it.
  if (isText(inner, systemCode)) return inner;
  return isText(name, identifier) ? name : typeof error;
}

/** The code or name of an error, and its message with secrets redacted. `secrets` are texts that are known to be secret. */
export function failureOf(error: unknown, secrets: readonly string[] = []): string {
  const said = saidBy(error, secrets);
  return said === '' ? `(${codeOf(error)})` : `(${codeOf(error)}): ${said}`;
}

const longestSaid = 300;

/** The message of another library's error on one line, cut, without tokens, long words, and the data that it quotes. */
function saidBy(error: unknown, secrets: readonly string[]): string {
  const { message, name } = partsOf(error);
  if (typeof message !== 'string') return '';
  const quotes = name === 'SyntaxError' ? /(["'`]).*\1/gs : quotedData;
  const said = redact(message, secrets)
    .replace(rowLike, '$1([redacted])')
    .replace(quotes, (text) => (quotes === quotedData && !/\d/.test(text) ? text : '[redacted]'))
    .replace(longWord, (word) => (/\d/.test(word) || word.length >= 32 ? '[redacted]' : word))
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\.$/, '');
  return said.length <= longestSaid ? said : `${said.slice(0, said.lastIndexOf(' ', longestSaid))} …`;
}

/** The row or key that PostgreSQL and MySQL quote when they refuse it. */
const rowLike = /\b(row contains |values? |Key |entry )\([^)]*\)?/gi;
/**
 * A quoted word of 12 or more characters that is no path. It is redacted where it has a digit: then it is a value and not a table's name.
 */
const quotedData = /(["'`])(?!\.{0,2}\/)[^"'`\s]{12,}\1/g;
/** A word that may be a token or a part of one. */
const longWord = /[\w+-]{20,}=*/g;

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

/** The parts of an error; none where reading them throws, because a failure to describe an error must not stop the saving of a pair. */
function partsOf(error: unknown): { code?: unknown; name?: unknown; message?: unknown; cause?: unknown } {
  try {
    const { code, name, message, cause } = error as ReturnType<typeof partsOf>;
    return { code, name, message, cause };
  } catch {
    return {};
  }
}
