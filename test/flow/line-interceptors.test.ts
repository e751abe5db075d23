import axios, { type AxiosInstance } from 'axios';
import { expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness } from '../support/harness.js';
import { until } from '../support/manual-env.js';

const me = '/rest/v1.0/me';

/** Counts an instance's interceptors: [requests, answers, failures]. */
function countRuns(instance: AxiosInstance): number[] {
  const runs = [0, 0, 0];
  instance.interceptors.request.use((config) => {
    runs[0]!++;
    return config;
  });
  instance.interceptors.response.use(
    (response) => {
      runs[1]!++;
      return response;
    },
    (error: unknown) => {
      runs[2]!++;
      throw error;
    },
  );
  return runs;
}

test("the application's interceptors run once per call, also when the call is replayed after a 401", async () => {
  await using h = await createHarness();
  const runs = countRuns(h.instance);
  await h.instance.get(me);
  h.emulator.revoke();
  await h.instance.get(me);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 3, unauthorized: 1 });
  expect(runs).toEqual([2, 2, 0]);
});

test("the application's interceptors run once per call, also when the call is retried", async () => {
  await using h = await createHarness();
  const runs = countRuns(h.instance);
  h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 503 } });
  await h.instance.get(me);
  expect(h.emulator.counters.apiRequests).toBe(3);
  expect(runs).toEqual([1, 1, 0]);
});

test("the application's interceptors run once for a call that fails for good", async () => {
  await using h = await createHarness();
  const runs = countRuns(h.instance);
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
  await caught(h.instance.get(me));
  expect(h.emulator.counters.apiRequests).toBe(5);
  expect(runs).toEqual([1, 0, 1]);
});

test('interceptors from before and after the attach run in the order of axios', async () => {
  await using h = await createHarness();
  h.procore.detach();
  const order: string[] = [];
  const note = (name: string) => {
    h.instance.interceptors.request.use((config) => {
      order.push(`request ${name}`);
      return config;
    });
    h.instance.interceptors.response.use((response) => {
      order.push(`response ${name}`);
      return response;
    });
  };
  note('first');
  attachTo(h, h.instance);
  note('second');
  await h.instance.get(me);
  expect(order).toEqual(['request second', 'request first', 'response first', 'response second']);
});

test('an interceptor that unwraps response.data unwraps it once, also after a replay and a retry', async () => {
  await using h = await createHarness();
  h.instance.interceptors.response.use((response) => response.data as never);
  h.emulator.revoke();
  h.emulator.misbehave({ on: 'token', do: { kind: 'answer', status: 503 } });
  const call: Promise<unknown> = h.instance.get(me);
  await until(() => h.emulator.counters.tokenRequests === 1, 'the first token request');
  await h.env.advance(2_000);
  expect(await call).toMatchObject({ id: 1, login: 'user-1@example.com' });
});

test('an interceptor that throws an error of its own decides what the caller gets', async () => {
  await using h = await createHarness();
  class ApiError extends Error {}
  h.instance.interceptors.response.use(undefined, (error: { response?: { status: number } }) => {
    throw new ApiError(`status ${error.response?.status}`);
  });
  const error = await caught(h.instance.get('/rest/v1.0/nothing'));
  expect(error).toBeInstanceOf(ApiError);
  expect(error.message).toBe('status 404');
});

test('a request interceptor that rejects keeps the call from being sent, with its own error', async () => {
  await using h = await createHarness();
  const refusal = new Error('not today');
  h.instance.interceptors.request.use(() => {
    throw refusal;
  });
  expect(await caught(h.instance.get(me))).toBe(refusal);
  expect(h.emulator.counters.requests).toBe(0);
});

test('a call that an interceptor, before or after ours, rewrites to a storage bucket gets neither token nor company', async () => {
  await using h = await createHarness();
  await using bucket = await startEcho();
  h.instance.interceptors.request.use((config) => {
    if (config.url === '/upload') config.url = `${bucket.url}/bucket/key?X-Amz-Signature=abc`;
    return config;
  });
  await h.instance.put('/upload', 'bytes');
  h.procore.detach();
  const rewriting = axios.create({ baseURL: h.emulator.url, proxy: false });
  rewriting.interceptors.request.use((config) => ({ ...config, url: `${bucket.url}/bucket/key` }));
  attachTo(h, rewriting);
  await rewriting.put('/upload', 'bytes');
  expect(bucket.arrived).toHaveLength(2);
  for (const { headers, body } of bucket.arrived) {
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('procore-company-id');
    expect(body.toString()).toBe('bytes');
  }
  expect(h.emulator.counters.requests).toBe(0);
});

test('a call that an interceptor rewrites from a bucket to Procore gets the token', async () => {
  await using h = await createHarness();
  h.instance.interceptors.request.use((config) => {
    config.url = `${h.emulator.url}${me}`;
    return config;
  });
  expect((await h.instance.get('https://bucket.s3.amazonaws.com/key')).status).toBe(200);
  expect(h.emulator.log[0]!.accessToken).toBeDefined();
});

/** An older token of the same user. */
const stale = `Bearer e30.${Buffer.from('{"sub":"1"}').toString('base64url')}.stale`;

test.each([
  ['Authorization', (instance: AxiosInstance) => (instance.defaults.headers.common['Authorization'] = stale)],
  [
    'authorization',
    (instance: AxiosInstance) => (instance.defaults.headers.common['authorization'] = 'Basic c3RhbGU6'),
  ],
  [
    'Authorization by an interceptor',
    (instance: AxiosInstance) =>
      instance.interceptors.request.use((config) => {
        config.headers.Authorization = stale;
        return config;
      }),
  ],
])("the application's own %s is replaced by the token", async (_name, set) => {
  await using h = await createHarness();
  set(h.instance);
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 1, unauthorized: 0 });
});

test.each([
  ['() => true', () => true],
  ['null', null],
  ['undefined', undefined],
])(
  'with validateStatus: %s a 401 is still replayed, and a final failure resolves',
  async (_name, validateStatus) => {
    await using h = await createHarness();
    h.emulator.revoke();
    const config = { validateStatus } as object;
    expect((await h.instance.get(me, config)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
    const missing = await h.instance.get<{ message: string }>('/rest/v1.0/nothing', config);
    expect(missing.status).toBe(404);
    expect(missing.data).toEqual({ message: 'Not Found' });
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
    expect((await h.instance.get(me, config)).status).toBe(503);
  },
);

test('validateStatus: () => true gets the 401 that was answered when the grant is dead', async () => {
  await using h = await createHarness();
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  const call = h.instance.get(me, { validateStatus: () => true });
  await until(() => h.emulator.counters.tokenRequests === 1, 'the token request');
  await h.env.advance(10_000);
  expect((await call).status).toBe(401);
});

test('validateStatus that refuses a 201 gets its error, and the call is not repeated', async () => {
  await using h = await createHarness();
  const validateStatus = (status: number) => status === 200;
  const error = await caught(
    h.instance.post('/rest/v1.0/projects/1/rfis', { subject: 'x' }, { validateStatus }),
  );
  expect(error.response).toMatchObject({ status: 201, data: { subject: 'x' } });
  expect(error.isAxiosError).toBe(true);
  expect(error.config!.validateStatus).toBe(validateStatus);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 1, tokenRequests: 0 });
});
