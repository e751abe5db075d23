import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { withAuthorizationOf, withNewAuthorization } from '../../../../src/token/pair/authorization-line.js';
import { identityOf } from '../../../../src/token/pair/comparison.js';
import { isOverwritten } from '../../../../src/token/saving/look-back.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const pair = (name: string, sub?: number): TokenSet => ({
  access_token: sub === undefined ? `opaque-${name}` : `${part({})}.${part({ sub, jti: name })}.x`,
  refresh_token: name,
});
const before = pair('before', 1);
const brought = withNewAuthorization(pair('brought', 1), [before]);
const ofAnother = withNewAuthorization(pair('brought', 2), [before]);
const issued = (name: string, created_at: number): TokenSet => ({ ...pair(name), created_at });
const dated = withNewAuthorization(issued('brought', 2_000), [before]);
const logIn = (name: string, created_at: number) => withNewAuthorization(issued(name, created_at), [before]);

test.each<[string, boolean, TokenSet, TokenSet]>([
  ['what the pair before was renewed to', true, withAuthorizationOf(pair('renewed', 1), before), brought],
  ['the same, of which the store does not keep the line', false, pair('renewed', 1), brought],
  ['the same, of the user before', false, pair('renewed', 1), ofAnother],
  ['the pair before, which the store has shown: a replica lags', false, before, brought],
  ['the brought pair', false, brought, brought],
  ['what the brought pair was renewed to', false, withAuthorizationOf(pair('next', 1), brought), brought],
  ['a later log-in', false, withNewAuthorization(pair('later', 1), [brought]), brought],
  [
    'a later log-in of the user before',
    false,
    withNewAuthorization(pair('later', 1), [ofAnother]),
    ofAnother,
  ],
  ['a pair of a user that was never seen', false, pair('unknown', 3), ofAnother],
  ['an earlier log-in that did not know of it', true, logIn('earlier', 1_999), dated],
  [
    'what such an earlier log-in was renewed to since',
    true,
    withAuthorizationOf(issued('next', 2_500), logIn('earlier', 1_999)),
    dated,
  ],
  ['a pair without a line that was issued before it', true, issued('unnamed', 1_999), dated],
  ['a log-in of the same second', false, logIn('same', 2_000), dated],
  ['a later log-in that did not know of it', false, logIn('later', 2_001), dated],
  [
    'an earlier log-in that was brought once more in its place',
    false,
    withNewAuthorization(issued('earlier', 1_999), [dated]),
    dated,
  ],
])(
  'a log-in is overwritten where the store shows what was saved over it for an older authorization: %s',
  (_, is, shown, ours) => {
    const seen = new Set([identityOf(before, 'refresh_token')]);
    expect(isOverwritten(shown, ours, seen, 'refresh_token')).toBe(is);
  },
);
