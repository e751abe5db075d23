import { getEventListeners } from 'node:events';
import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createGrantMutex, type GrantOutcome } from '../../../src/token/mutex.js';
import { settled } from '../../support/manual-env.js';

const place = Symbol.for('axios-procore.grants');
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

  test('remembers the last thousand outcomes, the oldest going first', () => {
    const mutex = createGrantMutex({});
    for (let n = 0; n < 1_000; n++) mutex.record(`k${n}`, dead);
    // Told again, it is the youngest.
    mutex.record('k0', { kind: 'perhaps-spent' });
    mutex.record('k1000', dead);
    expect(mutex.outcomeOf('k0')).toEqual({ kind: 'perhaps-spent' });
    expect(mutex.outcomeOf('k1')).toBeUndefined();
    expect(mutex.outcomeOf('k2')).toEqual(dead);
    expect(mutex.outcomeOf('k1000')).toEqual(dead);
  });
});
