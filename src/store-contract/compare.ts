import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { TokenSet } from '../store/store.js';

/**
 * Fails unless `loaded` has every field of `saved` with the same value. Further fields, such as an id or the time of the save, are allowed.
 */
export function mustHold(loaded: TokenSet | undefined, saved: TokenSet, expected: string): void {
  if (!loaded) assert.fail(`${expected}: load() found nothing`);
  const wrong = Object.keys(saved).flatMap((name) => {
    const [came, went] = [plain(loaded[name]), plain(saved[name])];
    if (isDeepStrictEqual(came, went)) return [];
    return came === undefined ? [`"${name}" is missing`] : [`"${name}" is ${show(came)}, not ${show(went)}`];
  });
  if (wrong.length > 0) assert.fail(`${expected}: ${wrong.join('; ')}`);
}

/** Fails if `loaded` still has one of these fields. A field that is null counts as missing, as a column that is NULL. */
export function mustLack(loaded: TokenSet | undefined, names: readonly string[], expected: string): void {
  const left = names.filter((name) => loaded?.[name] !== undefined && loaded[name] !== null);
  if (left.length > 0)
    assert.fail(`${expected}: ${left.map((name) => `"${name}"`).join(', ')} is still there`);
}

/** Fails if a set was found. */
export function mustBeNothing(loaded: TokenSet | undefined, expected: string): void {
  if (loaded)
    assert.fail(`${expected}; it gave an object with ${Object.keys(loaded).join(', ') || 'no fields'}`);
}

/** The result of `load`, after a check of its type. Null and undefined mean the same. */
export function mustBeRecord(loaded: unknown): TokenSet | undefined {
  if (loaded === null || loaded === undefined) return undefined;
  if (typeof loaded !== 'object' || Array.isArray(loaded)) {
    const what = Array.isArray(loaded) ? 'an array' : `a ${typeof loaded}`;
    assert.fail(`load() must give a token set, undefined or null; it gave ${what}`);
  }
  return loaded as TokenSet;
}

/** An error in words. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

/** The value without its prototypes: rows and documents are compared only by what JSON can represent. */
function plain(value: unknown): unknown {
  if (value === undefined) return undefined;
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)),
  );
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  const start = text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
  return `${start} (${value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value})`;
}
