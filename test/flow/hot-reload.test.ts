import axios, { type AxiosInstance, type InternalAxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { createAttach, type AttachProcore } from '../../src/attach/attach.js';
import { lend, procoreOf } from '../../src/attach/instance.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import type { Procore } from '../../src/attach/handle.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import { caught } from '../support/caught.js';
import { createHarness, createTestStore, names, type Harness, type Told } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

/** An instance that outlives its module, as one on `globalThis` does, and how the module attaches to it each time it runs. */
function createReload(h: Harness) {
  const registry = {};
  const instance = axios.create({ baseURL: h.emulator.environment.apiUrl, proxy: false });
  const run = (attachProcore: AttachProcore, options: Partial<ProcoreOptions>): Procore =>
    attachProcore(instance, {
      clientId: h.emulator.clientId,
      clientSecret: h.emulator.clientSecret,
      environment: h.emulator.environment,
      companyId: '42',
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      replace: true,
      ...options,
    });
  const own = createAttach(h.env, registry);
  return {
    instance,
    /** The package stays, the module runs again. */
    sameCopy: (options: Partial<ProcoreOptions>) => run(own, options),
    /** The package is evaluated again as well, as in a bundle. */
    otherCopy: (options: Partial<ProcoreOptions>) => run(createAttach(h.env, registry), options),
  };
}

const interceptorsOf = (instance: AxiosInstance) =>
  (instance.interceptors.request as unknown as { handlers: unknown[] }).handlers;
const copies = ['sameCopy', 'otherCopy'] as const;

test.each(copies)(
  'a module that runs 50 times with a new memory store each time leaves one interceptor and makes one exchange (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const initial = h.emulator.issue();
    h.emulator.expire(initial.access_token);
    let procore!: Procore;
    for (let runs = 0; runs < 50; runs++) {
      procore = reload[copy]({ store: memoryTokenStore({ ...initial }) });
      expect((await reload.instance.get(me)).status).toBe(200);
    }
    expect(interceptorsOf(reload.instance)).toHaveLength(1);
    expect(procoreOf(reload.instance)).toBe(procore);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, apiRequests: 51 });
    await procore.idle();
    await until(() => h.env.sleeping === 0, 'every timer to be gone');
  },
);

test.each(copies)(
  'tokens of a log-in live on, and are in the new store, where a module makes a new and empty memory store (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const tokens = h.emulator.issue();
    await reload[copy]({ store: memoryTokenStore() }).setTokens(tokens);
    for (let runs = 0; runs < 3; runs++) {
      const store = memoryTokenStore();
      const procore = reload[copy]({ store });
      expect((await reload.instance.get(me)).status).toBe(200);
      await procore.idle();
      expect(await store.load('default')).toMatchObject(tokens);
      expect(procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
    }
    expect(h.emulator.counters.tokenRequests).toBe(0);
  },
);

test.each(copies)(
  'tokens of an account that is not asked for between two runs of a module live on, too (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const tokens = h.emulator.issue();
    await reload[copy]({ store: memoryTokenStore() }).setTokens(tokens, 'acme');
    for (let runs = 0; runs < 3; runs++) reload[copy]({ store: memoryTokenStore() });
    const answer = await reload.instance.get(me, { procore: { account: 'acme' } });
    expect(answer.status).toBe(200);
    expect(h.emulator.counters.tokenRequests).toBe(0);
  },
);

test.each(copies)(
  'a pair whose save has failed is not lost: the new handle has it, and it goes into the new store (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const broken = createTestStore(h.emulator.issue());
    broken.onSave = () => Promise.reject(new Error('disk full'));
    const first = reload[copy]({ store: broken });
    const renewing = first.renew();
    await h.env.advance(5_000);
    const renewed = await renewing;
    expect(first.unsavedTokens()).toMatchObject({ refresh_token: renewed.refresh_token });

    // The module runs again before the save has succeeded, and once more.
    const stillBroken = createTestStore({ ...broken.sets.get('default')! });
    stillBroken.onSave = broken.onSave;
    const second = reload[copy]({ store: stillBroken });
    expect(second.unsavedTokens()).toMatchObject({ refresh_token: renewed.refresh_token });
    await until(() => stillBroken.log.length > 0, 'the new store to be asked');

    const store = createTestStore({ ...broken.sets.get('default')! });
    const third = reload[copy]({ store });
    expect(third.unsavedTokens()).toMatchObject({ refresh_token: renewed.refresh_token });
    await until(() => store.sets.get('default')!.refresh_token === renewed.refresh_token, 'the save');
    await until(() => third.unsavedTokens() === undefined, 'the save to be known');
    expect((await reload.instance.get(me)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  },
);

test.each(copies)(
  'a renewal that is under way when a module runs again is the only one, and its pair is in the new store (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const initial = h.emulator.issue();
    reload[copy]({ store: memoryTokenStore({ ...initial }) });
    h.emulator.revoke();
    const hold = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const before = reload.instance.get(me);
    await hold.struck();
    const store = memoryTokenStore({ ...initial });
    const procore = reload[copy]({ store });
    const after = reload.instance.get(me);
    hold.release();
    expect([(await before).status, (await after).status]).toEqual([200, 200]);
    await procore.idle();
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
    const kept = await store.load('default');
    expect(h.emulator.isLive(kept!.access_token)).toBe(true);
    expect(kept!.refresh_token).not.toBe(initial.refresh_token);
  },
);

test.each(copies)(
  'a newer pair in the new store, which another process has saved meanwhile, is adopted and not overwritten (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const initial = h.emulator.issue();
    reload[copy]({ store: createTestStore({ ...initial }) });
    await reload.instance.get(me);
    const theirs = createTestStore({ ...initial });
    await h.attachProcess({ store: theirs }).procore.renew();
    const store = createTestStore({ ...theirs.sets.get('default')! });
    const procore = reload[copy]({ store });
    expect((await h.env.drive(reload.instance.get(me))).status).toBe(200);
    await procore.idle();
    expect(h.emulator.log.at(-1)!.accessToken).toBe(procore.status().accessToken);
    expect(store.log).not.toContain('save default');
    expect((await procore.renew()).access_token).toBe(store.sets.get('default')!.access_token);
    expect(h.emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  },
);

test.each(copies)(
  'a store that holds the pair already is not written to, and nothing is told (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    const initial = h.emulator.issue();
    reload[copy]({ store: createTestStore({ ...initial }) });
    await reload.instance.get(me);
    const store = createTestStore({ ...initial });
    const procore = reload[copy]({ store });
    const told: Told[] = [];
    for (const event of ['token-adopted', 'token-saved-late', 'token-save-failed'] as const)
      procore.on(event, (detail) => void told.push({ event, detail }));
    await reload.instance.get(me);
    await procore.idle();
    expect(store.log.filter((line) => line.startsWith('save'))).toEqual([]);
    expect(names(told)).toEqual([]);
  },
);

test.each(copies)(
  'a new store that cannot be read keeps no call from the tokens in memory, and nothing is redeemed for it (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    reload[copy]({ store: createTestStore(h.emulator.issue()) });
    await reload.instance.get(me);
    const away = createTestStore();
    away.onLoad = () => Promise.reject(new Error('away'));
    const procore = reload[copy]({ store: away });
    expect((await reload.instance.get(me)).status).toBe(200);
    expect(procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
    expect(h.emulator.counters.tokenRequests).toBe(0);
  },
);

test.each(copies)(
  'another client id or environment begins anew: tokens of the one before are neither used nor saved for it (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    await reload[copy]({ store: memoryTokenStore() }).setTokens(h.emulator.issue());
    const store = memoryTokenStore();
    const procore = reload[copy]({ store, clientId: 'another client' });
    expect((await caught(reload.instance.get(me))).code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    await procore.idle();
    expect(await store.load('default')).toBeUndefined();
    const elsewhere = { ...h.emulator.environment, loginUrl: 'http://127.0.0.1:9' };
    const there = reload[copy]({ store, environment: elsewhere });
    expect((await caught(reload.instance.get(me))).code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    await there.idle();
    expect(await store.load('default')).toBeUndefined();
  },
);

test.each(copies)(
  'client_credentials without a store: the access token lives on, without a second exchange (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    for (let runs = 0; runs < 5; runs++) {
      reload[copy]({ grant: 'client_credentials' });
      expect((await reload.instance.get(me)).status).toBe(200);
    }
    expect(h.emulator.counters.tokenRequests).toBe(1);
  },
);

test.each(copies)(
  'an account without tokens is looked for in the store of the new run (%s)',
  async (copy) => {
    await using h = await createHarness();
    const reload = createReload(h);
    reload[copy]({ store: memoryTokenStore() });
    expect((await caught(reload.instance.get(me))).code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    reload[copy]({ store: memoryTokenStore(h.emulator.issue()) });
    expect((await reload.instance.get(me)).status).toBe(200);
  },
);

test('a gate that a 429 has closed stays closed in the next run of a module', async () => {
  await using h = await createHarness();
  const reload = createReload(h);
  const initial = h.emulator.issue();
  let waiting = 0;
  reload.sameCopy({ store: memoryTokenStore({ ...initial }) }).on('request-waiting', ({ reason }) => {
    if (reason === 'rate-limit') waiting++;
  });
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 429, headers: { 'Retry-After': '30' } } });
  const limited = reload.instance.get(me);
  await until(() => waiting > 0, 'the call to wait for the limit');
  reload.sameCopy({ store: memoryTokenStore({ ...initial }) });
  const next = reload.instance.get(me);
  await h.env.advance(29_000);
  expect(h.emulator.counters.apiRequests).toBe(1);
  await h.env.advance(5_000);
  expect([(await limited).status, (await next).status]).toEqual([200, 200]);
});

test.each(copies)('listeners of the replaced handle get no more events (%s)', async (copy) => {
  await using h = await createHarness();
  const reload = createReload(h);
  const heard: string[] = [];
  const initial = h.emulator.issue();
  let procore!: Procore;
  for (const run of ['first', 'second', 'third']) {
    procore = reload[copy]({ store: memoryTokenStore({ ...initial }) });
    procore.on('token-renewed', () => void heard.push(run));
    await reload.instance.get(me);
  }
  await procore.renew();
  expect(heard).toEqual(['third']);
});

test.each(copies)('the interceptor keeps its place among those of the application (%s)', async (copy) => {
  await using h = await createHarness();
  const reload = createReload(h);
  const initial = h.emulator.issue();
  const order: string[] = [];
  const note = (name: string) => (config: InternalAxiosRequestConfig) => {
    order.push(`${name}: ${typeof config.adapter}`);
    return config;
  };
  reload.instance.interceptors.request.use(note('runs last'));
  reload[copy]({ store: memoryTokenStore({ ...initial }) });
  reload.instance.interceptors.request.use(note('runs first'));
  await reload.instance.get(me);
  const before = order.splice(0);
  reload[copy]({ store: memoryTokenStore({ ...initial }) });
  await reload.instance.get(me);
  expect(order).toEqual(before);
  expect(interceptorsOf(reload.instance)).toHaveLength(3);
});

test('replace: true on an instance that is not attached attaches it', async () => {
  await using h = await createHarness();
  const reload = createReload(h);
  const procore = reload.sameCopy({ store: memoryTokenStore(h.emulator.issue()) });
  expect(procoreOf(reload.instance)).toBe(procore);
  expect((await reload.instance.get(me)).status).toBe(200);
});

test('wrong options leave what is attached as it was', async () => {
  await using h = await createHarness();
  const reload = createReload(h);
  const procore = reload.sameCopy({ store: memoryTokenStore(h.emulator.issue()) });
  expect(() => reload.sameCopy({ store: memoryTokenStore(), clientId: '' })).toThrow(/"clientId"/);
  expect(procoreOf(reload.instance)).toBe(procore);
  expect((await reload.instance.get(me)).status).toBe(200);
});

test('without replace a second attach throws, and says both ways out', async () => {
  await using h = await createHarness();
  const reload = createReload(h);
  reload.sameCopy({ store: memoryTokenStore(h.emulator.issue()) });
  for (const copy of copies) {
    expect(() => reload[copy]({ store: memoryTokenStore(), replace: false })).toThrow(
      /attached already.*detach\(\).*replace: true/,
    );
  }
});

test('what release 0.1.0 has attached cannot be replaced, and the error says what to do', async () => {
  await using h = await createHarness();
  const reload = createReload(h);
  // Its mark, as every copy of the package finds it.
  Object.defineProperty(reload.instance, Symbol.for('axios-procore.attached'), {
    value: true,
    configurable: true,
  });
  expect(procoreOf(reload.instance)).toBeUndefined();
  expect(() => reload.sameCopy({ store: memoryTokenStore() })).toThrow(/0\.1\.0.*detach\(\)/);
});

test('release 0.1.0 finds its own mark on an attached instance, and none after detach()', async () => {
  await using h = await createHarness();
  const mark = Symbol.for('axios-procore.attached');
  expect((h.instance as unknown as Record<symbol, unknown>)[mark]).toBe(true);
  h.procore.detach();
  expect(mark in h.instance).toBe(false);
});

test('what register has attached has a handle, and gives way to an attach with and without replace', async () => {
  await using h = await createHarness();
  for (const replace of [true, false]) {
    const reload = createReload(h);
    const lent = reload.sameCopy({ store: memoryTokenStore() });
    lend(reload.instance, lent);
    expect(procoreOf(reload.instance)).toBe(lent);
    const own = reload.sameCopy({ store: memoryTokenStore(h.emulator.issue()), replace });
    expect(procoreOf(reload.instance)).toBe(own);
    expect((await reload.instance.get(me)).status).toBe(200);
    expect(interceptorsOf(reload.instance).filter(Boolean)).toHaveLength(1);
  }
});

test('procoreOf gives the handle until detach(), and nothing of what is not attached', async () => {
  await using h = await createHarness();
  expect(procoreOf(h.instance)).toBe(h.procore);
  expect(procoreOf(axios.create())).toBeUndefined();
  h.procore.detach();
  expect(procoreOf(h.instance)).toBeUndefined();
  for (const nothing of [undefined, null, 'text', {}])
    expect(procoreOf(nothing as AxiosInstance)).toBeUndefined();
});

test('an account that a listener asks for, while it is taken over from another copy of the package, is renewed once', async () => {
  await using h = await createHarness({ authorized: false });
  const registry = {};
  const [before, after] = [createAttach(h.env, registry), createAttach(h.env, registry)];
  const of = (attachProcore: AttachProcore, instance: AxiosInstance, options: Partial<ProcoreOptions>) =>
    attachProcore(instance, {
      clientId: h.emulator.clientId,
      clientSecret: h.emulator.clientSecret,
      environment: h.emulator.environment,
      companyId: '42',
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      store: next,
      ...options,
    });
  const next = createTestStore();
  const create = () => axios.create({ baseURL: h.emulator.environment.apiUrl, proxy: false });
  const [first, second, third] = [create(), create(), create()];
  await of(before, first, { store: createTestStore() }).setTokens(h.emulator.issue(), 'ann');
  h.env.jump(5_400_000);
  // Another client with an account of the name: of that there is a warning.
  const other = of(after, second, { clientId: 'another' });
  other.status('ann');
  const procore = of(after, first, { replace: true });
  const told: string[] = [];
  for (const event of ['token-renewed', 'token-adopted'] as const) procore.on(event, () => told.push(event));
  const asked: Promise<string>[] = [];
  other.on('warning', () => asked.push(procore.getAccessToken('ann')));
  const own = of(after, third, {});
  const call = third.get(me, { procore: { account: 'ann' } });
  await h.env.drive(call);
  const heard = await h.env.drive(Promise.all(asked));
  expect(heard).toEqual([await own.getAccessToken('ann')]);
  expect(told).toEqual(['token-renewed']);
});
