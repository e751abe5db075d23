import { expect, test } from 'vitest';
import { encryptedTokenStore } from '../../src/store/encrypted.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, names, type Harness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';
const lifeMs = 5_400_000;
const key = { id: '1', key: Buffer.alloc(32, 1).toString('base64') };
const needsPerson = { code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED', reason: 'no-tokens' };

async function call(h: Harness): Promise<number> {
  return (await h.env.drive(h.instance.get(me))).status;
}

/** The account has been used, its token is over, and somebody has deleted its row. */
async function createScene(setup: Parameters<typeof createHarness>[0] = {}) {
  const h = await createHarness(setup);
  await h.instance.get(me);
  const pair = h.store.sets.get('default')!;
  await h.env.advance(lifeMs);
  h.store.sets.delete('default');
  return { ...h, pair, [Symbol.asyncDispose]: h.close };
}

test('a row that was deleted is not written anew, and its pair stays unspent', async () => {
  await using h = await createScene();
  expect(await caught(call(h))).toMatchObject(needsPerson);
  expect(h.store.sets.size).toBe(0);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.procore.unsavedTokens()).toMatchObject({ refresh_token: h.pair.refresh_token });
  expect(h.procore.status()).toMatchObject({ state: 'reauthentication-required', unsaved: true });
  expect(names(h.told)).toEqual(['reauthentication-required']);
  await h.env.advance(600_000);
  expect(await caught(call(h))).toMatchObject(needsPerson);
  expect(h.store.sets.size).toBe(0);
  expect(names(h.told)).toEqual(['reauthentication-required']);
});

test.each<[string, (h: Harness & { pair: TokenSet }) => unknown]>([
  ['the row is back', (h) => h.store.sets.set('default', h.pair)],
  ['another process has put a new pair there', (h) => h.store.sets.set('default', h.emulator.issue())],
  ['setTokens brings a pair', (h) => h.procore.setTokens(h.emulator.issue())],
  ['setTokens brings back what unsavedTokens() gave', (h) => h.procore.setTokens(h.procore.unsavedTokens()!)],
])('calls go on by themselves when %s', async (_, comesBack) => {
  await using h = await createScene();
  await caught(call(h));
  await comesBack(h);
  await h.env.advance(1_000);
  expect(await call(h)).toBe(200);
  expect(h.procore.unsavedTokens()).toBeUndefined();
  expect(h.store.sets.get('default')!.access_token).toBe(await h.procore.getAccessToken());
  expect(h.emulator.counters.spentPresentations).toBe(0);
});

test('calls go on by themselves when a code is exchanged', async () => {
  await using h = await createScene();
  await caught(call(h));
  const redirectUri = 'http://127.0.0.1/callback';
  const { code } = h.emulator.authorize(h.procore.authorizationUrl({ redirectUri, state: 's' }));
  await h.procore.exchangeCode({ code: code!, redirectUri });
  expect(await call(h)).toBe(200);
  expect(h.store.sets.size).toBe(1);
});

test('a row that is there again a moment later was never gone', async () => {
  await using h = await createScene();
  let looks = 0;
  h.store.onLoad = () => void (++looks === 2 && h.store.sets.set('default', h.pair));
  expect(await call(h)).toBe(200);
  expect(names(h.told)).toEqual(['token-renewed']);
});

test('calls go on with a token that still works, and a person hears of it before they fail', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.store.sets.delete('default');
  await h.env.advance(lifeMs - 200_000);
  expect(await call(h)).toBe(200);
  await h.env.advance(1_000);
  expect(names(h.told)).toEqual(['reauthentication-required']);
  expect(await call(h)).toBe(200);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.store.sets.size).toBe(0);
});

test.each<[string, (h: Harness) => Promise<unknown>]>([
  ['renew()', (h) => h.env.drive(h.procore.renew())],
  ['a 401', async (h) => h.emulator.expire() ?? h.env.drive(h.instance.get(me))],
])('%s redeems nothing while the row is gone', async (_, renew) => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.store.sets.delete('default');
  await caught(renew(h));
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.store.sets.size).toBe(0);
});

test.each([
  ['without a lock', undefined],
  ['under a lock', 100_000],
])(
  'a pair that was redeemed before its row was deleted is kept in memory, and never written over that, %s',
  async (_, lockMs) => {
    await using h = await createHarness();
    if (lockMs)
      Object.assign(h.store, {
        lockMs,
        readsAreFresh: true,
        lock: (_account: string, critical: () => unknown) => critical(),
      });
    const { instance, procore } = h.attachProcess();
    await instance.get(me);
    const before = h.store.sets.get('default')!;
    const held = h.emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const renewing = procore.renew();
    await held.struck();
    h.store.sets.delete('default');
    held.release();
    const pair = await h.env.drive(renewing);
    expect(names(h.told)).toEqual(['token-renewed', 'token-save-failed']);
    expect(procore.unsavedTokens()).toMatchObject({ refresh_token: pair.refresh_token });
    await h.env.advance(600_000);
    expect(h.store.sets.size).toBe(0);
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    await h.env.advance(lifeMs);
    expect(await caught(h.env.drive(instance.get(me)))).toMatchObject(needsPerson);
    expect(h.emulator.counters.exchanges).toBe(1);
    h.store.sets.set('default', before);
    await h.env.advance(61_000);
    await until(() => procore.unsavedTokens() === undefined, 'the late save');
    expect(h.store.sets.get('default')).toMatchObject({ refresh_token: pair.refresh_token });
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
  },
);

test.each<[string, () => TokenStore]>([
  ['a memory store', () => memoryTokenStore()],
  ['an encrypted one', () => encryptedTokenStore(memoryTokenStore(), { keys: [key] })],
])(
  '%s does not bring back a row that is removed between the last look at it and the save',
  async (_, open) => {
    await using h = await createHarness();
    const own = open();
    let removals = 1;
    const store: TokenStore = {
      ...own,
      async save(tokens, account, previous) {
        if (previous && removals-- > 0) await own.remove!(account);
        return own.save(tokens, account, previous);
      },
    };
    const before = h.emulator.issue();
    await own.save(before, 'default', undefined);
    const { instance, procore } = h.attachProcess({ store });
    const pair = await h.env.drive(procore.renew());
    expect(await own.load('default')).toBeUndefined();
    expect(names(h.told)).toEqual(['token-renewed', 'token-save-failed']);
    expect(h.told.at(-1)!.detail['message']).toMatch(/no longer has the row of this account/);
    expect(procore.unsavedTokens()).toMatchObject({ refresh_token: pair.refresh_token });
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    await h.env.advance(600_000);
    expect(await own.load('default')).toBeUndefined();
    await h.env.advance(lifeMs);
    expect(await caught(h.env.drive(instance.get(me)))).toMatchObject(needsPerson);
    expect(h.emulator.counters.tokenRequests).toBe(1);
    await own.save(before, 'default', undefined);
    await h.env.advance(61_000);
    await until(() => procore.unsavedTokens() === undefined, 'the late save');
    expect(await own.load('default')).toMatchObject({ refresh_token: pair.refresh_token });
    expect((await h.env.drive(instance.get(me))).status).toBe(200);
    expect(h.emulator.counters.spentPresentations).toBe(0);
  },
);

test('a row that is removed while setTokens saves is written, for a person has brought the tokens', async () => {
  await using h = await createHarness();
  const own = memoryTokenStore();
  await own.save(h.emulator.issue(), 'default', undefined);
  const store: TokenStore = {
    ...own,
    async save(tokens, account, previous) {
      if (previous) await own.remove!(account);
      return own.save(tokens, account, previous);
    },
  };
  const { instance, procore } = h.attachProcess({ store });
  await instance.get(me);
  const brought = h.emulator.issue();
  await h.env.drive(procore.setTokens(brought));
  expect(await own.load('default')).toMatchObject({ refresh_token: brought.refresh_token });
  expect(procore.unsavedTokens()).toBeUndefined();
});

test('a row that was saved here and never loaded counts as seen', async () => {
  await using h = await createHarness({ authorized: false });
  await h.procore.setTokens(h.emulator.issue());
  await h.env.advance(lifeMs);
  h.store.sets.delete('default');
  expect(await caught(call(h))).toMatchObject(needsPerson);
  expect(h.store.sets.size).toBe(0);
});

test('a store that has never shown a row is written to, and one that keeps none is no deletion', async () => {
  await using h = await createHarness({ authorized: false });
  h.store.onLoad = () => null;
  await h.procore.setTokens(h.emulator.issue());
  await h.procore.renew();
  await h.env.advance(lifeMs);
  expect(await call(h)).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
});

test('what one process revokes another does not bring back', async () => {
  await using h = await createHarness();
  h.store.remove = (account) => void h.store.sets.delete(account);
  const other = h.attachProcess();
  await other.instance.get(me);
  await h.procore.revoke();
  await h.env.advance(lifeMs);
  expect(await caught(h.env.drive(other.instance.get(me)))).toMatchObject(needsPerson);
  expect(h.store.sets.size).toBe(0);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test.each(['plain', 'encrypted'])('a %s cache whose rows may vanish is filled from memory', async (kind) => {
  await using h = await createHarness();
  const cache = Object.assign(h.store, { rowsMayVanish: true });
  const store = kind === 'plain' ? cache : encryptedTokenStore(cache, { keys: [key], acceptPlain: true });
  const { instance } = h.attachProcess({ store });
  await instance.get(me);
  await h.env.advance(lifeMs);
  h.store.sets.clear();
  expect((await h.env.drive(instance.get(me))).status).toBe(200);
  expect(h.store.sets.size).toBe(1);
});

test('client credentials need no row', async () => {
  await using h = await createHarness({ authorized: false, options: { grant: 'client_credentials' } });
  expect(await call(h)).toBe(200);
  h.store.sets.clear();
  await h.env.advance(lifeMs);
  expect(await call(h)).toBe(200);
  expect(h.store.sets.size).toBe(1);
});
