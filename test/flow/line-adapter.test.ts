import axios, { type AxiosAdapter, type AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { problemOf } from '../../src/index.js';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { createHarness, names } from '../support/harness.js';
import { settled } from '../support/manual-env.js';
import { below } from '../support/versions.js';

const me = '/rest/v1.0/me';

/** An adapter that answers by itself, and remembers what it was given. */
function stub(answer: { status: number; data?: unknown; headers?: Record<string, string> }) {
  const given: AxiosRequestConfig[] = [];
  const adapter = (async (config: AxiosRequestConfig) => {
    given.push({ ...config, headers: { ...config.headers } });
    return { statusText: '', data: '', headers: {}, config, ...answer };
  }) as unknown as AxiosAdapter;
  return { adapter, given };
}

test('an interceptor that replaces the adapter afterwards is warned of once, and its calls bypass the plugin', async () => {
  await using h = await createHarness();
  const { adapter, given } = stub({ status: 200 });
  h.procore.detach();
  const instance = axios.create({ baseURL: h.emulator.url });
  instance.interceptors.request.use((config) => {
    config.adapter = adapter;
    return config;
  });
  attachTo(h, instance);
  for (let call = 0; call < 3; call++) {
    await instance.get(me);
    await h.env.advance(2_000);
  }
  expect(given).toHaveLength(3);
  expect(given[0]!.headers).not.toHaveProperty('Authorization');
  const warnings = h.logged.filter((line) => line.includes('adapter-replaced'));
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/register that interceptor after attachProcore/);
  expect(h.env.sleeping).toBe(0);
});

test.each([
  ['at once', () => undefined],
  ['after looking something up', () => settled()],
])(
  'an interceptor that wraps the adapter afterwards, and hands calls on %s, is not warned of',
  async (_when, before) => {
    await using h = await createHarness();
    h.procore.detach();
    const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
    let wrapped = 0;
    instance.interceptors.request.use((config) => {
      const inner = config.adapter as (config: AxiosRequestConfig) => Promise<never>;
      config.adapter = async (final) => {
        wrapped++;
        await before();
        return inner(final);
      };
      return config;
    });
    attachTo(h, instance);
    h.emulator.revoke();
    expect((await instance.get(me)).status).toBe(200);
    expect((await instance.get(me)).status).toBe(200);
    await h.env.advance(5_000);
    expect(wrapped).toBe(2);
    expect(h.emulator.counters).toMatchObject({ apiRequests: 3, exchanges: 1 });
    expect(h.logged.filter((line) => line.includes('adapter-replaced'))).toEqual([]);
  },
);

test('a wrapping adapter that answers from a cache is not warned of', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
  let cached: unknown;
  instance.interceptors.request.use((config) => {
    const inner = config.adapter as (config: AxiosRequestConfig) => Promise<never>;
    config.adapter = async (final) => (cached ??= { ...((await inner(final)) as object) }) as never;
    return config;
  });
  attachTo(h, instance);
  await instance.get(me);
  await instance.get(me);
  await h.env.advance(5_000);
  expect(h.emulator.counters.apiRequests).toBe(1);
  expect(h.logged.filter((line) => line.includes('adapter-replaced'))).toEqual([]);
});

test('an ordinary instance is never warned of', async () => {
  await using h = await createHarness();
  await Promise.all(Array.from({ length: 20 }, () => h.instance.get(me)));
  await h.env.advance(5_000);
  expect(names(h.told)).toEqual([]);
});

test("the caller's own adapter sends, with the token on its headers, and is asked once per attempt", async () => {
  await using h = await createHarness();
  const { adapter, given } = stub({ status: 200, data: '{"id":1}' });
  const { data } = await h.instance.get(me, { adapter });
  expect(data).toEqual({ id: 1 });
  expect(given).toHaveLength(1);
  expect(given[0]!.headers).toMatchObject({
    Authorization: `Bearer ${h.store.sets.get('default')!.access_token}`,
    'Procore-Company-Id': '42',
  });
});

test('a 401 that an adapter resolves instead of rejecting is replayed too', async () => {
  await using h = await createHarness();
  const bearers: unknown[] = [];
  const adapter = (async (config: AxiosRequestConfig) => {
    bearers.push((config.headers as Record<string, unknown>)['Authorization']);
    const status = bearers.length === 1 ? 401 : 200;
    const headers = { 'www-authenticate': 'Bearer error="invalid_token"' };
    return { status, statusText: '', data: '{}', headers, config };
  }) as unknown as AxiosAdapter;
  expect((await h.instance.get(me, { adapter })).status).toBe(200);
  expect(new Set(bearers).size).toBe(2);
  expect(h.emulator.counters.exchanges).toBe(1);
});

test('an adapter that resolves failures still resolves them to the application', async () => {
  await using h = await createHarness();
  const { adapter, given } = stub({ status: 404, data: '{"message":"Not Found"}' });
  const response = await h.instance.get(me, { adapter });
  expect(response).toMatchObject({ status: 404, data: { message: 'Not Found' } });
  expect(response.config.adapter).toBe(adapter);
  expect(given).toHaveLength(1);
});

test('an adapter that throws before it returns a promise rejects the call', async () => {
  await using h = await createHarness();
  const broken = new Error('no such transport');
  const adapter = (() => {
    throw broken;
  }) as unknown as AxiosAdapter;
  expect(await caught(h.instance.get(me, { adapter }))).toBe(broken);
});

test("an adapter's own kind of error comes back with the application's config, not with the bearer", async () => {
  await using h = await createHarness();
  const adapter = (async (config: AxiosRequestConfig) => {
    throw Object.assign(new Error('custom'), { config, response: { status: 418, config } });
  }) as unknown as AxiosAdapter;
  const error = await caught(h.instance.get(me, { adapter }));
  expect(error.message).toBe('custom');
  expect(JSON.stringify([error.config, error.response])).not.toContain('Bearer');
  expect(error.config!.adapter).toBe(adapter);
  expect(error.response!.config).toBe(error.config);
});

// Below 1.7 there is no such adapter.
if (!below('1.7')) {
  test('the fetch adapter works by its name', async () => {
    await using h = await createHarness({ defaults: { adapter: 'fetch' } });
    h.emulator.revoke();
    expect((await h.instance.get(me)).data).toMatchObject({ id: 1 });
    expect(h.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
  });
}

test.each([
  ['nothing at all', () => undefined],
  ['a promise of nothing', () => Promise.resolve(undefined)],
  ['a promise of null', () => Promise.resolve(null)],
])(
  'a write whose adapter returns %s fails as on a bare instance, and may have run, on either way of a call',
  async (_what, answer) => {
    await using h = await createHarness({ options: { retry: false, renewal: { drain: true } } });
    await h.instance.get(me);
    const adapter = answer as unknown as AxiosAdapter;
    const bare = await caught(axios.create({ adapter }).post(`${h.emulator.url}${me}`, {}));
    expect(bare).toBeInstanceOf(TypeError);
    for (const options of [{}, { deadlineMs: 60_000 }]) {
      const error = await caught(h.instance.post(me, {}, { adapter, procore: options }));
      expect(error).toBeInstanceOf(TypeError);
      expect(problemOf(error)).toMatchObject({ kind: 'unexpected', mayHaveRun: 'maybe', attempts: 1 });
    }
    // A renewal waits for calls under way.
    const sinceMs = h.env.now();
    await h.env.drive(h.procore.renew());
    expect(h.env.now() - sinceMs).toBeLessThan(1_000);
  },
);

test.each([
  ['at once', {}],
  ['under a deadline', { deadlineMs: 60_000 }],
])(
  'an answer that an adapter resolves whatever its status is counts as an attempt, sent %s, where validateStatus throws of it',
  async (_how, procore) => {
    await using h = await createHarness();
    await h.instance.get(me);
    h.told.length = 0;
    const mine = new Error('mine');
    const validateStatus = () => {
      throw mine;
    };
    const { adapter, given } = stub({ status: 500 });
    const error = await caught(h.instance.post(me, {}, { adapter, validateStatus, procore }));
    expect(error).toBe(mine);
    expect(problemOf(error)).toMatchObject({ kind: 'server-error', attempts: 1, mayHaveRun: 'maybe' });
    const settledCalls = h.told.filter(({ event }) => event === 'request-settled');
    expect(settledCalls.map(({ detail }) => detail['attempts'])).toEqual([1]);
    expect(given).toHaveLength(1);
  },
);
