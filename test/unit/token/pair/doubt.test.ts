import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { withNewAuthorization } from '../../../../src/token/pair/authorization-line.js';
import { doubtOf, type Doubt, type KnownOfAccount } from '../../../../src/token/pair/doubt.js';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';

function pair(user: number | undefined, name: string): TokenSet {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jwt = user === undefined ? `opaque-${name}` : `${part({})}.${part({ sub: user, jti: name })}.x`;
  return { access_token: jwt, refresh_token: name };
}

const known: KnownOfAccount = {
  hand: pair(1, 'in-hand'),
  grant: 'refresh_token',
  isGone: false,
  isPast: (identity) => identity === fingerprint('spent'),
  isHeldElsewhere: (refreshToken) => refreshToken === 'of-b',
  isBrought: false,
  isDead: false,
  hasOthers: true,
};

test.each<[string, TokenSet | undefined, Partial<KnownOfAccount>, Doubt | undefined]>([
  ['nothing, where nothing was', undefined, {}, undefined],
  ['nothing, where a row was', undefined, { isGone: true }, 'gone'],
  [
    'the same, after a person has brought the one in hand',
    undefined,
    { isGone: true, isBrought: true },
    undefined,
  ],
  ['the pair in hand', pair(1, 'in-hand'), {}, undefined],
  [
    'the pair in hand, which another account holds as well',
    pair(1, 'of-b'),
    { hand: pair(1, 'of-b') },
    undefined,
  ],
  ['a new pair of the same user', pair(1, 'new'), {}, undefined],
  ['a new pair of another user', pair(2, 'new'), {}, 'another-user'],
  ['the same, after a person has brought the one in hand', pair(2, 'new'), { isBrought: true }, 'brought'],
  ['a pair of another user that was replaced here', pair(2, 'spent'), {}, undefined],
  [
    'a pair of the user before, over whose authorization that of the pair in hand came',
    pair(2, 'before'),
    { hand: withNewAuthorization(pair(1, 'in-hand'), [pair(2, 'before')]) },
    undefined,
  ],
  [
    'the same, where the pair in hand is dead',
    pair(2, 'before'),
    { hand: withNewAuthorization(pair(1, 'in-hand'), [pair(2, 'before')]), isDead: true, isBrought: true },
    'another-user',
  ],
  ['a new pair that does not tell whose it is', pair(undefined, 'new'), {}, 'no-user'],
  ['the same, of the only account', pair(undefined, 'new'), { hasOthers: false }, undefined],
  [
    'the same, after a person has brought the one in hand',
    pair(undefined, 'new'),
    { isBrought: true },
    'brought',
  ],
  ['the same, of the only account', pair(undefined, 'new'), { isBrought: true, hasOthers: false }, undefined],
  [
    'a new pair of the same user, after a person has brought the one in hand',
    pair(1, 'new'),
    { isBrought: true },
    undefined,
  ],
  [
    'a new token of a service account that does not tell whose it is',
    pair(undefined, 'new'),
    { grant: 'client_credentials' },
    undefined,
  ],
  [
    'the pair of another account, which has been redeemed since',
    pair(2, 'spent'),
    { isHeldElsewhere: () => true },
    'held-elsewhere',
  ],
  ['the pair of another account', pair(2, 'of-b'), {}, 'held-elsewhere'],
  ['the same, where it does not tell whose it is', pair(undefined, 'of-b'), {}, 'held-elsewhere'],
  ['the same, with nothing in hand', pair(undefined, 'of-b'), { hand: undefined }, 'held-elsewhere'],
  ['the first pair of one account among several', pair(1, 'new'), { hand: undefined }, 'first'],
  ['the first pair of the only account', pair(1, 'new'), { hand: undefined, hasOthers: false }, undefined],
])('%s', (_, loaded, but, doubt) => {
  expect(doubtOf(loaded, { ...known, ...but })).toBe(doubt);
});
