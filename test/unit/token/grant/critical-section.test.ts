import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TokenStore } from '../../../../src/store/store.js';
import { createCriticalSection, runLocked } from '../../../../src/token/grant/critical-section.js';
import { createGrantRegistry } from '../../../../src/token/grant/registry.js';
import { fingerprint } from '../../../../src/token/pair/fingerprint.js';
import { createManualEnv, settled } from '../../../support/manual-env.js';

type Lock = (
  account: string,
  critical: (lost?: AbortSignal) => Promise<unknown>,
  signal: AbortSignal,
) => unknown;

const unhandled: unknown[] = [];
const listen = (reason: unknown) => unhandled.push(reason);
beforeEach(() => void process.on('unhandledRejection', listen));
afterEach(async () => {
  await settled();
  process.off('unhandledRejection', listen);
  expect(unhandled.splice(0)).toEqual([]);
});

function setUp(
  lock: Lock | undefined,
  critical: (lost?: AbortSignal) => Promise<unknown> = async () => 'value',
) {
  const env = createManualEnv();
  const warnings: string[] = [];
  const abort = new AbortController();
  let entered = 0;
  const store: TokenStore = { load: () => null, save: () => {} };
  if (lock) store.lock = lock as never;
  const warn = (why: string) => void warnings.push(why);
  const running = runLocked(
    { env, store, account: 'acme', waitMs: 60_000, releaseMs: 5_000, warn },
    (lost) => {
      entered++;
      return critical(lost);
    },
    abort.signal,
  );
  running.catch(() => undefined);
  return { env, warnings, abort, running, entered: () => entered };
}

describe('a store without lock', () => {
  test('runs the section at once, with nothing that could be lost', async () => {
    let lost: unknown = 'not called';
    const { running } = setUp(undefined, async (signal) => ((lost = signal), 5));
    expect(await running).toEqual({ kind: 'ran', value: 5 });
    expect(lost).toBeUndefined();
  });
});

describe('a store with lock', () => {
  test('is called with account and signal, and its lost signal reaches the section', async () => {
    const lost = new AbortController().signal;
    const seen: unknown[] = [];
    const { running, env } = setUp(
      async (account, critical, signal) => {
        seen.push(account, signal instanceof AbortSignal && !signal.aborted);
        return critical(lost);
      },
      async (signal) => (seen.push(signal === lost), 'value'),
    );
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(seen).toEqual(['acme', true, true]);
    expect(env.sleeping).toBe(0);
  });

  test('keeps its `this`', async () => {
    const store = {
      held: 0,
      load: () => null,
      save: () => {},
      lock<T>(_account: string, critical: () => Promise<T>): Promise<T> {
        this.held++;
        return critical();
      },
    };
    const deps = { env: createManualEnv(), store, account: 'a', waitMs: 1, releaseMs: 1, warn: () => {} };
    await runLocked(deps, async () => 5, new AbortController().signal);
    expect(store.held).toBe(1);
  });

  test('may call the section from within the call itself', async () => {
    const { running, entered } = setUp((_account, critical) => critical());
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(entered()).toBe(1);
  });

  test('that calls the section twice gets the promise of the first call', async () => {
    let same = false;
    const { running, entered } = setUp(async (_account, critical) => {
      const [one, two] = [critical(), critical()];
      same = one === two;
      await one;
      expect(critical()).toBe(one);
      return two;
    });
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(same).toBe(true);
    expect(entered()).toBe(1);
  });

  test('that resolves with something else does not change what the section returned', async () => {
    const { running, warnings } = setUp(async (_account, critical) => {
      await critical();
      return 'its own';
    });
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(warnings).toEqual([]);
  });

  test('that resolves without having called the section has failed, and a later call runs nothing', async () => {
    let late!: () => Promise<unknown>;
    const { running, entered, env } = setUp(async (_account, critical) => {
      late = critical;
    });
    expect(await running).toEqual({
      kind: 'failed',
      why: 'store.lock() resolved without having called its critical section',
    });
    expect(await late()).toBeUndefined();
    expect(entered()).toBe(0);
    expect(env.sleeping).toBe(0);
  });

  test('that returns no promise has failed', async () => {
    const { running } = setUp(() => undefined);
    expect(await running).toMatchObject({ kind: 'failed' });
  });

  test('that rejects has failed, and says why', async () => {
    const cause = new Error('no quorum');
    const { running, entered } = setUp(() => Promise.reject(cause));
    expect(await running).toEqual({ kind: 'failed', why: 'store.lock() failed (Error): no quorum', cause });
    expect(entered()).toBe(0);
  });

  test('that throws at once has failed too', async () => {
    const cause = new TypeError('no client');
    const { running } = setUp(() => {
      throw cause;
    });
    expect(await running).toEqual({
      kind: 'failed',
      why: 'store.lock() failed (TypeError): no client',
      cause,
    });
  });

  test('that gives no lock in time has failed: its signal aborts, and a later call runs nothing', async () => {
    let late!: () => Promise<unknown>;
    let its!: AbortSignal;
    const { running, env, entered, abort } = setUp((_account, critical, signal) => {
      [late, its] = [critical, signal];
      return new Promise(() => {});
    });
    await env.advance(59_999);
    expect(its.aborted).toBe(false);
    await env.advance(1);
    expect(await running).toEqual({ kind: 'failed', why: 'store.lock() gave no lock in 60000 ms' });
    expect(its.aborted).toBe(true);
    expect(await late()).toBeUndefined();
    expect(entered()).toBe(0);
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('that rejects after it was given up disturbs nobody', async () => {
    const { running, env } = setUp(
      (_account, _critical, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('given up'))),
        ),
    );
    await env.advance(60_000);
    expect(await running).toMatchObject({ kind: 'failed', why: 'store.lock() gave no lock in 60000 ms' });
  });
});

describe('an abort', () => {
  test('while waiting ends the wait within a tick, and nothing runs later', async () => {
    let late!: () => Promise<unknown>;
    let its!: AbortSignal;
    const { running, abort, entered, env } = setUp((_account, critical, signal) => {
      [late, its] = [critical, signal];
      return new Promise(() => {});
    });
    await settled();
    abort.abort();
    expect(its.aborted).toBe(true);
    expect(await running).toEqual({ kind: 'failed', why: 'the wait for store.lock() was given up' });
    expect(await late()).toBeUndefined();
    expect(entered()).toBe(0);
    expect(env.sleeping).toBe(0);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test.each(['with', 'without'])(
    'that came before asks for no lock and runs nothing (%s lock)',
    async (how) => {
      let asked = 0;
      let entered = 0;
      const lock = { lock: async () => (asked++, undefined as never) };
      const deps = {
        env: createManualEnv(),
        store: { load: () => null, save: () => {}, ...(how === 'with' ? lock : {}), renewsLock: true },
        account: 'a',
        waitMs: 1_000,
        releaseMs: 1_000,
        warn: () => {},
      };
      const locked = await runLocked(deps, async () => entered++, AbortSignal.abort());
      expect(locked).toMatchObject({ kind: 'failed' });
      expect([asked, entered]).toEqual([0, 0]);
    },
  );

  test('while the section runs stops neither the section nor the lock', async () => {
    let finish!: (value: unknown) => void;
    let its!: AbortSignal;
    const { running, abort } = setUp(
      (_account, critical, signal) => ((its = signal), critical()),
      () => new Promise((resolve) => (finish = resolve)),
    );
    await settled();
    abort.abort();
    await settled();
    expect(its.aborted).toBe(false);
    finish('late');
    expect(await running).toEqual({ kind: 'ran', value: 'late' });
  });
});

describe('what the lock does after the section', () => {
  test('a rejection is a warning: what the section returned counts', async () => {
    const { running, warnings } = setUp(async (_account, critical) => {
      await critical();
      throw new Error('release failed');
    });
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(warnings).toEqual(['store.lock() failed after its critical section was done (Error)']);
  });

  test('a release that never ends is a warning after its bound', async () => {
    const { running, warnings, env } = setUp(async (_account, critical) => {
      await critical();
      return new Promise(() => {});
    });
    await env.advance(4_999);
    expect(warnings).toEqual([]);
    await env.advance(1);
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(warnings).toEqual(['store.lock() has not settled 5000 ms after its critical section']);
    expect(env.sleeping).toBe(0);
  });

  test('one that rejects after its bound disturbs nobody', async () => {
    let fail!: (error: unknown) => void;
    const { running, env } = setUp(async (_account, critical) => {
      await critical();
      return new Promise((_resolve, reject) => (fail = reject));
    });
    await env.advance(5_000);
    await running;
    fail(new Error('much too late'));
  });

  test('the section may take longer than the wait for the lock', async () => {
    let finish!: (value: unknown) => void;
    const { running, env, warnings } = setUp(
      (_account, critical) => critical(),
      () => new Promise((resolve) => (finish = resolve)),
    );
    await env.advance(600_000);
    finish('at last');
    expect(await running).toEqual({ kind: 'ran', value: 'at last' });
    expect(warnings).toEqual([]);
  });

  test.each(['resolves', 'rejects'])('a lock that %s while the section runs is a warning', async (how) => {
    let finish!: (value: unknown) => void;
    const { running, warnings } = setUp(
      async (_account, critical) => {
        void critical();
        if (how === 'rejects') throw new Error('lost');
      },
      () => new Promise((resolve) => (finish = resolve)),
    );
    await settled();
    finish('value');
    expect(await running).toEqual({ kind: 'ran', value: 'value' });
    expect(warnings).toEqual([expect.stringContaining('settled before its critical section was done')]);
  });

  test('a rejection of the section passes through, and is not blamed on the lock', async () => {
    const defect = new Error('defect');
    const { running, warnings, env } = setUp(
      (_account, critical) => critical(),
      () => Promise.reject(defect),
    );
    await expect(running).rejects.toBe(defect);
    expect(warnings).toEqual([]);
    expect(env.sleeping).toBe(0);
  });

  test('a lock that does not await the section leaves no rejection unhandled', async () => {
    const { running } = setUp(
      async (_account, critical) => void critical(),
      () => Promise.reject(new Error('defect')),
    );
    await expect(running).rejects.toThrow('defect');
  });
});

describe('a critical section', () => {
  function setUpSection(store: TokenStore) {
    const env = createManualEnv();
    const section = createCriticalSection({
      env,
      account: 'acme',
      grant: 'refresh_token',
      accountKey: 'client of acme',
      store,
      grants: createGrantRegistry({}),
      settings: { storeTimeoutMs: 5_000 },
      warn: () => undefined,
    });
    const abort = new AbortController();
    const entering = { key: section.keyOf('R1'), lockWaitMs: 1_000, signal: abort.signal };
    return { env, section, abort, entering };
  }
  const unlocked: TokenStore = { load: () => null, save: () => {} };

  test('has the key of the refresh token, and without one that of client and account', () => {
    const { section } = setUpSection(unlocked);
    expect(section.keyOf('R1')).toBe(fingerprint('R1'));
    expect(section.keyOf(undefined)).toBe('client of acme');
  });

  test('runs for one at a time, also where the one before has thrown', async () => {
    const { section, entering } = setUpSection(unlocked);
    const order: string[] = [];
    const first = section.enter(entering, async () => {
      order.push('first begins');
      await settled();
      order.push('first throws');
      throw new Error('defect');
    });
    const second = section.enter(entering, async () => order.push('second begins'));
    await expect(first).rejects.toThrow('defect');
    await second;
    expect(order).toEqual(['first begins', 'first throws', 'second begins']);
  });

  test('does not run for whoever gives up while another is in it', async () => {
    const { section, entering, abort } = setUpSection(unlocked);
    let leave = () => {};
    const first = section.enter({ ...entering, signal: new AbortController().signal }, () => {
      return new Promise<void>((resolve) => (leave = resolve));
    });
    let entered = false;
    const second = section.enter(entering, async () => (entered = true));
    abort.abort();
    expect(await second).toEqual({ kind: 'aborted' });
    leave();
    await first;
    expect(entered).toBe(false);
  });

  test('does not run for whoever gives up while the store has not given the lock', async () => {
    const { section, entering, abort } = setUpSection({ ...unlocked, lock: () => new Promise(() => {}) });
    const entered = section.enter(entering, async () => 'ran');
    await settled();
    abort.abort();
    expect(await entered).toEqual({ kind: 'aborted' });
  });

  test('is free again for the next one after a lock that never answers', async () => {
    const { env, section, entering } = setUpSection({ ...unlocked, lock: () => new Promise(() => {}) });
    const work = Promise.all([
      section.enter(entering, async () => 'ran'),
      section.enter(entering, async () => 'ran'),
    ]);
    const failed = { kind: 'failed', why: 'store.lock() gave no lock in 1000 ms' };
    expect(await env.drive(work, 500)).toEqual([failed, failed]);
  });

  test.each([
    [async () => true, undefined],
    [async () => false, 'the lock was lost'],
    [async () => Promise.reject(new Error('gone')), /^nobody could say whether its lock still stands/],
  ])('asks the lock whether it still stands', async (stands, why) => {
    const record = { read: async () => undefined, write: async () => undefined, stands };
    const { section, entering } = setUpSection({
      ...unlocked,
      lock: (_account, critical) => critical(undefined, record),
    });
    const entered = await section.enter(entering, ({ objection }) => objection());
    const value = entered.kind === 'ran' ? entered.value : 'did not run';
    if (why instanceof RegExp) expect(value).toMatch(why);
    else expect(value).toBe(why);
  });
});
