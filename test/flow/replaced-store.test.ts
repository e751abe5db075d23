import axios from 'axios';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { Procore } from '../../src/attach/handle.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const copies = ['sameCopy', 'otherCopy'] as const;

/** Stores of several users, and instances that are attached to them by one copy of the package or by another each time. */
function createSwitch(h: Harness, copy: (typeof copies)[number]) {
  const registry = {};
  const own = createAttach(h.env, registry);
  return (instance = axios.create({ baseURL: h.emulator.environment.apiUrl, proxy: false })) => ({
    instance,
    attach: (store: TokenStore, options: Partial<ProcoreOptions> = {}): Procore =>
      (copy === 'sameCopy' ? own : createAttach(h.env, registry))(instance, {
        clientId: h.emulator.clientId,
        clientSecret: h.emulator.clientSecret,
        environment: h.emulator.environment,
        companyId: '42',
        store,
        logger: { debug() {}, info() {}, warn() {}, error() {} },
        replace: true,
        ...options,
      }),
  });
}

const userOf = async (instance: { get(url: string): Promise<{ data: { id: number } }> }) =>
  (await instance.get(me)).data.id;

async function issued(h: Harness): Promise<[older: TokenSet, newer: TokenSet]> {
  const older = h.emulator.issue({ userId: 2 });
  await h.env.advance(2_000);
  return [older, h.emulator.issue({ userId: 1 })];
}

test.each(copies)(
  "a replace with a store that holds another user's tokens, older ones even, uses these from the first call on, and saves nothing over them (%s)",
  async (copy) => {
    await using h = await createHarness();
    const { instance, attach } = createSwitch(h, copy)();
    const [older, newer] = await issued(h);
    const [ofOne, ofTwo] = [createTestStore({ ...newer }), createTestStore({ ...older })];
    attach(ofOne);
    expect(await userOf(instance)).toBe(1);
    for (const [store, user] of [
      [ofTwo, 2],
      [ofOne, 1],
      [ofTwo, 2],
    ] as const) {
      const procore = attach(store);
      expect(await userOf(instance)).toBe(user);
      await procore.idle();
    }
    expect(ofTwo.sets.get('default')).toEqual(older);
    expect(ofOne.sets.get('default')).toEqual(newer);
    expect(h.emulator.counters).toMatchObject({ tokenRequests: 0, spentPresentations: 0 });
  },
);

test.each(copies)(
  'after a replace with the store of another user, a dead pair there does not bring the user before back (%s)',
  async (copy) => {
    await using h = await createHarness();
    const { instance, attach } = createSwitch(h, copy)();
    const [older, newer] = await issued(h);
    attach(createTestStore({ ...newer }));
    expect(await userOf(instance)).toBe(1);
    const store = createTestStore({ ...older, refresh_token: 'never-issued' });
    const procore = attach(store);
    const renewing = caught(procore.renew());
    await h.env.advance(10_000);
    expect(await renewing).toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
    expect(store.sets.get('default')).toMatchObject({ refresh_token: 'never-issued' });
    expect(procore.unsavedTokens()).toBeUndefined();
  },
);

test.each(copies)(
  'an instance that stays on the store before keeps its user when another one is replaced by the store of somebody else (%s)',
  async (copy) => {
    await using h = await createHarness();
    const create = createSwitch(h, copy);
    const [stays, goes] = [create(), create()];
    const [older, newer] = await issued(h);
    const [ofOne, ofTwo] = [createTestStore({ ...newer }), createTestStore({ ...older })];
    for (const { attach } of [stays, goes]) attach(ofOne);
    expect([await userOf(stays.instance), await userOf(goes.instance)]).toEqual([1, 1]);
    const moved = goes.attach(ofTwo);
    expect([await userOf(goes.instance), await userOf(stays.instance)]).toEqual([2, 1]);
    await moved.idle();
    const late = create();
    late.attach(ofOne);
    expect(await userOf(late.instance)).toBe(1);
    await moved.renew();
    expect(ofOne.sets.get('default')).toEqual(newer);
  },
);

test('replace: true without legacy.takeOverRefresh takes it back', async () => {
  await using h = await createHarness();
  const { attach, instance } = createSwitch(h, 'sameCopy')();
  const store = createTestStore();
  const told: string[] = [];
  for (const takeOverRefresh of [true, false]) {
    const procore = attach(store, { legacy: { takeOverRefresh } });
    procore.on('reauthentication-required', ({ reason }) => void told.push(`${takeOverRefresh} ${reason}`));
    const failed = await caught(instance.get(me));
    expect(failed).toMatchObject({ code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED' });
    expect(told).toEqual(takeOverRefresh ? [] : ['false no-tokens']);
    await h.env.advance(2_000);
  }
});

test('a store that takes the place of one whose save was read back is read back after its own first save', async () => {
  await using h = await createHarness();
  const { attach } = createSwitch(h, 'sameCopy')();
  const good = createTestStore(h.emulator.issue());
  await attach(good).renew();
  await h.env.advance(1_000);
  const row = good.sets.get('default')!;
  const messages: string[] = [];
  const procore = attach({ load: () => row, save() {} });
  procore.on('warning', ({ message }) => void messages.push(message));
  await procore.renew();
  await h.env.advance(61_000);
  expect(messages).toEqual([expect.stringMatching(/the pair before, whose refresh token is spent/)]);
  procore.detach();
});
