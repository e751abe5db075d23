import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import { createGrantRegistry, type ClientGrants } from '../../../../src/token/grant/registry.js';
import type { Holder } from '../../../../src/token/grant/memories.js';
import { successorOf, type GrantOutcome } from '../../../../src/token/grant/outcomes.js';
import type { TokenStore } from '../../../../src/store/store.js';
import { settled } from '../../../support/manual-env.js';

const place = Symbol.for('axios-procore.grants');
/** A store object; nothing is ever read from it. */
const anyStore = (): TokenStore => ({ load: () => undefined, save() {} });
/** For one store object and client, as every attach has it. */
function grantsOf(
  scope: object = globalThis,
  {
    store = anyStore(),
    client = 'client',
    isPrivate = true,
    replaces = undefined as TokenStore | undefined,
  } = {},
): ClientGrants {
  return createGrantRegistry(scope).of(store, { client, isPrivate, replaces });
}

const never = new AbortController().signal;
const dead: GrantOutcome = { kind: 'dead', reason: 'refresh-token-invalid' };

function gate() {
  let open = () => {};
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

/** Runs sections by name and keeps a log of who was in when. */
function bench(grants = grantsOf({})) {
  const log: string[] = [];
  const gates = new Map<string, ReturnType<typeof gate>>();
  const enter = (name: string, { key = 'k', signal = never, through = grants } = {}) => {
    const own = gate();
    gates.set(name, own);
    return through.run(
      key,
      async () => {
        log.push(`+${name}`);
        await own.promise;
        log.push(`-${name}`);
        return name;
      },
      signal,
    );
  };
  return { log, enter, leave: (name: string) => gates.get(name)!.open() };
}

function tailsOf(scope: object): Map<string, unknown> {
  return (scope as Record<symbol, { tails: Map<string, unknown> }>)[place]!.tails;
}

describe('one grant', () => {
  test('is redeemed by one at a time, in the order of arrival', async () => {
    const { log, enter, leave } = bench();
    const runs = ['a', 'b', 'c'].map((name) => enter(name));
    await settled();
    expect(log).toEqual(['+a']);
    leave('b');
    leave('c');
    await settled();
    expect(log).toEqual(['+a']);
    leave('a');
    expect(await Promise.all(runs)).toEqual(['a', 'b', 'c']);
    expect(log).toEqual(['+a', '-a', '+b', '-b', '+c', '-c']);
  });

  test('does not wait for another', async () => {
    const { log, enter, leave } = bench();
    void enter('a', { key: 'one' });
    const other = enter('b', { key: 'two' });
    leave('b');
    expect(await other).toBe('b');
    expect(log).toEqual(['+a', '+b', '-b']);
    leave('a');
  });

  test('is free again after a section that threw, and the error reaches its caller alone', async () => {
    const grants = grantsOf({});
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const failing = grants.run('k', () => Promise.reject(new Error('broken')), never);
    const throwing = grants.run(
      'k',
      () => {
        throw new Error('at once');
      },
      never,
    );
    const next = grants.run('k', async () => 'next', never);
    await expect(failing).rejects.toThrow('broken');
    await expect(throwing).rejects.toThrow('at once');
    expect(await next).toBe('next');
    await settled();
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });
});

describe('whoever gives up while waiting', () => {
  test('leaves at once without having run', async () => {
    const { log, enter, leave } = bench();
    const abort = new AbortController();
    void enter('a');
    const waiting = enter('b', { signal: abort.signal });
    await settled();
    abort.abort();
    expect(await waiting).toBeUndefined();
    leave('a');
    await settled();
    expect(log).toEqual(['+a', '-a']);
  });

  test('does not let those behind overtake those before', async () => {
    const { log, enter, leave } = bench();
    const abort = new AbortController();
    void enter('a');
    void enter('b', { signal: abort.signal });
    void enter('c');
    await settled();
    abort.abort();
    await settled();
    expect(log).toEqual(['+a']);
    leave('a');
    await settled();
    expect(log).toEqual(['+a', '-a', '+c']);
    leave('c');
  });

  test('before its turn came never runs, though the grant is free', async () => {
    const { log, enter } = bench();
    expect(await enter('a', { signal: AbortSignal.abort() })).toBeUndefined();
    expect(log).toEqual([]);
  });

  test('after its turn came goes on: an abort is its own business', async () => {
    const { log, enter, leave } = bench();
    const abort = new AbortController();
    const run = enter('a', { signal: abort.signal });
    await settled();
    abort.abort();
    const behind = enter('b');
    await settled();
    expect(log).toEqual(['+a']);
    leave('a');
    leave('b');
    expect(await Promise.all([run, behind])).toEqual(['a', 'b']);
  });

  test('leaves no listener on its signal', async () => {
    const { enter, leave } = bench();
    const abort = new AbortController();
    const runs = ['a', 'b'].map((name) => enter(name, { signal: abort.signal }));
    leave('a');
    leave('b');
    await Promise.all(runs);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });
});

describe('the registry', () => {
  test('is shared by all copies of the package in one process', async () => {
    const scope = {};
    const [one, two] = [grantsOf(scope), grantsOf(scope)];
    const { log, enter, leave } = bench(one);
    void enter('a');
    const other = enter('b', { through: two });
    leave('b');
    await settled();
    expect(log).toEqual(['+a']);
    leave('a');
    expect(await other).toBe('b');
    one.record('k', dead);
    expect(two.outcomeOf('k')).toEqual(dead);
    two.forget('k');
    expect(one.outcomeOf('k')).toBeUndefined();
  });

  test('lives on the global object unless another scope is given', () => {
    grantsOf();
    expect(Object.getOwnPropertySymbols(globalThis)).toContain(place);
  });

  test('shows up nowhere: the tokens in it are not to be printed', () => {
    const scope: Record<string, unknown> = {};
    grantsOf(scope).record('k', {
      kind: 'renewed',
      tokens: { access_token: 'very-secret' },
      expiresAtMs: undefined,
    });
    expect(Object.getOwnPropertyDescriptor(scope, place)).toMatchObject({ enumerable: false });
    expect(inspect(scope, { depth: 9 })).not.toContain('very-secret');
    expect(JSON.stringify(scope)).toBe('{}');
    expect(Reflect.ownKeys({ ...scope })).toEqual([]);
  });

  test('holds plain data and promises that never reject', async () => {
    const scope = {};
    const grants = grantsOf(scope);
    const failing = grants.run('k', () => Promise.reject(new Error('broken')), never);
    const tail = tailsOf(scope).get('k');
    await expect(failing).rejects.toThrow('broken');
    await expect(tail).resolves.toBeUndefined();
  });

  test('keeps nothing of a grant that nobody waits for', async () => {
    const scope = {};
    const { enter, leave } = bench(grantsOf(scope));
    const abort = new AbortController();
    const runs = [enter('a'), enter('b', { signal: abort.signal }), enter('c', { key: 'other' })];
    abort.abort();
    for (const name of ['a', 'c']) leave(name);
    await Promise.all(runs);
    await settled();
    expect(tailsOf(scope).size).toBe(0);
  });

  test('remembers at least the last thousand outcomes of a store, and never more than two thousand: the oldest go first', () => {
    const grants = grantsOf({});
    for (let n = 0; n < 1_500; n++) grants.record(`k${n}`, dead);
    // Told again, it is the youngest.
    grants.record('k0', { kind: 'perhaps-spent' });
    for (let n = 1_500; n < 2_001; n++) grants.record(`k${n}`, dead);
    expect(grants.outcomeOf('k0')).toEqual({ kind: 'perhaps-spent' });
    expect(grants.outcomeOf('k1')).toBeUndefined();
    expect(grants.outcomeOf('k1001')).toBeUndefined();
    expect(grants.outcomeOf('k1002')).toEqual(dead);
    expect(grants.outcomeOf('k2000')).toEqual(dead);
  });
});

const renewedTo = (refresh: string): GrantOutcome => ({
  kind: 'renewed',
  tokens: { access_token: `access of ${refresh}`, refresh_token: refresh },
  expiresAtMs: undefined,
});
const keyOf = fingerprint;
const crowd = (grants: ClientGrants, count = 5_000) => {
  for (let n = 0; n < count; n++) grants.record(keyOf(`other ${n}`), renewedTo(`other ${n}, next`));
};
const holderOf = (refresh: string | undefined, { client = 'client', unsaved = false } = {}): Holder => ({
  client,
  account: 'default',
  refreshToken: refresh && keyOf(refresh),
  unsaved,
});

describe('a token that some account still holds', () => {
  test('stays dead, however many outcomes of others come', () => {
    const grants = grantsOf({});
    const held = holderOf('dead one');
    grants.enter(held);
    grants.record(keyOf('dead one'), dead);
    crowd(grants);
    expect(grants.outcomeOf(keyOf('dead one'))).toEqual(dead);
    expect(held.refreshToken).toBe(keyOf('dead one'));
  });

  test('leads to the pair that it has become in the end, however many renewals ago that was, also where another store redeemed it', () => {
    const scope = {};
    const [holder, redeemer] = [grantsOf(scope), grantsOf(scope)];
    const held = holderOf('line 0');
    holder.enter(held);
    for (let n = 0; n < 6_000; n++) redeemer.record(keyOf(`line ${n}`), renewedTo(`line ${n + 1}`));
    expect(successorOf('line 0', holder.outcomeOf)?.refresh_token).toBe('line 6000');
    redeemer.record(keyOf('line 6000'), dead);
    crowd(redeemer);
    expect(successorOf('line 0', holder.outcomeOf)?.refresh_token).toBe('line 6000');
    expect(holder.outcomeOf(keyOf('line 6000'))).toEqual(dead);
    expect(held.refreshToken).toBe(keyOf('line 0'));
  });

  test('that nobody holds any more is forgotten like any other', () => {
    const grants = grantsOf({});
    const now = { refresh: 'first' };
    const held = {
      ...holderOf('first'),
      get refreshToken() {
        return keyOf(now.refresh);
      },
    };
    grants.enter(held);
    grants.record(keyOf('first'), dead);
    crowd(grants);
    expect(grants.outcomeOf(keyOf('first'))).toEqual(dead);
    now.refresh = 'second';
    crowd(grants);
    expect(grants.outcomeOf(keyOf('first'))).toBeUndefined();
    expect(held.refreshToken).toBe(keyOf('second'));
  });
});

describe('what became of a token', () => {
  test('is of one client at one login host: the same text may be good elsewhere', () => {
    const scope = {};
    const store = anyStore();
    const production = grantsOf(scope, { store, client: '["https://login.procore.com","id"]' });
    const sandbox = grantsOf(scope, { store, client: '["https://login-sandbox.procore.com","id"]' });
    sandbox.record('k', dead);
    expect(production.outcomeOf('k')).toBeUndefined();
    production.record('k', renewedTo('next'));
    expect(sandbox.outcomeOf('k')).toEqual(dead);
    sandbox.forget('k');
    expect(production.outcomeOf('k')).toEqual(renewedTo('next'));
  });

  test('counts for every attach to the store object, whichever copy of the package attached it first', () => {
    const scope = {};
    const store = anyStore();
    grantsOf(scope, { store }).record('k', dead);
    expect(grantsOf(scope, { store }).outcomeOf('k')).toEqual(dead);
  });

  test('counts for another store that was attached at the time', () => {
    const scope = {};
    const [one, two] = [grantsOf(scope), grantsOf(scope)];
    one.record('k', dead);
    expect(two.outcomeOf('k')).toEqual(dead);
  });

  test.each([true, false])('does not count for a store that is attached later (private: %s)', (isPrivate) => {
    const scope = {};
    const before = grantsOf(scope, { isPrivate });
    before.used();
    before.record('k', dead);
    expect(grantsOf(scope, { isPrivate }).outcomeOf('k')).toBeUndefined();
  });

  test('counts for a store that is attached later as soon as the one before is used beside it', () => {
    const scope = {};
    const before = grantsOf(scope);
    before.record('k', renewedTo('next'));
    const later = grantsOf(scope);
    expect(later.outcomeOf('k')).toBeUndefined();
    before.used();
    expect(later.outcomeOf('k')).toEqual(renewedTo('next'));
  });

  test('counts for a store that takes the place of another', () => {
    const scope = {};
    const store = anyStore();
    grantsOf(scope, { store }).record('k', dead);
    expect(grantsOf(scope, { replaces: store }).outcomeOf('k')).toEqual(dead);
  });

  test('counts for a later store, which may lead to the same table, while the successor is in memory only', () => {
    const scope = {};
    const before = grantsOf(scope, { isPrivate: false });
    const held = { ...holderOf('next'), unsaved: true };
    before.enter(held);
    before.record('k', renewedTo('next'));
    const [later, memory] = [grantsOf(scope, { isPrivate: false }), grantsOf(scope)];
    expect(later.outcomeOf('k')).toEqual(renewedTo('next'));
    expect(memory.outcomeOf('k')).toBeUndefined();
    held.unsaved = false;
    expect(later.outcomeOf('k')).toBeUndefined();
    expect([later.mayBeRedeemed('k'), memory.mayBeRedeemed('k')]).toEqual([true, false]);
  });

  test('that ten store objects have found dead, one after another, is dead for the eleventh, unless that is private', () => {
    const scope = {};
    const before = [];
    for (let n = 0; n < 10; n++) {
      const one = grantsOf(scope, { isPrivate: false });
      expect(one.outcomeOf('k')).toBeUndefined();
      one.record('k', dead);
      before.push(one);
    }
    expect(grantsOf(scope, { isPrivate: false }).outcomeOf('k')).toEqual(dead);
    expect(grantsOf(scope, { isPrivate: true }).outcomeOf('k')).toBeUndefined();
    expect(before).toHaveLength(10);
  });

  test('is over when the token endpoint issues that very token anew', () => {
    const grants = grantsOf({});
    grants.record(keyOf('one'), renewedTo('two'));
    grants.record(keyOf('two'), renewedTo('one'));
    expect(grants.outcomeOf(keyOf('one'))).toBeUndefined();
    expect(successorOf('two', grants.outcomeOf)?.refresh_token).toBe('one');
  });
});

describe('release 0.1.0 in the same process', () => {
  const older = (scope: object) =>
    (scope as Record<symbol, { outcomes: Map<string, GrantOutcome>; tails: Map<string, Promise<void>> }>)[
      place
    ]!;

  test('finds what became of a token under its fingerprint alone, a thousand at the most', () => {
    const scope = {};
    const grants = grantsOf(scope);
    grants.record('k', renewedTo('next'));
    expect(older(scope).outcomes.get('k')).toMatchObject(renewedTo('next'));
    grants.forget('k');
    expect(older(scope).outcomes.get('k')).toBeUndefined();
    crowd(grants);
    expect(older(scope).outcomes.size).toBe(1_000);
  });

  test('is believed, and what this release has told it is no news', () => {
    const scope = {};
    grantsOf(scope).record('ours', dead);
    older(scope).outcomes.set('theirs', renewedTo('next'));
    const later = grantsOf(scope);
    expect(later.outcomeOf('theirs')).toEqual(renewedTo('next'));
    expect(later.outcomeOf('ours')).toBeUndefined();
  });

  test('waits for the same queue: by the token alone', async () => {
    const scope = {};
    const { enter, leave } = bench(grantsOf(scope));
    void enter('a');
    expect([...older(scope).tails.keys()]).toEqual(['k']);
    leave('a');
  });
});

test('a look for a token costs no more where there are thousands of stores', () => {
  const scope = {};
  const stores = Array.from({ length: 2_000 }, anyStore);
  const mutexes = stores.map((store) => grantsOf(scope, { store }));
  mutexes.forEach((grants, index) => grants.record(`of ${index}`, dead));
  const looks = vi.spyOn(WeakRef.prototype, 'deref');
  for (const key of ['of 7', 'of nobody']) {
    mutexes[7]!.outcomeOf(key);
    mutexes[7]!.mayBeRedeemed(key);
    mutexes[7]!.record(key, dead);
    mutexes[7]!.forget(key);
  }
  expect(looks.mock.calls.length).toBeLessThan(50);
  looks.mockRestore();
  expect(mutexes[8]!.outcomeOf('of 8')).toEqual(dead);
});

describe('the accounts of a store', () => {
  const accounts = (count: number) => {
    const grants = createGrantRegistry({}).of(
      { load: () => undefined, save() {} },
      { client: '["https://login","id"]', isPrivate: false, replaces: undefined },
    );
    let looks = 0;
    const held = Array.from({ length: count }, (_, n) => ({
      ...holderOf(undefined, { client: grants.client }),
      get account() {
        looks++;
        return `account ${n}`;
      },
    }));
    const entries = held.map((one) => grants.enter(one));
    return { grants, held, entries, looks: () => looks };
  };

  test('are not looked through at the first use of another, while one client uses them', () => {
    const { grants, looks } = accounts(1_000);
    expect(grants.besides('account 7')).toEqual([]);
    expect(grants.loginsInUse()).toEqual(['https://login']);
    expect(looks()).toBe(0);
  });

  test('are no longer in use once they are let go', () => {
    const { grants, entries } = accounts(2);
    grants.leave(entries[1]!);
    expect(grants.loginsInUse()).toEqual(['https://login']);
    grants.leave(entries[0]!);
    expect(grants.loginsInUse()).toEqual([]);
  });
});
