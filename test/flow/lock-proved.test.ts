import { describe, expect, test } from 'vitest';
import {
  TokenStoreConflict,
  type LockRecord,
  type TokenSet,
  type TokenStore,
} from '../../src/store/store.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const life = 5_400_000;
const busy = (seconds: number) =>
  ({
    on: 'token',
    do: { kind: 'answer', status: 429, headers: { 'retry-after': String(seconds) } },
  }) as const;

/** The rows of the harness, under a lock whose holder can say whether it stands. */
function provable(h: Harness, stands: () => boolean | Promise<boolean>, more: Partial<TokenStore> = {}) {
  const asked: number[] = [];
  const record: LockRecord = {
    read: async () => undefined,
    write: async () => undefined,
    stands: async () => {
      asked.push(h.emulator.counters.tokenRequests);
      return stands();
    },
  };
  const lock: NonNullable<TokenStore['lock']> = (_account, critical) => critical(undefined, record);
  const { load, save } = h.store;
  return { asked, store: { load, save, lock, renewsLock: true, readsAreFresh: true, ...more } };
}

/** Another process renews, past every lock. */
async function renewElsewhere(h: Harness): Promise<TokenSet> {
  const { load, save } = h.store;
  return h.attachProcess({ store: { load, save } }).procore.renew();
}

describe('right before a token is presented', () => {
  test('the lock is asked whether it stands, again after each wait', async () => {
    await using h = await createHarness();
    const { asked, store } = provable(h, () => true);
    h.emulator.misbehave({ ...busy(3), times: 2 });
    const { procore } = h.attachProcess({ store });
    await h.env.drive(procore.renew());
    expect(asked).toEqual([0, 1, 2]);
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 3, exchanges: 1 });
  });

  test('the lock is asked again after a clientSecret function that took long', async () => {
    await using h = await createHarness();
    let theirs: TokenSet | undefined;
    const { store } = provable(h, () => theirs === undefined);
    const clientSecret = async () => {
      theirs ??= await renewElsewhere(h);
      return h.emulator.clientSecret;
    };
    const { procore } = h.attachProcess({ store, clientSecret });
    const renewed = await h.env.drive(procore.renew());
    expect(renewed.access_token).toBe(theirs!.access_token);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test("the application's own exchange is not called without the lock either", async () => {
    await using h = await createHarness();
    const { store } = provable(h, () => false);
    let calls = 0;
    const exchange = async () => {
      calls++;
      return h.emulator.issue();
    };
    const { procore } = h.attachProcess({ store, exchange });
    const failed = h.env.drive(procore.renew().catch((error: unknown) => error));
    expect(await failed).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(calls).toBe(0);
  });

  test.each<[string, () => Promise<never>, RegExp]>([
    [
      'rejects',
      () => Promise.reject(new Error('secret-1')),
      /nobody could say whether its lock still stands/,
    ],
    ['hangs', () => new Promise<never>(() => {}), /did not say in 5000 ms whether it still stands/],
  ])('a proof that %s is none, and the background says so', async (_how, stands, why) => {
    await using h = await createHarness();
    const { store } = provable(h, stands);
    const { instance } = h.attachProcess({ store });
    await instance.get('/rest/v1.0/me');
    h.env.jump(life - 300_000);
    await instance.get('/rest/v1.0/me');
    await h.env.advance(6_000);
    const [failed] = h.told.filter(({ event }) => event === 'token-renewal-failed');
    expect(failed?.detail).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(failed?.detail['message']).toMatch(why);
    expect(failed?.detail['message']).not.toContain('secret-1');
    expect(h.emulator.counters.tokenRequests).toBe(0);
  });
});

test('a holder that lost its lock in a long wait takes what the next holder has saved, and its call is answered', async () => {
  await using h = await createHarness();
  let holds = 0;
  // The first lock is gone after the wait; the second one stands.
  const { store } = provable(h, () => holds > 1 || h.emulator.counters.tokenRequests === 0);
  const lock: TokenStore['lock'] = (...given) => {
    holds++;
    return store.lock(...given);
  };
  const { instance } = h.attachProcess({ store: { ...store, lock } });
  h.env.jump(life);
  h.emulator.misbehave(busy(8));
  const call = instance.get('/rest/v1.0/me');
  await until(() => h.env.pending.includes(8_000), 'the wait for the token endpoint');
  await renewElsewhere(h);
  expect((await h.env.drive(call)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

describe('after a long wait the store is read again', () => {
  test.each(['without a lock', 'under a lock that cannot say whether it stands'])(
    '%s: a token that was spent meanwhile is not presented',
    async (how) => {
      await using h = await createHarness();
      const { load, save } = h.store;
      const lock: NonNullable<TokenStore['lock']> = (_account, critical) => critical();
      const locked = how === 'without a lock' ? {} : { lock, lockMs: 100_000, readsAreFresh: true };
      const { procore } = h.attachProcess({ store: { load, save, ...locked } });
      h.emulator.misbehave(busy(20));
      const renewed = procore.renew();
      await until(() => h.env.pending.includes(20_000), 'the wait for the token endpoint');
      const theirs = await renewElsewhere(h);
      expect((await h.env.drive(renewed)).access_token).toBe(theirs.access_token);
      expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
    },
  );

  test('a store that cannot be read again after a long wait stops the renewal before anything is redeemed', async () => {
    await using h = await createHarness();
    const { procore } = h.attachProcess({ store: { load: h.store.load, save: h.store.save } });
    h.emulator.misbehave(busy(20));
    const renewed = procore.renew().catch((error: unknown) => error);
    await until(() => h.env.pending.includes(20_000), 'the wait for the token endpoint');
    h.store.onLoad = () => Promise.reject(new Error('down'));
    expect(await h.env.drive(renewed)).toMatchObject({ code: 'ERR_PROCORE_TOKEN_STORE_FAILED' });
    expect(h.emulator.counters.tokenRequests).toBe(1);
    h.store.onLoad = undefined;
    await h.env.drive(procore.renew());
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test('what others wrote beside the tokens meanwhile is what the pair is saved with, and compared with', async () => {
    await using h = await createHarness();
    const { load } = h.store;
    const save: TokenStore['save'] = async (tokens, account, previous) => {
      if (previous?.['cursor'] !== h.store.sets.get(account)?.['cursor']) throw new TokenStoreConflict();
      await h.store.save(tokens, account, previous);
    };
    const lock: NonNullable<TokenStore['lock']> = (_account, critical) => critical();
    const { procore } = h.attachProcess({
      store: { load, save, lock, lockMs: 100_000, readsAreFresh: true },
    });
    h.emulator.misbehave(busy(20));
    const renewed = procore.renew();
    await until(() => h.env.pending.includes(20_000), 'the wait for the token endpoint');
    h.store.sets.set('default', { ...h.store.sets.get('default')!, cursor: 7 });
    await h.env.drive(renewed);
    expect(names(h.told)).not.toContain('token-save-failed');
  });

  test('a machine that slept while the server was waited for goes on, with a lock and a store asked anew', async () => {
    await using h = await createHarness();
    const { load, save } = h.store;
    const { procore } = h.attachProcess({ store: { load, save } });
    h.emulator.misbehave(busy(20));
    const renewed = procore.renew();
    await until(() => h.env.pending.includes(20_000), 'the wait for the token endpoint');
    h.env.jump(life / 10);
    await h.env.drive(renewed, 20_000);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });
});
