import type { TokenSet } from '../store.js';

/** The result of parsing a token file. `what` never quotes its content. */
export type ParsedFile = { kind: 'tokens'; tokens: TokenSet } | { kind: 'unusable'; what: string };

const version = 1;

/** The expected format of a token file in words, for messages. */
export const expectedFormat: string = `JSON with "version": ${version}, "account" and "tokens", as fileTokenStore writes it`;

/** The content of an account's token file; undefined where the set cannot be written as JSON (it is circular or contains a bigint). */
export function formatTokenFile(tokens: TokenSet, account: string): string | undefined {
  try {
    return `${JSON.stringify({ version, account, tokens }, undefined, 2)}\n`;
  } catch {
    return undefined;
  }
}

/** Parses the content of an account's token file. */
export function parseTokenFile(bytes: Uint8Array, account: string): ParsedFile {
  const unusable = (what: string): ParsedFile => ({ kind: 'unusable', what });
  const content = parsedObject(bytes);
  if (typeof content === 'string') return unusable(content);
  // The file is refused and not overwritten, because a newer version of the package may have written good tokens to it.
  if (content['version'] !== version) return unusable('it is of another version, or of another program');
  if (content['account'] !== account) return unusable('it is the file of another account');
  if (!isObject(content['tokens'])) return unusable('it holds no token set');
  return { kind: 'tokens', tokens: content['tokens'] as TokenSet };
}

/** The account in the content of a token file; undefined where `formatTokenFile` has not written it. */
export function accountIn(bytes: Uint8Array): string | undefined {
  const content = parsedObject(bytes);
  const account = typeof content === 'string' ? undefined : content['account'];
  return typeof account === 'string' ? account : undefined;
}

/** The expected format of a file with nothing but a token set, for messages. */
export const expectedTokenSet: string = 'JSON with "refresh_token" or "access_token", as Procore answers it';

/** The content of a file with nothing but a token set; undefined where the set cannot be written as JSON. */
export function formatTokenSet(tokens: TokenSet): string | undefined {
  try {
    return `${JSON.stringify(tokens, undefined, 2)}\n`;
  } catch {
    return undefined;
  }
}

/** Parses the content of a file with nothing but a token set. */
export function parseTokenSet(bytes: Uint8Array): ParsedFile {
  const content = parsedObject(bytes);
  if (typeof content === 'string') return { kind: 'unusable', what: content };
  const hasToken = [content['refresh_token'], content['access_token']].some(
    (token) => typeof token === 'string' && token !== '',
  );
  // A file without tokens was written by another program, and is refused and not overwritten.
  return hasToken
    ? { kind: 'tokens', tokens: content as TokenSet }
    : { kind: 'unusable', what: 'it holds no token set' };
}

/** The object in a file, or in words what is wrong with the content. */
function parsedObject(bytes: Uint8Array): Record<string, unknown> | string {
  if (bytes.length === 0) return 'it is empty';
  const content = parseJson(bytes);
  if (content === undefined) return `its ${bytes.length} bytes are no JSON`;
  return isObject(content) ? content : 'it holds no object';
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    // Invalid UTF-8 throws, because a damaged byte must not become part of a token. A byte order mark is skipped.
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    // The parser's error is dropped, because it quotes the text.
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
