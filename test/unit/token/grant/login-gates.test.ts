import { describe, expect, test } from 'vitest';
import type { TokenStore } from '../../../../src/store/store.js';
import { createLoginGate, type LoginAsker } from '../../../../src/token/endpoint/login-gate.js';
import type { Rank } from '../../../../src/token/endpoint/login-pace.js';
import { createGrantRegistry } from '../../../../src/token/grant/registry.js';
import { createManualEnv } from '../../../support/manual-env.js';

/** One process. Every store object that comes is one more. */
function createProcess() {
  const scope = {};
  const env = createManualEnv();
  const attach = (client = 'client') => {
    const store: TokenStore = { load: () => undefined, save() {} };
    // A registry each, as every copy of the package has.
    const grants = createGrantRegistry(scope).of(store, { client, isPrivate: false, replaces: undefined });
    return { gate: () => grants.loginGate(() => createLoginGate(env)), used: grants.used };
  };
  return { attach };
}

const asker = (rank: Rank): LoginAsker => ({
  rank: () => rank,
  ticket: () => 0,
  most: 1,
  waitsUntilMs: () => Infinity,
});

describe('the gate of a login host and client', () => {
  test('is one for all stores that are in use at the same time, whichever was there first', () => {
    const { attach } = createProcess();
    const [first, second] = [attach(), attach()];
    first.used();
    second.used();
    expect(second.gate()).toBe(first.gate());
    const third = attach();
    first.used();
    expect(third.gate()).toBe(first.gate());
  });

  test('is another one for another client', () => {
    const { attach } = createProcess();
    const [one, other] = [attach('client'), attach('other')];
    one.used();
    other.used();
    expect(one.gate()).not.toBe(other.gate());
  });

  test('stays the same for a store that was not in use for some time', () => {
    const { attach } = createProcess();
    const [first, later] = [attach(), attach('other')];
    const gate = first.gate();
    later.used();
    later.gate();
    expect(first.gate()).toBe(gate);
  });

  test('is made anew for a store that comes when no other one is in use any more', () => {
    const { attach } = createProcess();
    const before = attach();
    before.used();
    const gate = before.gate();
    const after = attach();
    after.used();
    expect(after.gate()).not.toBe(gate);
  });

  test('is one again for a store that is used again, and for those of now', () => {
    const { attach } = createProcess();
    const before = attach();
    before.gate();
    const after = attach();
    after.used();
    const gate = after.gate();
    before.used();
    expect(before.gate()).toBe(gate);
    expect(attach().gate()).not.toBe(gate);
  });

  test.each([
    ['call', true],
    ['first', true],
    ['background', false],
  ] as const)('of a request that is under way for a %s: counts as in use is %s', (rank, isSame) => {
    const { attach } = createProcess();
    const before = attach();
    const gate = before.gate();
    const visit = gate.enter(asker(rank))!;
    const after = attach();
    expect(after.gate() === gate).toBe(isSame);
    visit.leave();
    expect(attach().gate()).not.toBe(gate);
  });

  test.each([
    ['call', true],
    ['background', false],
  ] as const)('of a request that waits for its turn for a %s: counts as in use is %s', (rank, isSame) => {
    const { attach } = createProcess();
    const gate = attach().gate();
    gate.enter(asker('background'))!.throttled(60_000);
    void gate.wait(asker(rank), new AbortController().signal);
    expect(attach().gate() === gate).toBe(isSame);
  });
});
