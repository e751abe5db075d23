import { Agent } from 'node:http';
import type { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { ProcoreOptions } from '../../src/options/options.js';
import { createScopedHarness, scope, type ScopedHarness } from '../support/scopes.js';
import { until } from '../support/manual-env.js';
import { onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';
const life = 5_400_000;

/** Functions of the application that are asked for each call. */
const asked = (see: (what: string) => void): Partial<ProcoreOptions> => ({
  account: () => (see('account'), 'default'),
  companyId: () => (see('companyId'), 42),
  rateLimit: { scope: () => (see('scope'), 'all') },
});

/** A call whose every function writes down where it runs. */
function watchedCall(h: ScopedHarness): () => Promise<AxiosResponse> {
  const { see, instance } = h;
  instance.interceptors.request.use((config) => (see('request interceptor'), config));
  instance.interceptors.response.use((response) => (see('response interceptor'), response));
  const config: AxiosRequestConfig = {
    method: 'post',
    url: rfis,
    headers: { 'Content-Type': 'application/json' },
    validateStatus: (status) => (see('validateStatus'), status < 300),
    transformRequest: (data: unknown) => (see('transformRequest'), data),
    transformResponse: (data: unknown) => (see('transformResponse'), data),
    procore: { idempotent: true, body: async () => (see('body'), '{"subject":"x"}') },
  };
  return () => instance.request(config).finally(() => see('finally'));
}

const always = [
  ...['account', 'companyId', 'scope', 'body', 'request interceptor', 'response interceptor', 'finally'],
  ...['validateStatus', 'transformRequest', 'transformResponse', 'request-settled'],
];

test.each<[string, (h: ScopedHarness) => unknown, string[]]>([
  ['with a fresh token', () => undefined, []],
  ['that waits for a token', (h) => h.env.jump(life), ['request-waiting']],
  ['whose token is renewed meanwhile', (h) => h.env.jump(life - 60_000), []],
  [
    'that is sent again after a 401',
    (h) => h.emulator.expire(h.store.sets.get('default')!.access_token),
    ['request-retried', 'request-waiting'],
  ],
  [
    'that is sent again after a failure',
    (h) => h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } }),
    ['request-retried', 'request-waiting'],
  ],
  [
    'that waits for the server',
    (h) =>
      h.emulator.misbehave({
        on: 'api',
        do: { kind: 'answer', status: 429, headers: { 'retry-after': '2' } },
      }),
    ['request-retried', 'request-waiting'],
  ],
])('a call %s has the context of its caller in everything that is its own', async (_case, prepare, told) => {
  let see = (_what: string): void => undefined;
  await using h = await createScopedHarness({ options: asked((what) => see(what)) });
  await h.instance.get(me);
  h.env.chance = 0.5;
  see = h.see;
  prepare(h);
  const call = watchedCall(h);
  h.seen.clear();
  await h.env.drive(scope.run('caller', call));
  await h.env.drive(h.procore.idle());
  const ofCall = [...h.seen].filter((one) => !one.endsWith(': attach'));
  expect(ofCall.sort()).toEqual([...always, ...told].map((what) => `${what}: caller`).sort());
});

test('an adapter of the application’s own is called in the context of its caller each time', async () => {
  await using h = await createScopedHarness();
  let times = 0;
  const adapter = async (config: AxiosRequestConfig) => {
    h.see(`adapter ${++times}`);
    const answer = { status: 200, statusText: '', headers: {}, data: {}, config } as AxiosResponse;
    if (times > 1) return answer;
    throw Object.assign(new Error('refused'), {
      ...{ isAxiosError: true, config, response: { ...answer, status: 401 }, toJSON: () => ({}) },
    });
  };
  await scope.run('caller', () => h.instance.get(me, { adapter: adapter as never }));
  expect(h.seen).toContain('adapter 1: caller');
  expect(h.seen).toContain('adapter 2: caller');
});

test('callers who wait together, for a token and for the server, go on each in their own context', async () => {
  await using h = await createScopedHarness();
  await h.instance.get(me);
  h.env.jump(life);
  const busy = h.emulator.misbehave({
    on: 'api',
    times: 2,
    do: { kind: 'answer', status: 429, headers: { 'retry-after': '2' } },
  });
  const callers = Array.from({ length: 5 }, (_, index) => `caller ${index}`);
  const calls = callers.map((name) =>
    scope.run(name, async () => {
      await h.instance.get(me);
      return scope.getStore();
    }),
  );
  await h.env.drive(busy.struck(2));
  expect(await h.env.drive(Promise.all(calls))).toEqual(callers);
});

// fetch has no agents.
if (!onFetch)
  test('sockets that calls and token requests share by keep-alive bring no context along', async () => {
    const httpAgent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets: string[] = [];
    httpAgent.on('free', () => void sockets.push('free'));
    await using h = await createScopedHarness({ defaults: { httpAgent } });
    await scope.run('first', () => h.instance.get(me));
    h.seen.clear();
    h.env.jump(life);
    const waiting = scope.run('second', async () => {
      const { data } = await h.instance.get<Readable>(me, { responseType: 'stream' });
      h.see('answer');
      data.on('data', () => h.see('data'));
      await new Promise<void>((resolve) => data.on('end', () => (h.see('end'), resolve())));
    });
    await h.env.drive(waiting);
    await until(() => sockets.length > 2, 'the socket to be free again');
    httpAgent.destroy();
    for (const one of ['answer', 'data', 'end']) expect(h.seen).toContain(`${one}: second`);
    expect(h.seen).toContain('token request: attach');
    expect([...h.seen].filter((one) => /: (first|undefined)$/.test(one))).toEqual([]);
  });
