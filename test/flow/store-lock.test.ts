import { expect, test } from 'vitest';
import { TokenStoreConflict, type TokenSet, type TokenStore } from '../../src/store/store.js';
import { createHarness, createTestStore, names } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';

type Lock = NonNullable<TokenStore['lock']>;

/** Mutual exclusion that several stores may share, as several processes share a server. */
function createTestLock(): { lock: Lock; log: string[] } {
  let tail: Promise<unknown> = Promise.resolve();
  const log: string[] = [];
  return {
    log,
    lock: (account, critical, signal) => {
      const run = tail.then(async () => {
        if (signal.aborted) throw new Error('aborted while waiting');
        log.push(`locked ${account}`);
        try {
          return await critical();
        } finally {
          log.push(`released ${account}`);
        }
      });
      tail = run.catch(() => undefined);
      return run;
    },
  };
}

test('many processes on one store with a lock: one exchange, everybody else adopts', async () => {
  await using h = await createHarness();
  const { lock } = createTestLock();
  const store = Object.assign(h.store, { lock, renewsLock: true, readsAreFresh: true });
  const fleet = Array.from({ length: 8 }, () => h.attachProcess({ store: { ...store } }));
  h.env.jump(life);
  await Promise.all(fleet.map(({ instance }) => instance.get(me)));
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
  expect(names(h.told).sort()).toEqual([...Array<string>(7).fill('token-adopted'), 'token-renewed']);
});

test('load, request and save happen under the lock, and the lock is released before the waiters go on', async () => {
  await using h = await createHarness();
  const { lock, log } = createTestLock();
  Object.assign(h.store, { lock, renewsLock: true, readsAreFresh: true });
  const { instance } = h.attachProcess({ store: { ...h.store, load: h.store.load, save: h.store.save } });
  await instance.get(me);
  h.env.jump(life);
  h.store.onLoad = () => void log.push('load');
  h.store.onSave = () => void log.push('save');
  await instance.get(me).then(() => log.push('answered'));
  // The load after the save is that of a first save that is read back: nobody waits for it.
  expect(log).toEqual(['locked default', 'load', 'load', 'save', 'load', 'released default', 'answered']);
});

test('a lock with fresh reads proves that nobody else has renewed: invalid_grant is believed at once', async () => {
  await using h = await createHarness();
  const { lock } = createTestLock();
  const { procore } = h.attachProcess({ store: { ...h.store, lock, renewsLock: true, readsAreFresh: true } });
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  await expect(procore.renew()).rejects.toMatchObject({ reason: 'refresh-token-invalid' });
  expect(h.env.sleeping).toBe(0);
});

test.each<[string, Lock, RegExp]>([
  ['rejects', () => Promise.reject(new Error('no route to lock server')), /store\.lock\(\) failed/],
  [
    'throws',
    () => {
      throw new Error('bad lock');
    },
    /store\.lock\(\) failed/,
  ],
  ['resolves without calling', () => Promise.resolve(undefined as never), /without having called/],
  ['never gives it', () => new Promise(() => {}), /not given the lock|gave no lock/],
])('a lock that %s: nothing is redeemed, a retryable error', async (_case, lock, message) => {
  await using h = await createHarness();
  const { instance } = h.attachProcess({
    store: { ...h.store, lock, renewsLock: true, readsAreFresh: true },
  });
  h.env.jump(life);
  const failed = h.env.drive(instance.get(me).catch((error: Error) => error));
  expect(await failed).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
    status: 503,
    message: expect.stringMatching(message),
  });
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.emulator.isLive(h.store.sets.get('default')!.refresh_token!)).toBe(true);
});

test('what the critical section returned counts; a lock that fails afterwards is a warning', async () => {
  await using h = await createHarness();
  const lock: Lock = async (_account, critical) => {
    await critical();
    throw new Error('could not release');
  };
  const { procore } = h.attachProcess({ store: { ...h.store, lock, renewsLock: true, readsAreFresh: true } });
  const pair = await procore.renew();
  expect(h.store.sets.get('default')).toEqual(pair);
  expect(names(h.told)).toEqual(['warning', 'token-renewed']);
});

test('a lock that runs its section twice gets one renewal', async () => {
  await using h = await createHarness();
  const lock: Lock = async (_account, critical) => {
    const [first] = await Promise.all([critical(), critical()]);
    return first;
  };
  const { procore } = h.attachProcess({ store: { ...h.store, lock, renewsLock: true, readsAreFresh: true } });
  await procore.renew();
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('a lock that comes too late redeems nothing', async () => {
  await using h = await createHarness();
  let late: (() => Promise<unknown>) | undefined;
  const lock: Lock = (_account, critical) => {
    late ??= () => critical();
    return new Promise(() => {});
  };
  const { procore } = h.attachProcess({
    store: { ...h.store, lock, renewsLock: true, readsAreFresh: true },
    maxWaitMs: 1_000,
  });
  const failed = procore.renew().catch((error: unknown) => error);
  expect(await h.env.drive(failed)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
  await late!();
  await h.env.advance(1_000);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a lock lost before the request: nothing is redeemed', async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const store = createTestStore(h.store.sets.get('default'));
  const lock: Lock = (_account, critical) => critical(lost.signal);
  const { procore } = h.attachProcess({
    store: Object.assign(store, { lock, lockMs: 100_000, readsAreFresh: true }),
  });
  store.onLoad = () => lost.abort();
  const failed = h.env.drive(
    procore.renew().catch((error: unknown) => error),
    5_000,
  );
  expect(await failed).toMatchObject({
    code: 'ERR_PROCORE_TOKEN_STORE_FAILED',
    message: expect.stringMatching(/lock was lost/),
  });
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a lock lost after the request: compare, then save; the pair is never dropped', async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const lock: Lock = (_account, critical) => critical(lost.signal);
  const { procore } = h.attachProcess({
    store: Object.assign(h.store, { lock, lockMs: 100_000, readsAreFresh: true }),
  });
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewed = procore.renew();
  await held.struck();
  lost.abort();
  held.release();
  const pair = await renewed;
  // What comes after that reads the first save back.
  expect(h.store.log.slice(0, 4)).toEqual(['load default', 'load default', 'load default', 'save default']);
  expect(h.store.sets.get('default')).toEqual(pair);
});

test('a lost lock and a newer pair in the store: theirs is used, and not overwritten', async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const lock: Lock = (_account, critical) => critical(lost.signal);
  const { procore } = h.attachProcess({
    store: Object.assign(h.store, { lock, lockMs: 100_000, readsAreFresh: true }),
  });
  const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
  const renewed = procore.renew();
  await held.struck();
  lost.abort();
  h.env.jump(1_000);
  const theirs = h.emulator.issue();
  h.store.sets.set('default', theirs);
  held.release();
  expect((await renewed).access_token).toBe(theirs.access_token);
  expect(h.store.sets.get('default')).toBe(theirs);
});

test('a lost lock and an invalid_grant: what the one who has the lock now saves late is taken', async () => {
  await using h = await createHarness();
  const lost = new AbortController();
  const lock: Lock = (_account, critical) => critical(lost.signal);
  const { load, save } = h.store;
  const { procore } = h.attachProcess({ store: { load, save, lock, lockMs: 100_000, readsAreFresh: true } });
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const renewed = procore.renew().catch((error: unknown) => error);
  await held.struck();
  lost.abort();
  let finishSave = () => {};
  h.store.onSave = () => new Promise<void>((resolve) => (finishSave = resolve));
  const winner = h.attachProcess({ store: { load, save } });
  const pair = winner.procore.renew();
  await until(() => h.emulator.counters.exchanges === 1, 'the exchange');
  held.release();
  await until(() => h.emulator.counters.spentPresentations === 1, 'the spent presentation');
  await h.env.advance(1_000);
  finishSave();
  const { access_token } = await pair;
  expect(await h.env.drive(renewed)).toMatchObject({ access_token });
});

test('somebody who saves past the lock: a store that compares says so, and their newer pair is used', async () => {
  await using h = await createHarness();
  const { lock } = createTestLock();
  const { load, save } = h.store;
  const { procore } = h.attachProcess({ store: { load, save, lock, renewsLock: true, readsAreFresh: true } });
  let theirs: TokenSet | undefined;
  h.store.onSave = () => {
    if (!theirs) {
      h.env.jump(1_000);
      theirs = h.emulator.issue();
      h.store.sets.set('default', theirs);
    }
    throw new TokenStoreConflict();
  };
  expect((await h.env.drive(procore.renew())).access_token).toBe(theirs!.access_token);
  expect(procore.status().unsaved).toBe(false);
});

test('a call that gives up leaves no wait for the lock behind once the tokens have been replaced', async () => {
  await using h = await createHarness();
  const signals: AbortSignal[] = [];
  const lock: Lock = (_account, critical, signal) => {
    signals.push(signal);
    return signals.length === 1 ? new Promise(() => {}) : critical();
  };
  const { instance, procore } = h.attachProcess({
    store: { ...h.store, lock, renewsLock: true, readsAreFresh: true },
  });
  h.env.jump(life);
  const call = instance.get(me);
  await until(() => signals.length === 1, 'the wait for the lock');
  await procore.setTokens(h.emulator.issue());
  expect(signals[0]!.aborted).toBe(true);
  expect((await call).status).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a comparing store that was put back to an older pair of ours is brought forward again', async () => {
  await using h = await createHarness();
  const comparing: TokenStore = {
    load: h.store.load,
    async save(tokens, account, previous) {
      if (h.store.sets.get(account)?.refresh_token !== previous?.refresh_token)
        throw new TokenStoreConflict();
      await h.store.save(tokens, account, previous);
    },
  };
  const { procore } = h.attachProcess({ store: comparing });
  const first = await procore.renew();
  await procore.renew();
  // A backup is restored.
  h.store.sets.set('default', first);
  const third = await h.env.drive(procore.renew());
  expect(h.store.sets.get('default')!.refresh_token).toBe(third.refresh_token);
  expect(procore.status().unsaved).toBe(false);
});
