import { expect, test } from 'vitest';
import {
  descendsFrom,
  isSuccessor,
  withRedeemed,
  withReplaced,
} from '../../../../src/token/pair/token-history.js';
import type { TokenSet } from '../../../../src/store/store.js';

const set: TokenSet = { access_token: 'a', refresh_token: 'r9' };

test('a pair descends from its own refresh token and from those it was redeemed for, and from no other', () => {
  const later = withRedeemed(withRedeemed(set, 'r1'), 'r2');
  expect(['r9', 'r2', 'r1'].map((token) => descendsFrom(later, token))).toEqual([true, true, true]);
  expect(descendsFrom(later, 'r3')).toBe(false);
  expect(descendsFrom(set, 'r1')).toBe(false);
});

test('what is remembered names no token, and the set given stays as it is', () => {
  const later = withRedeemed(set, 'a-refresh-token');
  expect(JSON.stringify(later)).not.toContain('a-refresh-token');
  expect(set).toEqual({ access_token: 'a', refresh_token: 'r9' });
});

test('after a thousand the first and the latest are remembered', () => {
  let later = set;
  for (let number = 1; number <= 1_500; number++) later = withRedeemed(later, `r-${number}`);
  expect((later['redeemed_refresh_tokens'] as string[]).length).toBe(1_000);
  expect([1, 2, 501, 502, 1_500].map((number) => descendsFrom(later, `r-${number}`))).toEqual([
    true,
    false,
    false,
    true,
    true,
  ]);
});

test('one that comes again is remembered once', () => {
  const later = withRedeemed(withRedeemed(withRedeemed(set, 'r1'), 'r2'), 'r2');
  expect(later['redeemed_refresh_tokens']).toHaveLength(2);
});

test('a field of that name that somebody else wrote is no harm', () => {
  for (const strange of ['x', 5, null, { a: 1 }, [1, null, {}]]) {
    const odd: TokenSet = { ...set, redeemed_refresh_tokens: strange };
    expect(descendsFrom(odd, 'r1')).toBe(false);
    expect(descendsFrom(withRedeemed(odd, 'r1'), 'r1')).toBe(true);
  }
});

test('a pair that was issued for a refresh token alone is its successor by the line of renewals only', () => {
  const alone = { refresh_token: 'r1' } as TokenSet;
  expect(isSuccessor(withRedeemed(set, 'r1'), alone)).toBe(true);
  expect(isSuccessor(withReplaced(set, { access_token: 'opaque' }), alone)).toBe(false);
  expect(isSuccessor(set, { ...alone, access_token: '' })).toBe(false);
});
