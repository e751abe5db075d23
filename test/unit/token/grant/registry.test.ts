import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, test, vi } from 'vitest';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import {
  createGrantRegistry,
  type GrantMutex,
  type GrantOutcome,
  type Holder,
} from '../../../../src/token/grant/registry.js';
import { successorOf } from '../../../../src/token/grant/outcomes.js';
import type { TokenStore } from '../../../../src/store/store.js';
import { settled } from '../../../support/manual-env.js';

const place = Symbol.for('axios-procore.grants');
/** A store object; nothing is ever read from it. */
const anyStore = (): TokenStore => ({ load: () => undefined, save() {} });
/** For one store object and client, as every attach has it. */
function createGrantMutex(
  scope: object = globalThis,
  {
    store = anyStore(),
    client = 'client',
    isPrivate = true,
    replaces = undefined as TokenStore | undefined,
  } = {},
): GrantMutex {
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
function bench(mutex = createGrantMutex({})) {
  const log: string[] = [];
  const gates = new Map<string, ReturnType<typeof gate>>();
  const enter = (name: string, { key = 'k', signal = never, through = mutex } = {}) => {
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
    const mutex = createGrantMutex({});
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', listen);
    const failing = mutex.run('k', () => Promise.reject(new Error('broken')), never);
    const throwing = mutex.run(
      'k',
      () => {
        throw new Error('at once');
      },
      never,
    );
    const next = mutex.run('k', async () => 'next', never);
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
    const [one, two] = [createGrantMutex(scope), createGrantMutex(scope)];
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
    createGrantMutex();
    expect(Object.getOwnPropertySymbols(globalThis)).toContain(place);
  });

  test('shows up nowhere: the tokens in it are not to be printed', () => {
    const scope: Record<string, unknown> = {};
    createGrantMutex(scope).record('k', {
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
    const mutex = createGrantMutex(scope);
    const failing = mutex.run('k', () => Promise.reject(new Error('broken')), never);
    const tail = tailsOf(scope).get('k');
    await expect(failing).rejects.toThrow('broken');
    await expect(tail).resolves.toBeUndefined();
  });

  test('keeps nothing of a grant that nobody waits for', async () => {
    const scope = {};
    const { enter, leave } = bench(createGrantMutex(scope));
    const abort = new AbortController();
    const runs = [enter('a'), enter('b', { signal: abort.signal }), enter('c', { key: 'other' })];
    abort.abort();
    for (const name of ['a', 'c']) leave(name);
    await Promise.all(runs);
    await settled();
    expect(tailsOf(scope).size).toBe(0);
  });

  test('remembers at least the last thousand outcomes of a store, and never more than two thousand: the oldest go first', () => {
    const mutex = createGrantMutex({});
    for (let n = 0; n < 1_500; n++) mutex.record(`k${n}`, dead);
    // Told again, it is the youngest.
    mutex.record('k0', { kind: 'perhaps-spent' });
    for (let n = 1_500; n < 2_001; n++) mutex.record(`k${n}`, dead);
    expect(mutex.outcomeOf('k0')).toEqual({ kind: 'perhaps-spent' });
    expect(mutex.outcomeOf('k1')).toBeUndefined();
    expect(mutex.outcomeOf('k1001')).toBeUndefined();
    expect(mutex.outcomeOf('k1002')).toEqual(dead);
    expect(mutex.outcomeOf('k2000')).toEqual(dead);
  });
});

const renewedTo = (refresh: string): GrantOutcome => ({
  kind: 'renewed',
  tokens: { access_token: `access of ${refresh}`, refresh_token: refresh },
  expiresAtMs: undefined,
});
const keyOf = fingerprint;
const crowd = (mutex: GrantMutex, count = 5_000) => {
  for (let n = 0; n < count; n++) mutex.record(keyOf(`other ${n}`), renewedTo(`other ${n}, next`));
};
const holderOf = (refresh: string | undefined, { client = 'client', unsaved = false } = {}): Holder => ({
  client,
  account: 'default',
  refreshToken: refresh && keyOf(refresh),
  unsaved,
});

describe('a token that some account still holds', () => {
  test('stays dead, however many outcomes of others come', () => {
    const mutex = createGrantMutex({});
    const held = holderOf('dead one');
    mutex.enter(held);
    mutex.record(keyOf('dead one'), dead);
    crowd(mutex);
    expect(mutex.outcomeOf(keyOf('dead one'))).toEqual(dead);
    expect(held.refreshToken).toBe(keyOf('dead one'));
  });

  test('leads to the pair that it has become in the end, however many renewals ago that was, also where another store redeemed it', () => {
    const scope = {};
    const [holder, redeemer] = [createGrantMutex(scope), createGrantMutex(scope)];
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
    const mutex = createGrantMutex({});
    const now = { refresh: 'first' };
    const held = {
      ...holderOf('first'),
      get refreshToken() {
        return keyOf(now.refresh);
      },
    };
    mutex.enter(held);
    mutex.record(keyOf('first'), dead);
    crowd(mutex);
    expect(mutex.outcomeOf(keyOf('first'))).toEqual(dead);
    now.refresh = 'second';
    crowd(mutex);
    expect(mutex.outcomeOf(keyOf('first'))).toBeUndefined();
    expect(held.refreshToken).toBe(keyOf('second'));
  });
});

describe('what became of a token', () => {
  test('is of one client at one login host: the same text may be good elsewhere', () => {
    const scope = {};
    const store = anyStore();
    const production = createGrantMutex(scope, { store, client: '["https://login.procore.com","id"]' });
    const sandbox = createGrantMutex(scope, { store, client: '["https://login-sandbox.procore.com","id"]' });
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
    createGrantMutex(scope, { store }).record('k', dead);
    expect(createGrantMutex(scope, { store }).outcomeOf('k')).toEqual(dead);
  });

  test('counts for another store that was attached at the time', () => {
    const scope = {};
    const [one, two] = [createGrantMutex(scope), createGrantMutex(scope)];
    one.record('k', dead);
    expect(two.outcomeOf('k')).toEqual(dead);
  });

  test.each([true, false])('does not count for a store that is attached later (private: %s)', (isPrivate) => {
    const scope = {};
    const before = createGrantMutex(scope, { isPrivate });
    before.used();
    before.record('k', dead);
    expect(createGrantMutex(scope, { isPrivate }).outcomeOf('k')).toBeUndefined();
  });

  test('counts for a store that is attached later as soon as the one before is used beside it', () => {
    const scope = {};
    const before = createGrantMutex(scope);
    before.record('k', renewedTo('next'));
    const later = createGrantMutex(scope);
    expect(later.outcomeOf('k')).toBeUndefined();
    before.used();
    expect(later.outcomeOf('k')).toEqual(renewedTo('next'));
  });

  test('counts for a store that takes the place of another', () => {
    const scope = {};
    const store = anyStore();
    createGrantMutex(scope, { store }).record('k', dead);
    expect(createGrantMutex(scope, { replaces: store }).outcomeOf('k')).toEqual(dead);
  });

  test('counts for a later store, which may lead to the same table, while the successor is in memory only', () => {
    const scope = {};
    const before = createGrantMutex(scope, { isPrivate: false });
    const held = { ...holderOf('next'), unsaved: true };
    before.enter(held);
    before.record('k', renewedTo('next'));
    const [later, memory] = [createGrantMutex(scope, { isPrivate: false }), createGrantMutex(scope)];
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
      const one = createGrantMutex(scope, { isPrivate: false });
      expect(one.outcomeOf('k')).toBeUndefined();
      one.record('k', dead);
      before.push(one);
    }
    expect(createGrantMutex(scope, { isPrivate: false }).outcomeOf('k')).toEqual(dead);
    expect(createGrantMutex(scope, { isPrivate: true }).outcomeOf('k')).toBeUndefined();
    expect(before).toHaveLength(10);
  });

  test('is over when the token endpoint issues that very token anew', () => {
    const mutex = createGrantMutex({});
    mutex.record(keyOf('one'), renewedTo('two'));
    mutex.record(keyOf('two'), renewedTo('one'));
    expect(mutex.outcomeOf(keyOf('one'))).toBeUndefined();
    expect(successorOf('two', mutex.outcomeOf)?.refresh_token).toBe('one');
  });
});

describe('release 0.1.0 in the same process', () => {
  const older = (scope: object) =>
    (scope as Record<symbol, { outcomes: Map<string, GrantOutcome>; tails: Map<string, Promise<void>> }>)[
      place
    ]!;

  test('finds what became of a token under its fingerprint alone, a thousand at the most', () => {
    const scope = {};
    const mutex = createGrantMutex(scope);
    mutex.record('k', renewedTo('next'));
    expect(older(scope).outcomes.get('k')).toMatchObject(renewedTo('next'));
    mutex.forget('k');
    expect(older(scope).outcomes.get('k')).toBeUndefined();
    crowd(mutex);
    expect(older(scope).outcomes.size).toBe(1_000);
  });

  test('is believed, and what this release has told it is no news', () => {
    const scope = {};
    createGrantMutex(scope).record('ours', dead);
    older(scope).outcomes.set('theirs', renewedTo('next'));
    const later = createGrantMutex(scope);
    expect(later.outcomeOf('theirs')).toEqual(renewedTo('next'));
    expect(later.outcomeOf('ours')).toBeUndefined();
  });

  test('waits for the same queue: by the token alone', async () => {
    const scope = {};
    const { enter, leave } = bench(createGrantMutex(scope));
    void enter('a');
    expect([...older(scope).tails.keys()]).toEqual(['k']);
    leave('a');
  });
});

test('a look for a token costs no more where there are thousands of stores', () => {
  const scope = {};
  const stores = Array.from({ length: 2_000 }, anyStore);
  const mutexes = stores.map((store) => createGrantMutex(scope, { store }));
  mutexes.forEach((mutex, index) => mutex.record(`of ${index}`, dead));
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
    const mutex = createGrantRegistry({}).of(
      { load: () => undefined, save() {} },
      { client: '["https://login","id"]', isPrivate: false, replaces: undefined },
    );
    let looks = 0;
    const held = Array.from({ length: count }, (_, n) => ({
      ...holderOf(undefined, { client: mutex.client }),
      get account() {
        looks++;
        return `account ${n}`;
      },
    }));
    const entries = held.map((one) => mutex.enter(one));
    return { mutex, held, entries, looks: () => looks };
  };

  test('are not looked through at the first use of another, while one client uses them', () => {
    const { mutex, looks } = accounts(1_000);
    expect(mutex.besides('account 7')).toEqual([]);
    expect(mutex.loginsInUse()).toEqual(['https://login']);
    expect(looks()).toBe(0);
  });

  test('are no longer in use once they are let go', () => {
    const { mutex, entries } = accounts(2);
    mutex.leave(entries[1]!);
    expect(mutex.loginsInUse()).toEqual(['https://login']);
    mutex.leave(entries[0]!);
    expect(mutex.loginsInUse()).toEqual([]);
  });
});
