import { redact } from './redact.js';

/** What a value is, in words and without the value: what comes from a browser, or may be a secret, is not quoted. */
export function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (value === '') return 'an empty string';
  if (Array.isArray(value)) return 'an array';
  if (isPromise(value)) return abandoned(value);
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** What an option or an argument is, in words: of a text no more than its length, for it may be a secret in the wrong place. */
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
 * A promise in a place that takes none: whoever names it is the last to look at it, and a rejection that nobody handles would end the
 * process. One that is no real promise, as the query of a library, is not asked: it would begin what it stands for.
 */
function abandoned(value: unknown): string {
  const isReal = Object.prototype.toString.call(value) === '[object Promise]';
  if (isReal) Promise.resolve(value).catch(() => undefined);
  return 'a promise';
}

/** True for a promise, whoever has made it. */
export function isPromise(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

/** True for a class that has not been instantiated. */
export function isClass(value: unknown): boolean {
  return typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));
}

/** An SQLSTATE may begin with a digit. */
const identifier = /^([A-Za-z]\w{0,47}|[\dA-Z]{5})$/;
const systemCode = /^[A-Z][A-Z\d_]{1,47}$/;

/** The code or the name of an error: messages of foreign errors may quote what they were given. */
export function codeOf(error: unknown): string {
  const { code, name, cause } = partsOf(error);
  const { code: inner } = partsOf(cause);
  if (isText(code, identifier)) return code;
  // What failed below says more than "Error".
  if (isText(inner, systemCode)) return inner;
  return isText(name, identifier) ? name : typeof error;
}

/** What failed, and why: the code or name of an error, and its message as far as that can be shown. `secrets` are known to be secret. */
export function failureOf(error: unknown, secrets: readonly string[] = []): string {
  const said = saidBy(error, secrets);
  return said === '' ? `(${codeOf(error)})` : `(${codeOf(error)}): ${said}`;
}

const longestSaid = 300;

/** The message of a foreign error: without tokens, long words, and what it quotes of a record; on one line, and cut. */
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

/** PostgreSQL and MySQL quote the row or the key that they refuse. */
const rowLike = /\b(row contains |values? |Key |entry )\([^)]*\)?/gi;
/** Text in quotes with a digit, but for a path: a value rather than the name of a table. */
const quotedData = /(["'`])(?!\.{0,2}\/)[^"'`\s]{12,}\1/g;
/** A part of a token, or a short one. */
const longWord = /[\w+-]{20,}=*/g;

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}

/** Nothing of what cannot be read: whoever asks has a pair to save. */
function partsOf(error: unknown): { code?: unknown; name?: unknown; message?: unknown; cause?: unknown } {
  try {
    const { code, name, message, cause } = error as ReturnType<typeof partsOf>;
    return { code, name, message, cause };
  } catch {
    return {};
  }
}
