import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { record } from '../support/record.js';
import { bare as unwrapped, breaksHeaders, onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';

/** Written into the headers by the http adapter of bare axios itself: on the line it writes them into a copy. */
const transport = /^(user-agent|content-length|accept-encoding|host)$/i;

/** A configuration as the application can see it. */
function visible(config: AxiosRequestConfig): Record<string, unknown> {
  const headers = Object.entries(config.headers ?? {}).filter(([name]) => !transport.test(name));
  return { ...config, headers: Object.fromEntries(headers) };
}

const settings = {
  timeout: 12_345,
  params: { per_page: 5, filters: { id: [1, 2] } },
  // Nothing where there is no body: fetch refuses one on a GET.
  transformRequest: [(data: unknown) => data && JSON.stringify({ wrapped: data })],
  maxRedirects: 3,
  maxContentLength: 1e6,
  headers: { 'X-Own': 'yes', 'Content-Type': 'application/json' },
  metadata: { startedAt: 1 },
  beforeRedirect: () => {},
} as AxiosRequestConfig;

/** Sends the same call on the attached instance and on a bare one; gives the two configurations that come back. */
async function bothConfigs(
  h: Harness,
  send: (instance: AxiosInstance) => Promise<{ config: AxiosRequestConfig }>,
): Promise<[attached: Record<string, unknown>, bare: Record<string, unknown>]> {
  const bare = axios.create({ baseURL: h.emulator.url, proxy: false });
  const [attached, plain] = [await send(h.instance), await send(bare)];
  return [visible(attached.config), visible(plain.config)];
}

test.each([401, 404, 422])(
  'error.config of a final %i is what bare axios has, and holds no bearer',
  async (status) => {
    await using h = await createHarness({ options: { retry: false } });
    h.emulator.misbehave({
      on: 'api',
      times: Infinity,
      do: { kind: 'answer', status, body: { error: 'a scope is missing' } },
    });
    const [attached, bare] = await bothConfigs(
      h,
      async (instance) => (await caught(instance.post('/rest/v1.0/x', { a: 1 }, settings))) as never,
    );
    expect(attached).toEqual(bare);
    expect(Object.keys(attached).sort()).toEqual(Object.keys(bare).sort());
    expect(JSON.stringify(attached)).not.toMatch(/bearer|procore-company/i);
  },
);

test('error.config and response.config of a call that was replayed and retried are what the application had', async () => {
  await using h = await createHarness();
  h.emulator.revoke();
  h.emulator.misbehave({
    on: ({ path, headers }) => path === me && !headers['x-plain'],
    do: { kind: 'answer', status: 503 },
  });
  const attached = await h.instance.get(me, settings);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 3, exchanges: 1 });
  // The bare call is answered by a stub: only its configuration counts.
  const bare = axios.create({ baseURL: h.emulator.url, proxy: false });
  const stub = (config: AxiosRequestConfig) =>
    Promise.resolve({ status: 200, statusText: 'OK', data: '{}', headers: {}, config, request: {} } as never);
  const plain = await bare.get(me, { ...settings, adapter: stub });
  expect(visible({ ...attached.config, adapter: stub })).toEqual(visible(plain.config));
});

test("headers of the instance's defaults arrive, under those of the call, on every attempt", async () => {
  await using h = await createHarness({
    defaults: { headers: { common: { 'X-House': 'ours', 'X-Team': 'a' } } } as never,
  });
  const seen = record(h);
  h.emulator.revoke();
  await h.instance.get(me, { headers: { 'x-team': 'b' } });
  expect(seen.map(({ headers }) => [headers['x-house'], headers['x-team']])).toEqual([
    ['ours', 'b'],
    ['ours', 'b'],
  ]);
  expect(seen[0]!.headers['accept']).toMatch(/^application\/json/);
});

test('config.adapter comes back as it was: unset, named or a function', async () => {
  await using h = await createHarness();
  const ours = async (config: AxiosRequestConfig) => ({
    status: 200,
    statusText: '',
    data: 'x',
    headers: {},
    config,
  });
  const { config } = await h.instance.get(me, { adapter: ours as never });
  expect(config.adapter).toBe(ours);
  const byDefault = await h.instance.get(me);
  expect(byDefault.config.adapter).toEqual(axios.defaults.adapter);
  const failed = await caught(h.instance.get('/rest/v1.0/nothing'));
  expect(failed.config!.adapter).toEqual(axios.defaults.adapter);
  expect(failed.response!.config).toBe(failed.config);
});

test('what a request interceptor leaves on the config is there for the response interceptor, on the same object', async () => {
  await using h = await createHarness();
  const seen = new WeakSet<object>();
  h.instance.interceptors.request.use((config) => {
    seen.add(config);
    return config;
  });
  expect(seen.has((await h.instance.get(me)).config)).toBe(true);
  expect(seen.has((await caught(h.instance.get('/rest/v1.0/nothing'))).config!)).toBe(true);
});

test('instance(error.config) sends the call again through one line, not through two', async () => {
  await using h = await createHarness();
  const fault = h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
  let error = await caught(h.instance.get(me, { procore: { retry: { retries: 1 } } }));
  expect(h.emulator.counters.apiRequests).toBe(2);
  for (let again = 2; again <= 4; again++) {
    error = await caught(h.instance(error.config!));
    // Nested lines would double the attempts each time.
    expect(h.emulator.counters.apiRequests).toBe(2 * again);
  }
  fault.remove();
  h.emulator.revoke();
  expect((await h.instance(error.config!)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 10, unauthorized: 1, exchanges: 1 });
});

test('a config that never reached the line, sent again, goes through one line as well', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const instance = axios.create({ baseURL: h.emulator.url, proxy: false });
  let refusals = 3;
  // Registered before ours, so it runs after: the config that it rejects with has our adapter on it already.
  instance.interceptors.request.use((config) => {
    if (refusals-- > 0) throw Object.assign(new Error('offline'), { config });
    return config;
  });
  let settled = 0;
  attachTo(h, instance, { retry: { retries: 1 } }).on('request-settled', () => settled++);
  let error = await caught(instance.get(me));
  for (let again = 0; again < 2; again++) error = await caught(instance(error.config!));
  expect(error.message).toBe('offline');
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
  expect((await caught(instance(error.config!))).response!.status).toBe(503);
  expect(h.emulator.counters.apiRequests).toBe(2);
  expect(settled).toBe(1);
});

test('error.config of an attached instance works on another attached instance and on a bare one', async () => {
  await using h = await createHarness({ options: { retry: false } });
  const other = h.attachCopy();
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503 } });
  const error = await caught(h.instance.get(me));
  expect((await other.instance(error.config!)).status).toBe(200);
  const bare = axios.create({ proxy: false });
  const refused = await caught(bare(error.config!));
  // axios 1.0 and 1.1 break the headers of a configuration that is sent again: bare axios sends nothing.
  if (breaksHeaders) expect(refused).toBeInstanceOf(TypeError);
  else expect(unwrapped(refused).response!.status).toBe(401);
  expect(h.emulator.counters).toMatchObject({ apiRequests: breaksHeaders ? 2 : 3, tokenRequests: 0 });
});

test('error.config of an own error can be sent again once its cause is gone', async () => {
  await using h = await createHarness({ authorized: false });
  const error = await caught(h.instance.get(me));
  expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
  await h.procore.setTokens(h.emulator.issue());
  expect((await h.instance(error.config!)).status).toBe(200);
});

test('timeout bounds one attempt, comes back as it was, and a timed-out write is not repeated', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
  const error = await caught(h.instance.post('/rest/v1.0/projects/1/rfis', {}, { timeout: 50 }));
  expect(error.code).toBe(onFetch ? 'ETIMEDOUT' : 'ECONNABORTED');
  expect(error.config!.timeout).toBe(50);
  expect(h.told.at(-1)).toMatchObject({ event: 'request-settled', detail: { attempts: 1 } });
  // None where the time ran out before the request arrived; never a second one.
  expect(h.emulator.counters.apiRequests).toBeLessThanOrEqual(1);
});

test('the whole timeout is there for each attempt', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 503 } });
  const timeouts: unknown[] = [];
  const http = await import('axios').then(({ default: { create } }) => create({ proxy: false }));
  const adapter = (config: AxiosRequestConfig) => {
    timeouts.push(config.timeout);
    return http.request({
      ...config,
      adapter: undefined as never,
      // As they are: axios 1.0 cannot read its own headers once more.
      headers: { ...config.headers },
      transformRequest: [(data: unknown) => data],
    });
  };
  await h.instance.get(me, { timeout: 5_000, adapter: adapter as never });
  expect(timeouts).toEqual([5_000, 5_000, 5_000]);
});
