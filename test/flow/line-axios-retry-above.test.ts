import { Agent } from 'node:http';
import axios, { type AxiosInstance } from 'axios';
import axiosRetry, { type IAxiosRetryConfig } from 'axios-retry';
import { expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness, type Harness } from '../support/harness.js';
import { breaksHeaders, onFetch, refusedCode, refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';

function retrying(h: Harness, order: 'before' | 'after', apiUrl = h.emulator.url): AxiosInstance {
  h.procore.detach();
  const instance = axios.create({ baseURL: apiUrl, proxy: false });
  const legacy: IAxiosRetryConfig = { retries: 3, retryDelay: () => 1, retryCondition: () => true };
  // Its types are made for the newest axios only.
  const attachLegacy = () => void axiosRetry(instance, legacy);
  if (order === 'before') attachLegacy();
  attachTo(h, instance, { retry: { retries: 2 }, environment: { ...h.emulator.environment, apiUrl } });
  if (order === 'after') attachLegacy();
  return instance;
}

const orders = ['before', 'after'] as const;
const refusals = [
  ['a 500', { kind: 'answer', status: 500 }],
  ['a 502', { kind: 'answer', status: 502 }],
  ['a 503', { kind: 'answer', status: 503 }],
  ['a 504', { kind: 'answer', status: 504 }],
  ['a 429 that names no wait', { kind: 'answer', status: 429 }],
  ['a lost connection', { kind: 'drop' }],
] as const;

test.each(orders.flatMap((order) => refusals.map(([what, fault]) => ({ order, what, fault }))))(
  'an axios-retry put on the instance $order the attach does not multiply the attempts at $what',
  async ({ order, fault }) => {
    await using h = await createHarness();
    const instance = retrying(h, order);
    h.emulator.misbehave({ on: 'api', times: Infinity, do: fault });
    const error = await h.env.drive(caught(instance.get(me)));
    expect(error.procore).toMatchObject({ gaveUp: 'retries-exhausted', attempts: 3 });
    expect(h.emulator.counters.apiRequests).toBe(3);
  },
);

test.each(orders)(
  'an axios-retry put on the instance %s the attach does not repeat what may have run, nor a limit that opens too late',
  async (order) => {
    await using h = await createHarness();
    const instance = retrying(h, order);
    h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 504 } });
    // Its own condition says that a write may be repeated; here it must not.
    const error = await caught(instance.post('/rest/v1.0/projects/1/rfis', {}));
    expect(error.procore).toMatchObject({ gaveUp: 'may-have-run' });
    expect(h.emulator.counters.apiRequests).toBe(1);
    h.emulator.setRateLimits({ hourly: { limit: 1, windowSeconds: 3_600 } });
    await instance.get(me);
    const late = await caught(instance.get(me));
    expect(late.code).toBe('ERR_PROCORE_RATE_LIMITED');
    expect(h.emulator.counters.apiRequests).toBe(2);
  },
);

test.each(['before', 'after'] as const)(
  'an axios-retry put on the instance %s the attach does not multiply the attempts at a refused connection',
  async (order) => {
    await using h = await createHarness();
    const instance = retrying(h, order, refusing);
    let connections = 0;
    const httpAgent = new Agent();
    const { createConnection } = httpAgent as unknown as {
      createConnection: (...args: unknown[]) => unknown;
    };
    Object.assign(httpAgent, {
      createConnection(this: unknown, ...args: unknown[]) {
        connections++;
        return createConnection.apply(this, args);
      },
    });
    const error = await caught(instance.get(me, { httpAgent }));
    expect(error.code).toBe(refusedCode);
    expect(error.procore).toMatchObject({ attempts: 3 });
    // Fetch has no agents.
    if (!onFetch) expect(connections).toBe(3);
  },
);

test.each(['before', 'after'] as const)(
  'an axios-retry put on the instance %s the attach does not repeat errors of our own',
  async (order) => {
    await using h = await createHarness({ authorized: false });
    const instance = retrying(h, order);
    const error = await caught(instance.get(me));
    expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
    expect(h.store.log.filter((entry) => entry.startsWith('load'))).toHaveLength(1);
    expect(error.config).toMatchObject({ 'axios-retry': { retries: 0 } });
  },
);

test.each(['before', 'after'] as const)(
  'an axios-retry put on the instance %s the attach goes on retrying calls to other hosts',
  async (order) => {
    await using h = await createHarness();
    await using elsewhere = await startEcho({ status: 503 });
    const instance = retrying(h, order);
    await caught(instance.get(`${elsewhere.url}/x`));
    // axios 1.0 and 1.1 break the headers of what is sent again, with or without the plugin.
    expect(elsewhere.arrived).toHaveLength(breaksHeaders ? 1 : 4);
  },
);

test('an axios-retry on the instance goes on where retry: false leaves the retries to it', async () => {
  await using h = await createHarness();
  const instance = retrying(h, 'before');
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status: 503 } });
  await caught(instance.get(me, { procore: { retry: false } }));
  expect(h.emulator.counters.apiRequests).toBe(4);
});

test('a call that succeeds in the end leaves nothing behind in the axios-retry of the application', async () => {
  await using h = await createHarness();
  const instance = retrying(h, 'before');
  h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 503 } });
  const { config } = await instance.get(me);
  expect(config).toMatchObject({ 'axios-retry': { retries: 3, retryCount: 0 } });
});

test('a failed renewal never makes an axios-retry on the instance send the token request', async () => {
  await using h = await createHarness();
  const instance = retrying(h, 'before');
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  h.emulator.misbehave({
    on: 'token',
    times: Infinity,
    do: { kind: 'answer', status: 400, body: { error: 'invalid_client' } },
  });
  const error = await caught(instance.get(me));
  expect(error.code).toBe('ERR_PROCORE_CLIENT_REJECTED');
  expect(error.config!.url).toBe(me);
  expect(h.emulator.counters).toMatchObject({ tokenRequests: 1, apiRequests: 1 });
});
