import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import {
  authorizationField,
  authorizedAt,
  cameOf,
  isOfSameAuthorization,
  outranks,
  withAuthorizationOf,
  withNewAuthorization,
  withoutLine,
} from '../../../../src/token/pair/authorization-line.js';

const pair = (name: string, fields: Partial<TokenSet> = {}): TokenSet => ({
  access_token: `access-${name}`,
  refresh_token: `refresh-${name}`,
  ...fields,
});
const old = pair('old', { created_at: 1_000 });
const renewed = withAuthorizationOf(pair('renewed', { created_at: 3_000 }), old);
const brought = withNewAuthorization(pair('brought', { created_at: 2_000 }), [old]);

test('a first log-in has nothing to say', () => {
  expect(withNewAuthorization(pair('a'), [])).toEqual(pair('a'));
  expect(withNewAuthorization(pair('a'), [undefined, pair('a')])).toEqual(pair('a'));
});

test('a renewal is of the authorization of the pair before, since when that began', () => {
  expect(isOfSameAuthorization(renewed, old)).toBe(true);
  expect(authorizedAt(renewed)).toBe(1_000);
  expect(cameOf(renewed, old)).toBe(true);
  expect(cameOf(old, old)).toBe(false);
  expect(cameOf(brought, old)).toBe(false);
});

test('a log-in outranks what it took the place of, and whatever either of them is renewed to', () => {
  const next = withAuthorizationOf(pair('next'), brought);
  for (const newer of [brought, next])
    for (const older of [old, renewed]) {
      expect(outranks(newer, older)).toBe(true);
      expect(outranks(older, newer)).toBe(false);
    }
  expect(outranks(next, brought)).toBe(false);
  const last = withNewAuthorization(pair('last'), [next]);
  expect(outranks(last, renewed)).toBe(true);
});

test('a pair that is brought once more outranks the log-in that had taken its place', () => {
  const again = withNewAuthorization(old, [brought]);
  expect(outranks(again, brought)).toBe(true);
  expect(outranks(brought, again)).toBe(false);
});

test('a pair in hand that is brought again stays of its authorization', () => {
  const plain = withoutLine(brought);
  expect(withNewAuthorization(plain, [brought])).toEqual(brought);
});

test('a line that belongs to another pair, or is none, says nothing', () => {
  const merged = { ...brought, ...pair('own') };
  expect(outranks(merged, old)).toBe(false);
  expect(withNewAuthorization(merged, [])).not.toHaveProperty(authorizationField);
  for (const line of [null, 7, 'text', [], {}, { pair: 'x', id: 1 }])
    expect(outranks({ ...pair('brought'), [authorizationField]: line }, old)).toBe(false);
});

test('the line stays short, and holds no token', () => {
  let set = old;
  for (let number = 0; number < 40; number++) set = withNewAuthorization(pair(`p${number}`), [set]);
  const text = JSON.stringify(set[authorizationField]);
  expect(text.length).toBeLessThan(300);
  expect(text).not.toMatch(/access-|refresh-/);
});
