import { expect, test } from 'vitest';
import type { TokenSet } from '../../../../src/store/store.js';
import { withAuthorizationOf, withNewAuthorization } from '../../../../src/token/pair/authorization-line.js';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import { withRedeemed } from '../../../../src/token/pair/token-history.js';
import type { Holder } from '../../../../src/token/grant/memories.js';
import { isForeign, type AskingAccount } from '../../../../src/token/loading/neighbours.js';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const pair = (name: string, sub?: number): TokenSet => ({
  access_token: sub === undefined ? `opaque-${name}` : `${part({})}.${part({ sub, jti: name })}.x`,
  refresh_token: name,
});
const ofOne = pair('one', 1);
const ofTwo = pair('two', 2);
const opaque = pair('opaque');
const everHeld = (...tokens: string[]) => tokens.map((token) => fingerprint(token));

interface Case {
  loaded?: TokenSet;
  asking?: Partial<AskingAccount>;
  holder?: Partial<Holder>;
  isNext?: boolean;
}

function judge({ loaded = ofTwo, asking, holder, isNext = false }: Case): boolean {
  const own: AskingAccount = {
    account: 'a',
    client: 'client',
    hand: ofOne,
    everHeld: () => everHeld('one', 'before'),
    ...asking,
  };
  const theirs = new Set(everHeld('two', 'of two before'));
  const holding = {
    account: 'b',
    client: 'client',
    refreshToken: fingerprint(loaded.refresh_token!),
    unsaved: false,
    set: loaded,
    hasHeld: (token: string) => theirs.has(token),
    ...holder,
  };
  return isForeign(loaded, own, holding, isNext);
}

test.each<[string, Case]>([
  ["another user's", {}],
  ['one that does not tell whose it is', { loaded: opaque }],
  ['of a user that is known, where the one in hand tells nothing', { asking: { hand: opaque } }],
])('a pair that an account of another store holds is foreign: %s', (_, given) => {
  expect(judge(given)).toBe(true);
});

test.each<[string, Case]>([
  ['nothing is in hand that it could be compared with', { asking: { hand: undefined } }],
  ['it is of the same user', { loaded: pair('one more', 1) }],
  ['the account has the same name: it may be the same row', { holder: { account: 'a' } }],
  ['the other account is of another client', { holder: { client: 'other' } }],
  ['another release of the package holds it, of which less is known', { holder: { hasHeld: undefined } }],
  ['the pair in hand was redeemed for it', { loaded: withRedeemed(ofTwo, 'one') }],
  ['the same, and the store does not keep that', { holder: { set: withRedeemed(ofTwo, 'one') } }],
  ['the same, and only this process knows', { loaded: opaque, isNext: true }],
  [
    'a person has authorized it in the place of the one in hand',
    { loaded: withNewAuthorization(ofTwo, [ofOne]) },
  ],
  ['the same, and the store does not keep that', { holder: { set: withNewAuthorization(ofTwo, [ofOne]) } }],
  [
    'the pair in hand has taken the place of its authorization',
    {
      loaded: withAuthorizationOf(pair('two renewed', 2), ofTwo),
      asking: { hand: withNewAuthorization(ofOne, [ofTwo]) },
    },
  ],
  [
    'both accounts have held the same pair before',
    { asking: { everHeld: () => everHeld('one', 'of two before') } },
  ],
])('it may be ours as well where %s', (_, given) => {
  expect(judge(given)).toBe(false);
});
