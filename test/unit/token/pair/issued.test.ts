import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { issuedAtMs } from '../../../../src/token/pair/issued.js';

const jwt = (claims: object) =>
  `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.c2lnbmF0dXJl`;
const [iat, exp] = [1_800_000_000, 1_800_005_400];

test.each<[string, object, number | undefined]>([
  ['iat of its JWT', { access_token: jwt({ iat, exp }), created_at: iat - 9_000, expires_in: 5_400 }, iat],
  ['created_at, where a JWT tells nothing', { access_token: jwt({}), created_at: iat }, iat],
  ['created_at of an opaque token', { access_token: 'opaque', created_at: iat, expires_in: 5_400 }, iat],
  [
    'created_at that agrees with exp',
    { access_token: jwt({ exp }), created_at: iat - 1, expires_in: 5_400 },
    iat - 1,
  ],
  [
    'nothing, where exp contradicts created_at',
    { access_token: jwt({ exp }), created_at: iat - 9_000, expires_in: 5_400 },
    undefined,
  ],
  ['created_at, where no life is known', { access_token: jwt({ exp }), created_at: iat }, iat],
  ['nothing, where created_at is a column', { access_token: 'opaque', created_at: '2027-01-15' }, undefined],
  ['nothing, where nothing is said', { access_token: 'opaque' }, undefined],
])('when a set was issued says %s', (_what, set, seconds) => {
  expect(issuedAtMs(set as TokenSet)).toBe(seconds === undefined ? undefined : seconds * 1000);
});
