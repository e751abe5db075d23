import axios from 'axios';
import { expect, test, vi } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import type { TokenStore } from '../../src/store/store.js';
import { createHarness, createTestStore, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';

const life = 5_400_000;
const me = '/rest/v1.0/me';
const full = () => {
  throw new Error('the disk is full');
};

/** An instance whose module runs again, each time with the store that it is given. */
function createReload(h: Harness) {
  const attachProcore = createAttach(h.env, {});
  const instance = axios.create({ baseURL: h.emulator.environment.apiUrl, proxy: false });
  const run = (store: TokenStore) =>
    attachProcore(instance, {
      clientId: h.emulator.clientId,
      clientSecret: h.emulator.clientSecret,
      environment: h.emulator.environment,
      companyId: '42',
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      replace: true,
      store,
    });
  return { instance, run };
}

test('a late save that waits for its next try is that of the store in use then, though a renewal has saved its pair meanwhile', async () => {
  await using h = await createHarness();
  const { instance, run } = createReload(h);
  let procore = run(h.store);
  await instance.get(me);
  h.env.jump(life);
  h.store.onSave = full;
  await h.env.drive(instance.get(me));
  expect(procore.status().unsaved).toBe(true);
  await h.env.advance(75_000);
  h.store.onSave = undefined;
  await h.env.drive(procore.renew());
  expect(procore.status().unsaved).toBe(false);
  const next = createTestStore();
  procore = run(next);
  await h.env.advance(5_000);
  const before = h.store.sets.get('default');
  expect(next.sets.get('default')).toEqual(before);
  next.onSave = full;
  const renewed = await h.env.drive(procore.renew());
  expect(procore.status().unsaved).toBe(true);
  await h.env.advance(60_000);
  expect(h.store.sets.get('default')).toEqual(before);
  expect(procore.status().unsaved).toBe(true);
  next.onSave = undefined;
  await h.env.advance(120_000);
  expect(next.sets.get('default')).toMatchObject({ refresh_token: renewed.refresh_token });
  expect(procore.status().unsaved).toBe(false);
});

test('whoever asks for the status while a save is tried again leaves no timer behind', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.store.onSave = full;
  await h.env.drive(h.procore.renew());
  expect(h.procore.status().unsaved).toBe(true);
  const before = h.env.sleeping;
  for (let times = 0; times < 10; times++) h.procore.status();
  await settled();
  expect(h.env.sleeping).toBe(before);
});

test('what a store shows after another has taken its place says nothing of a row in that one', async () => {
  await using h = await createHarness();
  const { instance, run } = createReload(h);
  const before = run(h.store);
  await instance.get(me);
  let show = () => {};
  h.store.onSave = () => {
    // From now on: the look at what was saved.
    h.store.onLoad = () => new Promise<undefined>((resolve) => (show = () => resolve(undefined)));
  };
  const renewed = await before.renew();
  await settled();
  h.store.onLoad = undefined;
  const next = createTestStore();
  let answer = () => {};
  next.onLoad = () => new Promise<undefined>((resolve) => (answer = () => resolve(undefined)));
  const procore = run(next);
  await until(() => next.log.includes('load default'), 'the look into the next store');
  show();
  await settled();
  next.onLoad = undefined;
  answer();
  await h.env.drive(procore.idle());
  expect(next.sets.get('default')).toMatchObject({ refresh_token: renewed.refresh_token });
});

test('a module that runs again with the same store sets nothing to work in the accounts that are in memory', async () => {
  await using h = await createHarness();
  const { run } = createReload(h);
  const procore = run(h.store);
  const made = async (accounts: number) => {
    for (let n = 0; n < accounts; n++) await procore.setTokens(h.emulator.issue(), `account-${n}`);
    await procore.idle();
    for (let n = 0; n < accounts; n++) procore.status(`account-${n}`);
    // Each account that is set to work has one for its turns.
    const controllers = vi.spyOn(globalThis, 'AbortController');
    run(h.store);
    const { length } = controllers.mock.calls;
    controllers.mockRestore();
    return length;
  };
  const few = await made(2);
  expect(await made(20)).toBe(few);
});

test('a listener that asks for a renewal while the first is being put together joins it', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  const { procore } = h.attach({ clientId: 'another-client' });
  const asked: Promise<unknown>[] = [];
  h.procore.on('warning', () => void asked.push(procore.renew().catch((error: unknown) => error)));
  const before = h.emulator.counters.tokenRequests;
  await h.env.drive(procore.renew().catch((error: unknown) => error));
  await h.env.drive(Promise.all(asked));
  expect(asked).toHaveLength(1);
  expect(h.emulator.counters.tokenRequests - before).toBe(1);
});
