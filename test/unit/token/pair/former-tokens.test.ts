import { expect, test } from 'vitest';
import { noPairs, type Pairs } from '../../../../src/token/pair/pairs.js';
import { belongedTo, withFormer } from '../../../../src/token/pair/former-tokens.js';
import { withRedeemed } from '../../../../src/token/pair/token-history.js';
import { holdLoaded, type HeldTokens } from '../../../../src/token/pair/token-set.js';
import type { TokenSet } from '../../../../src/store/store.js';

const held = (set: TokenSet) => holdLoaded(set, { aheadMs: undefined, draw: 0 });
const opaque = (name: string): TokenSet => ({ access_token: `a-${name}`, refresh_token: `r-${name}` });
const jwt = (sub: string, name: string): TokenSet => ({
  ...opaque(name),
  access_token: `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.${name}`,
});

/** The former tokens of one account. */
function create() {
  let known: Pick<Pairs, 'former' | 'user'> = noPairs(false);
  return {
    replaced(before: HeldTokens, by: HeldTokens | undefined, isSuccessor: boolean) {
      known = withFormer(known, before, by, isSuccessor);
    },
    includes: (token: string, now: TokenSet) => belongedTo(known, token, now),
  };
}

test('where both tokens name their user, that decides, whatever came between', () => {
  const former = create();
  former.replaced(held(jwt('ann', '1')), held(jwt('bob', '2')), false);
  expect(former.includes('r-1', jwt('bob', '2'))).toBe(false);
  former.replaced(held(jwt('bob', '2')), held(jwt('ann', '3')), false);
  expect(former.includes('r-1', jwt('ann', '3'))).toBe(true);
  expect(former.includes('r-2', jwt('ann', '3'))).toBe(false);
});

test('where they do not, a token is kin to what was issued for it, and to nothing else', () => {
  const former = create();
  former.replaced(held(opaque('1')), held(opaque('2')), true);
  former.replaced(held(opaque('2')), held(withRedeemed(opaque('3'), 'r-2')), false);
  expect(['r-1', 'r-2', 'r-9'].map((token) => former.includes(token, opaque('3')))).toEqual([
    true,
    true,
    false,
  ]);
  former.replaced(held(opaque('3')), held(opaque('4')), false);
  expect(['r-1', 'r-3'].map((token) => former.includes(token, opaque('4')))).toEqual([false, false]);
});

test('a revocation makes the tokens before nobody’s', () => {
  const former = create();
  former.replaced(held(opaque('1')), undefined, false);
  expect(former.includes('r-1', opaque('2'))).toBe(false);
});

test('the latest thousand are remembered', () => {
  const former = create();
  for (let n = 0; n <= 1_000; n++) former.replaced(held(opaque(`${n}`)), held(opaque(`${n + 1}`)), true);
  expect(['r-0', 'r-1', 'r-1000'].map((token) => former.includes(token, opaque('1001')))).toEqual([
    false,
    true,
    true,
  ]);
});
