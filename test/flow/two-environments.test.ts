import axios from 'axios';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import { TokenStoreConflict, type TokenSet } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

/** A second environment beside that of the harness, and an attach to it that shares its store and its account. */
async function createSandbox(
  h: Harness,
): Promise<{ sandbox: Emulator; other: ReturnType<Harness['attach']> }> {
  const sandbox = await startEmulator({ now: h.env.now });
  const other = h.attach(of(sandbox), { baseURL: sandbox.url });
  return { sandbox, other };
}

const of = ({ clientId, clientSecret, environment }: Emulator): Partial<ProcoreOptions> => ({
  clientId,
  clientSecret,
  environment,
});

const warnings = (h: Harness) => h.told.flatMap(({ event, detail }) => (event === 'warning' ? [detail] : []));

test('one environment is not sent the pair of another that shares store and account, keeps it, and is told of', async () => {
  await using h = await createHarness();
  const before = { ...h.store.sets.get('default')! };
  expect((await h.instance.get(me)).status).toBe(200);
  const { sandbox, other } = await createSandbox(h);
  h.env.jump(life);
  expect(await h.env.drive(caught(other.instance.get(me)))).toMatchObject({ reason: 'no-tokens' });
  expect(sandbox.counters.requests).toBe(0);
  expect(h.store.sets.get('default')).toEqual(before);
  expect(warnings(h)).toMatchObject([
    { code: 'store-contract', message: expect.stringContaining('two environments') },
    { code: 'store-contract', message: expect.stringContaining(`${h.emulator.url} has issued`) },
  ]);
  for (const { message } of warnings(h)) expect(message).toContain('rule "One set for each account"');
  // Production was never asked, and goes on.
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  await sandbox.close();
});

test('a verdict of one environment does not count in another, where nobody can know whose the pair is', async () => {
  await using h = await createHarness({ authorized: false });
  const refresh = h.emulator.issue().refresh_token!;
  h.store.sets.set('default', { access_token: '', refresh_token: refresh });
  const { sandbox, other } = await createSandbox(h);
  expect(await h.env.drive(caught(other.instance.get(me)))).toMatchObject({
    reason: 'refresh-token-invalid',
  });
  expect(sandbox.counters.tokenRequests).toBe(1);
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  await sandbox.close();
});

test('an opaque pair that was saved for one environment is known by it in another process', async () => {
  await using h = await createHarness({
    options: { environment: 'production', exchange: () => Promise.reject(new Error('not asked')) },
  });
  await h.procore.setTokens({ access_token: 'opaque', refresh_token: 'opaque-refresh' });
  let asked = 0;
  const sandbox = h.attachProcess({
    environment: 'developer-sandbox',
    exchange: () => Promise.reject(new Error(`asked ${++asked}`)),
  });
  expect(await h.env.drive(caught(sandbox.procore.renew()))).toMatchObject({ reason: 'no-tokens' });
  expect(asked).toBe(0);
  const production = h.attachProcess({ environment: 'production' });
  expect(await production.procore.getAccessToken()).toBe('opaque');
});

test('a log-in takes the place of the pair of another environment, also in a store that compares', async () => {
  await using h = await createHarness({ authorized: false });
  const { sandbox, other } = await createSandbox(h);
  const foreign = sandbox.issue();
  h.store.sets.set('default', foreign);
  h.store.onSave = (_tokens, account, previous) => {
    if (h.store.sets.get(account)?.refresh_token !== previous?.refresh_token) throw new TokenStoreConflict();
  };
  other.procore.status();
  expect(await h.env.drive(caught(h.instance.get(me)))).toMatchObject({ reason: 'no-tokens' });
  const tokens: TokenSet = h.emulator.issue();
  await h.env.drive(h.procore.setTokens(tokens));
  expect((await h.env.drive(h.instance.get(me))).status).toBe(200);
  expect(h.store.sets.get('default')).toMatchObject({ refresh_token: tokens.refresh_token });
  await sandbox.close();
});

test('revoke() of one environment removes nothing of another', async () => {
  await using h = await createHarness();
  let removed = 0;
  Object.assign(h.store, { remove: () => void removed++ });
  await h.instance.get(me);
  const { sandbox, other } = await createSandbox(h);
  await h.env.drive(other.procore.revoke());
  expect(removed).toBe(0);
  expect(h.emulator.counters.revokeRequests + sandbox.counters.revokeRequests).toBe(0);
  await sandbox.close();
});

test('two clients of one environment on one account are warned of once', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const other = h.attach({ clientId: 'another-client' });
  await other.instance.get(me);
  await other.instance.get(me);
  expect(warnings(h)).toMatchObject([
    { code: 'store-contract', message: expect.stringContaining('"emulator-client" and "another-client"') },
  ]);
});

test('two clients of one account are warned of once, though the first renews after the second has come', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  await h.attach({ clientId: 'another-client' }).instance.get(me);
  await h.env.drive(h.procore.renew());
  expect(warnings(h)).toHaveLength(1);
});

test('a module that runs again with another client id on the same store is told nothing of two clients', async () => {
  await using h = await createHarness();
  const attachProcore = createAttach(h.env, {});
  const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
  const told: string[] = [];
  for (const clientId of ['client before', h.emulator.clientId]) {
    const procore = attachProcore(instance, {
      ...of(h.emulator),
      clientId,
      store: h.store,
      replace: true,
      logger: { debug() {}, info() {}, warn: (text: string) => void told.push(text), error() {} },
    });
    expect((await instance.get(me)).status).toBe(200);
    await procore.idle();
  }
  expect(told.filter((text) => text.includes('store-contract'))).toEqual([]);
});
