import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { withRedeemed, withReplaced } from '../../../../src/token/pair/token-history.js';
import { isRenewedSince, isReplacedInStore } from '../../../../src/token/pair/old-session.js';

const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
const nobody = { isReplaced: () => false, isRefused: () => false };
const opaque = (name: string): TokenSet => ({ access_token: `a-${name}`, refresh_token: `r-${name}` });
/** After so many seconds, for 5,400 seconds. */
const issued = (sub: number, seconds: number): TokenSet => ({
  access_token: jwt({ sub, iat: 1_800_000_000 + seconds, exp: 1_800_005_400 + seconds }),
  refresh_token: `r-${sub}-${seconds}`,
});

test.each<[string, TokenSet, TokenSet, boolean]>([
  ['named by the line of its refresh tokens', withRedeemed(opaque('2'), 'r-1'), opaque('1'), true],
  ['named by the line of its access tokens', withReplaced(opaque('2'), opaque('1')), opaque('1'), true],
  ['not named by the line', withRedeemed(opaque('2'), 'r-0'), opaque('1'), false],
  ['opaque, without a line', opaque('2'), opaque('1'), false],
  ['of the same user, half a life older', issued(1, 2_700), issued(1, 0), true],
  ['of the same user, a little older', issued(1, 2_699), issued(1, 0), false],
  ['of the same user, newer', issued(1, 0), issued(1, 2_700), false],
  ['of another user, however old', issued(2, 90_000), issued(1, 0), false],
  ['the very same', issued(1, 0), issued(1, 0), false],
])('a brought pair that is %s', (_, stored, brought, isOld) => {
  expect(isRenewedSince(stored, brought)).toBe(isOld);
});

test.each<[string, TokenSet, TokenSet, boolean]>([
  ['the same pair', opaque('1'), opaque('1'), false],
  ['another pair of nobody knows whom', opaque('2'), opaque('1'), true],
  ['another pair of the same user', issued(1, 10), issued(1, 0), true],
  ['a pair of another user', issued(2, 10), issued(1, 0), false],
  ['an older pair', { ...opaque('0'), created_at: 1 }, { ...opaque('1'), created_at: 62 }, false],
  [
    'a kept refresh token, and a newer access token',
    { ...opaque('1'), access_token: 'a-2' },
    opaque('1'),
    true,
  ],
])(
  'of a pair in hand that is brought again, a store says by %s whether it is replaced',
  (_, stored, hand, is) => {
    const sets = { hand, brought: hand };
    expect(isReplacedInStore(stored, sets, nobody, 'refresh_token')).toBe(is);
  },
);

test('a newer access token with the same refresh token is taken, whatever the store holds', () => {
  const sets = { hand: opaque('1'), brought: { ...opaque('1'), access_token: 'a-3' } };
  const stored = { ...opaque('1'), access_token: 'a-2' };
  expect(isReplacedInStore(stored, sets, nobody, 'refresh_token')).toBe(false);
});
