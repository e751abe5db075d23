import { expect, test } from 'vitest';
import { createHolders, holdersOf, holdNow } from '../../../../src/token/grant/holders.js';
import { createGrantRegistry } from '../../../../src/token/grant/registry.js';
import { createMemories, type Holder } from '../../../../src/token/grant/memories.js';

const holder = (account: string): Holder => ({
  client: 'client',
  account,
  refreshToken: undefined,
  unsaved: false,
});
const place = Symbol.for('axios-procore.grants');

test('whoever holds a token is found by it, for as long as it is held', () => {
  const holders = createHolders();
  const [a, b] = [holder('a'), holder('b')];
  const holds = (one: Holder) => {
    const entry = { ref: new WeakRef(one), held: undefined };
    return (token: string | undefined) => holdNow(holders, entry, token);
  };
  const [ofA, ofB] = [holds(a), holds(b)];
  ofA('one');
  ofB('one');
  expect(holdersOf(holders, 'one')).toEqual([a, b]);
  ofA('two');
  expect(holdersOf(holders, 'one')).toEqual([b]);
  expect(holdersOf(holders, 'two')).toEqual([a]);
  ofA(undefined);
  ofB(undefined);
  expect(holdersOf(holders, 'two')).toEqual([]);
  expect(holders.byToken.size).toBe(0);
});

test('of ten thousand accounts only those are looked at that hold the token', () => {
  const holders = createHolders();
  let looks = 0;
  const all = Array.from({ length: 10_000 }, (_, n) => ({
    ...holder(`account ${n}`),
    get account() {
      looks++;
      return `account ${n}`;
    },
  }));
  for (const [n, one] of all.entries())
    holdNow(holders, { ref: new WeakRef(one), held: undefined }, `token ${n}`);
  expect(holdersOf(holders, 'token 7').map(({ account }) => account)).toEqual(['account 7']);
  expect(looks).toBe(1);
});

test('what an older copy of the package keeps of holders is taken as it is', () => {
  const { holders: _newer, ...memories } = createMemories();
  const scope = {};
  const registry = { version: 1, tails: new Map(), outcomes: new Map(), memories };
  Object.defineProperty(scope, place, { value: registry });
  const store = { load: () => undefined, save() {} };
  const where = { client: 'client', isPrivate: false, replaces: undefined };
  const grants = createGrantRegistry(scope).of(store, where);
  const a = { ...holder('a'), memory: grants.memory };
  grants.nowHolds(grants.enter(a), 'one');
  expect(createGrantRegistry(scope).of(store, where).heldBy('one')).toMatchObject([{ account: 'a' }]);
  // It says nothing of its store's being used.
  grants.nowHolds(grants.enter(holder('of an older copy')), 'two');
  expect(grants.heldBy('two')).toEqual([]);
});
