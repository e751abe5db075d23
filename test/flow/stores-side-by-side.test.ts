import axios from 'axios';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { createGrantRegistry } from '../../src/token/grant/registry.js';
import { caught } from '../support/caught.js';
import { createHarness, type TestStore } from '../support/harness.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

/** Another store object over the same table. */
function sameTable(store: TestStore): TokenStore {
  return {
    load: (account) => store.load(account),
    save: (tokens, account, previous) => store.save(tokens, account, previous),
  };
}

test('a dead refresh token that an account holds is not presented again after 5,000 renewals of other accounts', async () => {
  await using h = await createHarness();
  const registry = {};
  const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
  const { clientId, clientSecret, environment } = h.emulator;
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const options = { clientId, clientSecret, environment, store: h.store, logger };
  createAttach(h.env, registry)(instance, options);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.env.jump(life);
  expect(await h.env.drive(caught(instance.get(me)))).toMatchObject({ reason: 'refresh-token-invalid' });
  // What the renewals of other accounts of the same store note, in one copy of the package or another.
  const others = createGrantRegistry(registry).of(h.store, {
    client: JSON.stringify([environment.loginUrl, clientId]),
    isPrivate: false,
    replaces: undefined,
  });
  for (let n = 0; n < 5_000; n++) {
    const tokens = { access_token: 'access', refresh_token: `next of ${n}` };
    others.record(`other ${n}`, { kind: 'renewed', tokens, expiresAtMs: undefined });
  }
  await h.env.advance(2_000);
  expect(await h.env.drive(caught(instance.get(me)))).toMatchObject({ reason: 'refresh-token-invalid' });
  expect(h.emulator.counters.tokenRequests).toBe(1);
});

test('a new store object over a table that lags behind for 300 ms finds what was saved, and presents no spent token', async () => {
  await using h = await createHarness({ emulator: { familyRevocation: true } });
  const before = { ...h.store.sets.get('default')! };
  h.env.jump(life);
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  const shownAtMs = h.env.now() + 300;
  h.store.onLoad = () => (h.env.now() < shownAtMs ? before : undefined);
  const later = h.attach({ store: sameTable(h.store) });
  expect((await h.env.drive(later.instance.get(me), 50)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('a new store object over the table gets the pair that could not be saved there yet', async () => {
  await using h = await createHarness({ emulator: { familyRevocation: true } });
  h.store.onSave = () => Promise.reject(new Error('read-only'));
  h.env.jump(life);
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  expect(h.procore.status().unsaved).toBe(true);
  const later = h.attach({ store: sameTable(h.store) });
  expect((await h.env.drive(later.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('a memory store that is made later with the same tokens gets the new pair from the one beside it that is in use', async () => {
  await using h = await createHarness({ emulator: { familyRevocation: true } });
  const initial: TokenSet = { ...h.store.sets.get('default')! };
  h.env.jump(life);
  await h.env.drive(h.instance.get(me));
  const later = h.attachCopy({ store: memoryTokenStore({ ...initial }) });
  await h.instance.get(me);
  expect((await h.env.drive(later.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('ten new store objects, and not one for each request, ask whether a token is dead', async () => {
  await using h = await createHarness();
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.env.jump(life);
  const stores = Array.from({ length: 30 }, () => sameTable(h.store));
  for (const store of stores) {
    const { instance } = h.attach({ store });
    expect(await h.env.drive(caught(instance.get(me)))).toMatchObject({ reason: 'refresh-token-invalid' });
  }
  expect(h.emulator.counters.tokenRequests).toBe(10);
});
