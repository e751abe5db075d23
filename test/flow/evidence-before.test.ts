import { describe, expect, test } from 'vitest';
import type { LockRecord, TokenSet, TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, names, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;
/** So long before its end an access token is renewed while calls go on. */
const nearItsEnd = life - 60_000;

const readOnly = () => Object.assign(new Error('cannot execute UPDATE'), { code: 'EROFS' });

/** A store with a lock whose record is written where the tokens are. */
function createTable(h: Harness, more: Partial<TokenStore> = {}) {
  const table = { isReadOnly: false, onWrite: undefined as (() => Promise<void>) | undefined };
  const write = async () => {
    if (table.isReadOnly) throw readOnly();
    await table.onWrite?.();
  };
  const record: LockRecord = { read: async () => undefined, write };
  const saved: [TokenSet, TokenSet | undefined][] = [];
  const store: TokenStore = {
    load: h.store.load,
    async save(tokens, account, previous) {
      if (table.isReadOnly) throw readOnly();
      saved.push([tokens, previous]);
      await h.store.save(tokens, account, previous);
    },
    lock: (_account, critical) => critical(undefined, record),
    renewsLock: true,
    readsAreFresh: true,
    ...more,
  };
  return { table, store, saved };
}

const failures = (h: Harness) => h.told.filter(({ event }) => event === 'token-renewal-failed');

describe('a table that has become read-only, while the access token works', () => {
  test.each([true, false])(
    'nothing is redeemed, it is told, and calls are answered at once (in the background: %s)',
    async (background) => {
      await using h = await createHarness();
      const { table, store } = createTable(h);
      const { instance } = h.attachProcess({ store, renewal: { background } });
      await instance.get(me);
      h.env.jump(nearItsEnd);
      table.isReadOnly = true;
      const startedAtMs = h.env.now();
      for (let calls = 0; calls < 5; calls++) expect((await instance.get(me)).status).toBe(200);
      await h.env.advance(0);
      expect(h.env.now()).toBe(startedAtMs);
      expect(h.emulator.counters).toMatchObject({ tokenRequests: 0, unauthorized: 0 });
      expect(failures(h)).toHaveLength(1);
      const { code, message } = failures(h)[0]!.detail;
      expect(code).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
      expect(message).toContain('EROFS');
      expect(message).toContain('Nothing was redeemed');
    },
  );

  test.each([
    ['no lock can be had', { lock: () => Promise.reject(readOnly()) }],
    ['it cannot be read', { load: () => Promise.reject(readOnly()) }],
  ])('where %s, a call that would rather wait for the renewal does not wait', async (_what, more) => {
    await using h = await createHarness();
    const { store } = createTable(h);
    const { instance } = h.attachProcess({ store, renewal: { background: false } });
    await instance.get(me);
    h.env.jump(nearItsEnd);
    Object.assign(store, more);
    expect((await instance.get(me)).status).toBe(200);
    expect(failures(h)).toHaveLength(1);
    expect(h.emulator.counters.tokenRequests).toBe(0);
  });

  test('the renewal is tried again at growing intervals, and succeeds once the table can be written to', async () => {
    await using h = await createHarness();
    const { table, store } = createTable(h);
    const { instance, procore } = h.attachProcess({ store });
    await instance.get(me);
    h.env.jump(nearItsEnd);
    table.isReadOnly = true;
    for (let seconds = 0; seconds < 30; seconds++) {
      await instance.get(me);
      await h.env.advance(1_000);
    }
    expect(failures(h).length).toBeGreaterThan(1);
    expect(failures(h).length).toBeLessThan(5);
    table.isReadOnly = false;
    await h.env.advance(25_000);
    await instance.get(me);
    await procore.idle();
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  });

  test('renew() rejects with a TokenStoreError, and redeems nothing', async () => {
    await using h = await createHarness();
    const { table, store } = createTable(h);
    const { procore } = h.attachProcess({ store });
    table.isReadOnly = true;
    const error = await caught(procore.renew());
    expect(error['code']).toBe('ERR_PROCORE_TOKEN_STORE_FAILED');
    expect(h.emulator.counters.tokenRequests).toBe(0);
  });
});

describe('a table that has become read-only, when the access token has expired', () => {
  test('nothing is redeemed: a call tries for as long as it can wait, then it is a TokenStoreError', async () => {
    await using h = await createHarness();
    const { table, store } = createTable(h);
    const { instance } = h.attachProcess({ store });
    await instance.get(me);
    h.env.jump(life);
    table.isReadOnly = true;
    const error = await h.env.drive(caught(instance.get(me)), 1_000);
    expect(error['procore']).toMatchObject({ kind: 'token-store-failed' });
    expect(h.emulator.counters.tokenRequests).toBe(0);
    table.isReadOnly = false;
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(1);
  });

  test('a call that waits is answered when the table can be written to again', async () => {
    await using h = await createHarness();
    const { table, store } = createTable(h);
    const { instance } = h.attachProcess({ store });
    await instance.get(me);
    h.env.jump(life);
    table.isReadOnly = true;
    const call = instance.get(me);
    await h.env.advance(3_000);
    table.isReadOnly = false;
    expect((await h.env.drive(call)).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(1);
  });

  test('the same holds when a 401 has refused the access token: nothing is redeemed until the table can be written to', async () => {
    await using h = await createHarness();
    const { table, store } = createTable(h);
    const { instance } = h.attachProcess({ store });
    await instance.get(me);
    h.emulator.revoke(h.store.sets.get('default')!.access_token);
    table.isReadOnly = true;
    const error = await h.env.drive(caught(instance.get(me)), 1_000);
    expect(error['procore']).toMatchObject({ kind: 'token-store-failed' });
    expect(h.emulator.counters.tokenRequests).toBe(0);
  });
});

describe('a record that cannot be written beside tokens that can', () => {
  const broken = (h: Harness, more?: Partial<TokenStore>) => {
    const made = createTable(h, more);
    made.table.onWrite = async () => {
      throw new Error('no such column');
    };
    return made;
  };

  test('fails no call while the access token works: nothing is redeemed', async () => {
    await using h = await createHarness();
    const { store, saved } = broken(h);
    const { instance, procore } = h.attachProcess({ store });
    await instance.get(me);
    h.env.jump(nearItsEnd);
    await instance.get(me);
    await procore.idle();
    expect(h.emulator.counters.tokenRequests).toBe(0);
    expect(saved).toEqual([]);
  });

  test('when it has expired, the stored set is saved over itself: that shows that the new one can be saved', async () => {
    await using h = await createHarness();
    const { store, saved } = broken(h);
    const before = h.store.sets.get('default')!;
    const { instance } = h.attachProcess({ store });
    await instance.get(me);
    h.env.jump(life);
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(1);
    expect(saved.map(([, previous]) => previous?.refresh_token)).toEqual([
      before.refresh_token,
      before.refresh_token,
    ]);
    expect(saved[0]![0]).toMatchObject(before);
  });

  test.each([
    ['the lock says that it no longer stands', 0, true],
    ['the lock cannot say so', 120_000, false],
  ])(
    'where %s, a pair that another process has saved is not saved over',
    async (_what, stoppedForMs, canSay) => {
      await using h = await createHarness();
      let others: TokenSet | undefined;
      const { store, saved } = createTable(h, {
        lock: (_account, critical) => {
          let isHeld = true;
          const record: LockRecord = {
            read: async () => undefined,
            async write() {
              if (others) return;
              // The process is stopped for longer than its lease lasts, and another one renews.
              h.env.jump(stoppedForMs);
              others = h.emulator.issue();
              h.store.sets.set('default', others);
              isHeld = false;
              throw new Error('another holder has the lock');
            },
          };
          return critical(undefined, canSay ? { ...record, stands: async () => isHeld } : record);
        },
      });
      const { instance } = h.attachProcess({ store });
      await instance.get(me);
      h.env.jump(life);
      await h.env.drive(instance.get(me));
      expect(saved).toEqual([]);
      expect(h.emulator.counters.tokenRequests).toBe(0);
      expect(h.store.sets.get('default')).toBe(others);
    },
  );

  test('where reads may lag, nothing is saved over what nobody has seen: it is redeemed when it has expired', async () => {
    await using h = await createHarness();
    const { store, saved } = broken(h, { readsAreFresh: false });
    const { instance } = h.attachProcess({ store });
    await instance.get(me);
    h.env.jump(life);
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    expect(saved).toHaveLength(1);
  });
});

describe('a pair whose save has failed', () => {
  test('is saved before it is renewed: while it works and cannot be saved, nothing more is redeemed', async () => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    let isFull = true;
    h.store.onSave = () => {
      if (isFull) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const { instance, procore } = h.attachProcess();
    await h.env.drive(procore.renew());
    h.env.jump(nearItsEnd);
    for (let calls = 0; calls < 5; calls++) await instance.get(me);
    await h.env.advance(10_000);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
    expect(procore.unsavedTokens()).toBeDefined();
    isFull = false;
    await h.env.advance(15_000);
    await instance.get(me);
    await h.env.advance(1_000);
    expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
    expect(procore.status().unsaved).toBe(false);
  });

  test('is renewed from memory once its access token has expired: the token in the store is spent anyway', async () => {
    await using h = await createHarness({ emulator: { spentTokens: 'B' } });
    h.store.onSave = () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const { instance, procore } = h.attachProcess();
    await h.env.drive(procore.renew());
    await instance.get(me);
    h.env.jump(life);
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(2);
    expect(names(h.told, /reauth/)).toEqual([]);
  });
});
