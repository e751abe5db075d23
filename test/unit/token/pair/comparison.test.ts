import { describe, expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import {
  chooseSave,
  identityOf,
  isNews,
  isUncertain,
  isRenewedSince,
  isReplacedInStore,
  type KnownTokens,
} from '../../../../src/token/pair/comparison.js';
import { withAuthorizationOf } from '../../../../src/token/pair/authorization-line.js';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import { withRedeemed, withReplaced } from '../../../../src/token/pair/token-history.js';

const nothingKnown: KnownTokens = { isReplaced: () => false, isDead: () => false, isRefused: () => false };
const replaced = (...tokens: string[]): KnownTokens => ({
  ...nothingKnown,
  isReplaced: (token) => tokens.map(fingerprint).includes(token),
});
const refused = (...tokens: string[]): KnownTokens => ({
  ...nothingKnown,
  isRefused: (token) => tokens.map(fingerprint).includes(token),
});
const pair = (n: number, fields: Partial<TokenSet> = {}): TokenSet => ({
  access_token: `a${n}`,
  refresh_token: `r${n}`,
  ...fields,
});

describe('a set is told from another', () => {
  test('by its refresh token, else by its access token', () => {
    expect(identityOf(pair(1), 'refresh_token')).toBe(fingerprint('r1'));
    expect(identityOf({ access_token: 'a1' }, 'refresh_token')).toBe(fingerprint('a1'));
    expect(identityOf({ access_token: '', refresh_token: 'r1' }, 'refresh_token')).toBe(fingerprint('r1'));
    expect(identityOf({ access_token: '' }, 'refresh_token')).toBeUndefined();
  });

  test('by its access token alone where nothing else is used', () => {
    expect(identityOf(pair(1), 'client_credentials')).toBe(fingerprint('a1'));
  });
});

describe('a loaded set', () => {
  const hand = pair(2);

  test('with another refresh token is news', () => {
    expect(isNews(pair(3), hand, nothingKnown, 'refresh_token')).toBe(true);
  });

  test('with the refresh token in hand is none, whatever its access token', () => {
    expect(isNews(pair(2, { access_token: 'other' }), hand, nothingKnown, 'refresh_token')).toBe(false);
  });

  test('of a lagging replica is none: its refresh token was replaced before', () => {
    expect(isNews(pair(1), hand, replaced('r1'), 'refresh_token')).toBe(false);
  });

  test('whose access token a 401 refused is none', () => {
    expect(isNews(pair(3), hand, refused('a3'), 'refresh_token')).toBe(false);
    expect(isNews(pair(3), hand, refused('a2'), 'refresh_token')).toBe(true);
  });

  test('that would cost us our refresh token is none', () => {
    expect(isNews({ access_token: 'a3' }, hand, nothingKnown, 'refresh_token')).toBe(false);
    expect(isNews({ access_token: 'a3' }, { access_token: 'a2' }, nothingKnown, 'refresh_token')).toBe(true);
  });

  test.each([
    ['a cut refresh token beside the access token in hand', { refresh_token: 'refres' }],
    ['both tokens cut', { access_token: 'acc', refresh_token: 'refres' }],
    ['a cut refresh token, which a new log-in would look like', { refresh_token: 'r', created_at: 9_000 }],
  ])('of a store that has kept %s is none: the whole one is in hand', (_, kept) => {
    const whole = { access_token: 'access', refresh_token: 'refresh', created_at: 1_000 };
    const loaded = { ...whole, ...kept };
    expect(isNews(loaded, whole, nothingKnown, 'refresh_token')).toBe(false);
    expect(chooseSave(loaded, { ours: whole, replaces: undefined }, nothingKnown, 'refresh_token')).toBe(
      'save',
    );
  });

  test('that brings a refresh token where there was none is news', () => {
    expect(isNews(pair(3), { access_token: 'a2' }, nothingKnown, 'refresh_token')).toBe(true);
    expect(isNews({ access_token: '', refresh_token: 'r3' }, hand, nothingKnown, 'refresh_token')).toBe(true);
  });

  test('that was renewed after one whose refresh token a store has dropped is news, however old its authorization', () => {
    const first = pair(1, { created_at: 1_000 });
    const [second, third] = [2, 3].map((n) =>
      withAuthorizationOf(pair(n, { created_at: 1_000 + n * 600 }), first),
    ) as [TokenSet, TokenSet];
    const { refresh_token: _dropped, ...rest } = second;
    expect(isNews(third, rest, nothingKnown, 'refresh_token')).toBe(true);
    expect(isUncertain(third, rest)).toBe(false);
    expect(isNews(first, rest, nothingKnown, 'refresh_token')).toBe(false);
  });

  test('that brings the refresh token of the access token in hand is news, though a 401 has refused that', () => {
    const { access_token } = hand;
    expect(isNews(hand, { access_token }, refused('a2'), 'refresh_token')).toBe(true);
    expect(isNews(hand, { access_token }, replaced('r2'), 'refresh_token')).toBe(false);
    expect(isNews(hand, { access_token }, refused('a2'), 'client_credentials')).toBe(false);
    expect(isNews(pair(1), { access_token }, refused('a1'), 'refresh_token')).toBe(false);
  });

  test.each(['refresh_token', 'client_credentials'] as const)(
    'of %s is as old as its JWT says, whatever created_at a store has kept beside it',
    (grant) => {
      const issued = (seconds: number, created: number): TokenSet => {
        const claims = Buffer.from(JSON.stringify({ iat: seconds, exp: seconds + 5_400 })).toString(
          'base64url',
        );
        const refresh = grant === 'refresh_token' && { refresh_token: `r-${seconds}` };
        return { access_token: `e30.${claims}.c2ln`, created_at: created, ...refresh };
      };
      const [older, newer] = [issued(10_000, 10_000), issued(15_000, 5_000)];
      expect(isNews(newer, older, nothingKnown, grant)).toBe(true);
      expect(isUncertain(newer, older)).toBe(false);
      expect(isNews(older, newer, nothingKnown, grant)).toBe(false);
      // The clocks of two login servers may differ so much.
      expect(isNews(issued(14_940, 0), newer, nothingKnown, grant)).toBe(true);
    },
  );

  test('without any token is none', () => {
    expect(isNews({ access_token: '' }, hand, nothingKnown, 'refresh_token')).toBe(false);
  });

  test('that the server issued earlier is none', () => {
    const issued = (n: number, created: unknown) => pair(n, { created_at: created as number });
    expect(isNews(issued(3, 30), issued(2, 100), nothingKnown, 'refresh_token')).toBe(false);
    // The clocks of two login servers may differ so much.
    expect(isNews(issued(3, 90), issued(2, 100), nothingKnown, 'refresh_token')).toBe(true);
    expect(isNews(issued(3, 100), issued(2, 100), nothingKnown, 'refresh_token')).toBe(true);
    expect(isNews(issued(3, 99), pair(2), nothingKnown, 'refresh_token')).toBe(true);
    expect(isNews(pair(3), issued(2, 100), nothingKnown, 'refresh_token')).toBe(true);
  });

  test.each([new Date('2020-01-01'), '2020-01-01T00:00:00Z', '2020-01-01 00:00:00'])(
    "is not called old for its table's created_at column (%s)",
    (created_at) => {
      const row = pair(3, { created_at: created_at as never });
      expect(isNews(row, pair(2, { created_at: 1_800_000_000 }), nothingKnown, 'refresh_token')).toBe(true);
    },
  );

  test('of client credentials is news by its access token', () => {
    const mine = { access_token: 'a2' };
    expect(isNews({ access_token: 'a3' }, mine, nothingKnown, 'client_credentials')).toBe(true);
    expect(isNews({ access_token: 'a2' }, mine, nothingKnown, 'client_credentials')).toBe(false);
    expect(isNews({ access_token: 'a1' }, mine, replaced('a1'), 'client_credentials')).toBe(false);
  });
});

describe('a pair that waits to be saved', () => {
  const sets = { ours: pair(2), replaces: pair(1) };
  const choose = (
    loaded: TokenSet | undefined,
    known = nothingKnown,
    of: { ours: TokenSet; replaces: TokenSet | undefined; isBrought?: boolean } = sets,
    grant: 'refresh_token' | 'client_credentials' = 'refresh_token',
  ) => chooseSave(loaded, of, known, grant);

  test('is saved into an empty store', () => {
    expect(choose(undefined)).toBe('save');
  });

  test('is saved over the pair that it replaces', () => {
    expect(choose(pair(1))).toBe('save');
    expect(choose(pair(1), replaced('r1'))).toBe('save');
  });

  test('is not saved twice', () => {
    expect(choose(pair(2))).toBe('already-saved');
  });

  test("gives way to somebody else's newer pair", () => {
    expect(choose(pair(9))).toBe('theirs');
    expect(choose(pair(9), nothingKnown, { ours: pair(2), replaces: undefined })).toBe('theirs');
  });

  test('wins over what a lagging replica still shows', () => {
    expect(choose(pair(0), replaced('r0'))).toBe('save');
  });

  test('wins over a set whose access token was refused, and over one without a refresh token', () => {
    expect(choose(pair(9), refused('a9'))).toBe('save');
    expect(choose({ access_token: 'a9' })).toBe('save');
  });

  test('wins over one that the server issued before the pair that it replaces', () => {
    const dated = { ours: pair(2, { created_at: 300 }), replaces: pair(1, { created_at: 200 }) };
    expect(choose(pair(9, { created_at: 100 }), nothingKnown, dated)).toBe('save');
    expect(choose(pair(9, { created_at: 200 }), nothingKnown, dated)).toBe('theirs');
  });

  test('that a person has brought gives way to nothing but what was certainly issued later', () => {
    const brought = { ours: pair(2, { created_at: 300 }), replaces: pair(1), isBrought: true };
    for (const issued of [200, 300])
      expect(choose(pair(9, { created_at: issued }), nothingKnown, brought)).toBe('save');
    expect(choose(pair(9, { created_at: 301 }), nothingKnown, brought)).toBe('theirs');
    const unread = { ...brought, replaces: undefined };
    expect(choose(pair(9), nothingKnown, unread)).toBe('save');
    expect(choose(pair(9, { created_at: 301 }), nothingKnown, unread)).toBe('theirs');
    // What the store held when it was last read is known, and this is something else: somebody has saved it since.
    expect(choose(pair(9), nothingKnown, brought)).toBe('theirs');
  });

  test('of a server that does not rotate refresh tokens is told by its access token', () => {
    const same = { ours: pair(2, { refresh_token: 'r' }), replaces: pair(1, { refresh_token: 'r' }) };
    expect(choose(pair(1, { refresh_token: 'r' }), nothingKnown, same)).toBe('save');
    expect(choose(pair(2, { refresh_token: 'r' }), nothingKnown, same)).toBe('already-saved');
  });

  test('of client credentials is compared by its access token', () => {
    const tokens = { ours: { access_token: 'a2' }, replaces: { access_token: 'a1' } };
    expect(choose({ access_token: 'a1' }, nothingKnown, tokens, 'client_credentials')).toBe('save');
    expect(choose({ access_token: 'a2' }, nothingKnown, tokens, 'client_credentials')).toBe('already-saved');
    expect(choose({ access_token: 'a9' }, nothingKnown, tokens, 'client_credentials')).toBe('theirs');
    expect(choose({ access_token: 'a0' }, replaced('a0'), tokens, 'client_credentials')).toBe('save');
  });
});

const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
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
  ['another pair of nothingKnown knows whom', opaque('2'), opaque('1'), true],
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
    expect(isReplacedInStore(stored, sets, nothingKnown, 'refresh_token')).toBe(is);
  },
);

test('a newer access token with the same refresh token is taken, whatever the store holds', () => {
  const sets = { hand: opaque('1'), brought: { ...opaque('1'), access_token: 'a-3' } };
  const stored = { ...opaque('1'), access_token: 'a-2' };
  expect(isReplacedInStore(stored, sets, nothingKnown, 'refresh_token')).toBe(false);
});
