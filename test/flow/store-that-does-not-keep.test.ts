import { describe, expect, test } from 'vitest';
import { encryptedTokenStore } from '../../src/store/encrypted.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { drive } from '../support/drive.js';
import { createHarness, type Harness } from '../support/harness.js';
import { createRow, createWorld } from '../support/token-world.js';

const me = '/rest/v1.0/me';
const keys = [{ id: '1', key: Buffer.alloc(32, 7) }];

/** The warnings about the store. */
const offences = ({ told }: Harness): string[] =>
  told
    .filter(({ event, detail }) => event === 'warning' && detail['code'] === 'store-contract')
    .map(({ detail }) => String(detail['message']));

/** A store whose rows become what `keep` makes of what is saved. */
function storeOf(h: Harness, keep: (saved: TokenSet, row: TokenSet | undefined) => TokenSet | undefined) {
  let row = h.store.sets.get('default');
  const loads: number[] = [];
  const store: TokenStore = {
    load() {
      loads.push(h.env.now());
      return row;
    },
    save: (tokens) => void (row = keep(tokens, row)),
  };
  return { store, loads };
}

describe('a store that does not keep the new refresh token is warned of once', () => {
  test.each<[string, (saved: TokenSet, row: TokenSet | undefined) => TokenSet | undefined, RegExp]>([
    ['save() {}', (_saved, row) => row, /the pair before, whose refresh token is spent/],
    ['a row that is gone with the save', () => undefined, /load\(\) gave nothing/],
    [
      'only access_token is updated',
      ({ access_token }, row) => ({ ...row, access_token }),
      /the new access token with the refresh token of an older pair/,
    ],
    [
      'refresh_token is dropped',
      ({ refresh_token: _dropped, ...rest }) => rest,
      /the new access token without a refresh token/,
    ],
    [
      'a column that cuts',
      (saved) => ({ ...saved, refresh_token: saved.refresh_token!.slice(0, 20) }),
      /the refresh token cut to 20 of its \d+ characters/,
    ],
    [
      'a JSON text that nobody parses',
      (saved) => JSON.stringify(saved) as never,
      /a JSON text must be parsed/,
    ],
  ])('%s', async (_what, keep, message) => {
    await using h = await createHarness();
    const { store } = storeOf(h, keep);
    const { procore, instance } = h.attachProcess({ store });
    const pair = await procore.renew();
    expect((await instance.get(me)).status).toBe(200);
    await h.env.advance(60_000);
    const told = offences(h);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(message);
    expect(told[0]).toMatch(/account "default"; rule ".*" of docs\/stores\.md\)$/);
    expect(told[0]).not.toContain(pair.refresh_token!.slice(0, 20));
    expect(told[0]).not.toContain(pair.access_token.slice(0, 20));
    await h.env.drive(procore.renew().catch(() => undefined));
    await h.env.advance(120_000);
    expect(offences(h)).toHaveLength(1);
    expect(h.env.sleeping).toBe(0);
  });

  test.each([
    ['refresh_token', (saved: TokenSet) => ({ ...saved, refresh_token: saved.refresh_token!.slice(0, 20) })],
    [
      'both tokens',
      (saved: TokenSet) => ({
        ...saved,
        access_token: saved.access_token.slice(0, 20),
        refresh_token: saved.refresh_token!.slice(0, 20),
      }),
    ],
  ])(
    'a store that cuts %s: the whole pair stays in memory as long as the process lives, and is renewed',
    async (_, keep) => {
      await using h = await createHarness();
      const { store } = storeOf(h, keep);
      const { procore, instance } = h.attachProcess({ store });
      for (let times = 0; times < 3; times++) {
        const { refresh_token } = await h.env.drive(procore.renew());
        // Longer than an account is kept that nobody uses.
        await h.env.advance(1_260_000);
        expect(h.emulator.isLive(refresh_token!)).toBe(true);
        expect((await h.env.drive(instance.get(me))).status).toBe(200);
      }
      expect(h.emulator.log.filter(({ status }) => status === 400)).toEqual([]);
      expect(h.told.filter(({ event }) => event === 'reauthentication-required')).toEqual([]);
    },
  );

  test('tokens of a new authorization that are not kept, in a store that holds others', async () => {
    await using h = await createHarness();
    const { store } = storeOf(h, (_saved, row) => row);
    const { procore } = h.attachProcess({ store });
    await procore.setTokens(h.emulator.issue());
    await h.env.advance(60_000);
    expect(offences(h)).toHaveLength(1);
  });

  test.each([
    ['a minute later', 30_000],
    ['after the next save', 120_000],
  ])('a store that gives no answer when it is read back first: it is read %s', async (_when, awayMs) => {
    await using h = await createHarness();
    const { store } = storeOf(h, (_saved, row) => row);
    let awayUntilMs = 0;
    const load = (account: string) =>
      h.env.now() < awayUntilMs ? new Promise<never>(() => {}) : store.load(account);
    const save: TokenStore['save'] = (tokens, account, previous) => {
      awayUntilMs ||= h.env.now() + awayMs;
      return store.save(tokens, account, previous);
    };
    const { procore } = h.attachProcess({ store: { load, save } });
    await procore.renew();
    await h.env.advance(70_000);
    expect(offences(h)).toHaveLength(awayMs < 60_000 ? 1 : 0);
    await h.env.advance(60_000);
    await h.env.drive(procore.setTokens(h.emulator.issue()));
    await h.env.advance(60_000);
    expect(offences(h)).toHaveLength(1);
  });

  test('a column that cuts what encryptedTokenStore has sealed', async () => {
    await using h = await createHarness();
    const { store } = storeOf(h, (saved) => ({ ...saved, access_token: saved.access_token.slice(0, 255) }));
    const { procore } = h.attachProcess({ store: encryptedTokenStore(store, { keys, acceptPlain: true }) });
    await procore.renew();
    await h.env.advance(60_000);
    expect(offences(h)).toEqual([expect.stringContaining('cannot be opened')]);
  });
});

describe('no warning is given for', () => {
  test('a store that keeps: it is read once more after the first save, and never again', async () => {
    await using h = await createHarness();
    const { store, loads } = storeOf(h, (saved) => saved);
    const { procore } = h.attachProcess({ store });
    await procore.renew();
    await h.env.advance(0);
    const first = loads.length;
    await procore.renew();
    await h.env.advance(120_000);
    expect(loads.length - first).toBe(first - 1 - 1);
    expect(offences(h)).toEqual([]);
  });

  test('a replica that lags for less than a minute', async () => {
    await using h = await createHarness();
    const rows: { row: TokenSet; atMs: number }[] = [{ row: h.store.sets.get('default')!, atMs: 0 }];
    const store: TokenStore = {
      load: () => rows.filter(({ atMs }) => h.env.now() - atMs >= 50_000).at(-1)?.row,
      save: (row) => void rows.push({ row, atMs: h.env.now() }),
    };
    const { procore } = h.attachProcess({ store });
    await procore.renew();
    await h.env.advance(120_000);
    expect(offences(h)).toEqual([]);
  });

  test('a store that cannot be read back', async () => {
    await using h = await createHarness();
    let isDown = false;
    const { store } = storeOf(h, (saved) => ((isDown = true), saved));
    const load = (account: string) => (isDown ? Promise.reject(new Error('down')) : store.load(account));
    const { procore } = h.attachProcess({ store: { ...store, load } });
    await procore.renew();
    await h.env.advance(120_000);
    expect(offences(h)).toEqual([]);
  });

  test('a store of this package, plain or encrypted: it is not read back', async () => {
    await using h = await createHarness();
    for (const wrap of [
      (store: TokenStore) => store,
      (store: TokenStore) => encryptedTokenStore(store, { keys }),
    ]) {
      const inner = memoryTokenStore();
      const store = wrap(inner);
      await store.save(h.emulator.issue(), 'default', undefined);
      let loads = 0;
      const { load } = inner;
      inner.load = (account) => (loads++, load(account));
      const { procore } = h.attachProcess({ store });
      await procore.renew();
      const counted = loads;
      await h.env.advance(120_000);
      expect(loads).toBe(counted);
    }
    expect(offences(h)).toEqual([]);
  });

  test('a log-out between the two looks', async () => {
    await using h = await createHarness();
    const { store } = storeOf(h, (_saved, row) => row);
    const { procore } = h.attachProcess({ store });
    await procore.renew();
    await procore.revoke();
    await h.env.advance(120_000);
    expect(offences(h)).toEqual([]);
  });
});

test('a call does not wait for a store that is read back slowly', async () => {
  await using h = await createHarness();
  let isSlow = false;
  const { store } = storeOf(h, (saved) => ((isSlow = true), saved));
  const load = (account: string) => (isSlow ? new Promise<never>(() => {}) : store.load(account));
  const { procore, instance } = h.attachProcess({ store: { ...store, load } });
  await procore.renew();
  expect((await instance.get(me)).status).toBe(200);
});

test.each(['plain', 'locked'] as const)(
  'a process that knows no refresh token goes on with the whole pair that a %s store holds in the end',
  async (how) => {
    const world = createWorld({ jwt: { sub: 'user-1' } });
    let isDropped = false;
    const write = ({ refresh_token, ...rest }: TokenSet): TokenSet =>
      isDropped ? rest : { refresh_token, ...rest };
    const row = createRow(world.issue(), { write });
    const one = world.start(row[how]());
    await drive(world.env, one.instance.get(me));
    await world.env.advance(600_000);
    isDropped = true;
    await drive(world.env, one.procore.renew());
    const two = world.start(row[how]());
    await drive(world.env, two.instance.get(me));
    await expect(drive(world.env, two.procore.renew())).rejects.toMatchObject({ reason: 'no-refresh-token' });
    isDropped = false;
    await world.env.advance(600_000);
    await drive(world.env, one.procore.renew());
    expect((await drive(world.env, two.instance.get(me))).status).toBe(200);
    expect(world.counters).toMatchObject({ exchanges: 2, spent: 0 });
    // It has the refresh token, too.
    await drive(world.env, two.procore.renew());
    expect(world.counters).toMatchObject({ exchanges: 3, spent: 0 });
  },
);

test('a refresh token that a store has got back is used, though a 401 has refused the access token beside it', async () => {
  const world = createWorld({ jwt: { sub: 'user-1' } });
  const whole = world.issue();
  const { refresh_token: _dropped, ...rest } = whole;
  const row = createRow(rest);
  const { instance } = world.start(row.locked());
  await drive(world.env, instance.get(me));
  world.expire();
  await expect(drive(world.env, instance.get(me))).rejects.toMatchObject({ reason: 'no-refresh-token' });
  row.set = whole;
  await world.env.advance(60_000);
  expect((await drive(world.env, instance.get(me))).status).toBe(200);
  expect(world.counters).toMatchObject({ exchanges: 1, spent: 0, unauthorized: 1 });
});
