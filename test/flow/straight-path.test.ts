import axios, { type AxiosAdapter, type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { describe, expect, test } from 'vitest';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness, type Harness } from '../support/harness.js';
import { below, losesQueries } from '../support/versions.js';

const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';
/** Below 0.27 axios tells nobody of a redirect, and 1.0.0 loses a query: there every call takes the long path. */
const hasStraightPath = !below('0.27') && !losesQueries;

interface Given {
  config: AxiosRequestConfig;
  /** As they were at the moment of the send. */
  headers: Record<string, unknown>;
}

/** An adapter of the application's own. `keep` holds whatever it was given, as mocks do. */
function adapterOf(answer: (config: AxiosRequestConfig) => unknown): {
  adapter: AxiosAdapter;
  keep: Given[];
} {
  const keep: Given[] = [];
  const adapter = ((config: AxiosRequestConfig) => {
    keep.push({ config, headers: { ...(config.headers as Record<string, unknown>) } });
    return answer(config);
  }) as unknown as AxiosAdapter;
  return { adapter, keep };
}
const answered = (config: AxiosRequestConfig, status = 200, more: object = {}) =>
  Promise.resolve({ status, statusText: '', data: '{"id":1}', headers: {}, config, ...more });

/** A first call, so that the tokens are loaded. */
async function warm(h: Harness): Promise<void> {
  await h.instance.get(me);
}

/** What the application can see of a configuration. */
function shown(config: AxiosRequestConfig): object {
  return { ...config, headers: { ...(config.headers as object) }, adapter: typeof config.adapter };
}

test('an adapter function is given the bearer on a copy of the configuration, whatever path the call takes', async () => {
  await using h = await createHarness();
  await warm(h);
  const { adapter, keep } = adapterOf((config) => answered(config));
  const straight = await h.instance.get(me, { adapter });
  const long = await h.instance.get(me, { adapter, procore: { deadlineMs: 60_000 } });
  expect(keep[0]!.config).not.toBe(straight.config);
  expect(keep[1]!.config).not.toBe(long.config);
  const token = `Bearer ${h.store.sets.get('default')!.access_token}`;
  for (const { headers } of keep)
    expect(headers).toMatchObject({ Authorization: token, 'Procore-Company-Id': '42' });
});

describe('whoever holds the configuration of a call under way finds no bearer on it', () => {
  /** Calls that wait at an adapter until they are let go. */
  function held(): { adapter: AxiosAdapter; letGo: () => void } {
    const waiting: (() => void)[] = [];
    const adapter = (async (config: AxiosRequestConfig) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return answered(config);
    }) as unknown as AxiosAdapter;
    return { adapter, letGo: () => waiting.splice(0).forEach((go) => go()) };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test('an interceptor that prints it, and a second call that is made of it', async () => {
    await using h = await createHarness();
    await warm(h);
    let config: AxiosRequestConfig | undefined;
    h.instance.interceptors.request.use((one) => {
      config ??= one;
      return one;
    });
    const { adapter, letGo } = held();
    const first = h.instance.get(me, { adapter });
    await turn();
    expect(JSON.stringify(config)).not.toMatch(/bearer/i);
    const second = h.instance.request({ ...config!, adapter });
    await turn();
    letGo();
    const answers = await Promise.all([first, second]);
    expect(JSON.stringify([config, ...answers.map((answer) => answer.config)])).not.toMatch(/bearer/i);
  });

  test('an interceptor that gives two calls at once the same configuration', async () => {
    await using h = await createHarness();
    await warm(h);
    const { adapter, letGo } = held();
    let shared: AxiosRequestConfig | undefined;
    h.instance.interceptors.request.use((config) => {
      shared ??= config;
      shared.adapter = adapter;
      return shared as typeof config;
    });
    const calls = [h.instance.get(me)];
    await turn();
    calls.push(h.instance.get(me));
    await turn();
    letGo();
    await Promise.all(calls);
    expect(JSON.stringify(shared)).not.toMatch(/bearer/i);
    expect(shared).not.toHaveProperty('beforeRedirect');
  });
});

describe('what was changed on the configuration for the send is put back', () => {
  const settings = { headers: { 'X-Own': 'yes' }, timeout: 5_000, params: { a: 1 } };
  /** The same call on a bare instance. */
  async function bare(send: (instance: AxiosInstance) => Promise<{ config?: AxiosRequestConfig }>) {
    const { config } = await send(axios.create({ baseURL: 'http://127.0.0.1:1', proxy: false }));
    return shown({ ...config, baseURL: undefined } as AxiosRequestConfig);
  }
  const failing: [string, (config: AxiosRequestConfig) => unknown][] = [
    ['after a success', (config) => answered(config)],
    [
      'after an error that no axios has made',
      () => Promise.reject(Object.assign(new TypeError('mine'), { mine: true })),
    ],
    [
      'after an error of its own kind that has the configuration',
      (config) => Promise.reject(Object.assign(new Error('mine'), { config })),
    ],
    [
      'after a throw before there was a promise',
      () => {
        throw new Error('mine');
      },
    ],
    ['after a status that is no success', (config) => answered(config, 404)],
    ['after what is no promise at all', () => undefined],
  ];

  test.each(hasStraightPath ? failing : [])(
    '%s, also for an adapter that has kept it',
    async (_when, answer) => {
      await using h = await createHarness({ options: { retry: false } });
      await warm(h);
      const { adapter, keep } = adapterOf(answer);
      await h.instance.get(me, { ...settings, adapter }).catch(() => undefined);
      const plain = adapterOf((config) => answered(config));
      const expected = await bare((instance) => instance.get(me, { ...settings, adapter: plain.adapter }));
      expect(shown({ ...keep[0]!.config, baseURL: undefined } as AxiosRequestConfig)).toEqual(expected);
      expect(JSON.stringify(keep[0]!.config)).not.toMatch(/bearer|procore-company/i);
    },
  );

  test.each([
    ['an absolute URL on an instance with another baseURL', true],
    ['a relative URL on an instance without baseURL', false],
  ])('on %s', async (_what, isAbsolute) => {
    await using h = await createHarness();
    const instance = axios.create({
      ...(isAbsolute ? { baseURL: 'https://elsewhere.example' } : {}),
      proxy: false,
    });
    attachTo(h, instance);
    const before: object[] = [];
    const visible = ({ url, baseURL, ...rest }: AxiosRequestConfig) => ({
      url,
      baseURL,
      keys: Object.keys(rest).filter((name) => name !== 'data'),
    });
    instance.interceptors.request.use((config) => {
      before.push(visible(config));
      return config;
    });
    // The first one waits until the tokens are loaded.
    for (let call = 0; call < 2; call++) {
      const url = isAbsolute ? `${h.emulator.environment.apiUrl}${me}` : me;
      const { config, data } = await instance.get<{ id: number }>(url);
      expect(data.id).toBe(1);
      expect(visible(config)).toEqual(before[call]);
    }
  });
});

test('while a call is under way over an adapter of axios, the application sees its own headers on the configuration', async () => {
  await using h = await createHarness();
  await warm(h);
  let arrived = () => {};
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  h.emulator.misbehave({
    on({ path }) {
      if (path === me) arrived();
      return path === me;
    },
    do: { kind: 'hang' },
  });
  let config: AxiosRequestConfig | undefined;
  h.instance.interceptors.request.use((made) => (config = made) as never);
  const stop = new AbortController();
  const source = axios.CancelToken.source();
  const call = h.instance.get(me, below('0.22') ? { cancelToken: source.token } : { signal: stop.signal });
  await arrival;
  expect(JSON.stringify(config!.headers)).not.toMatch(/bearer|procore-company/i);
  stop.abort();
  source.cancel();
  await caught(call);
});

test('what comes back but a plain success goes on as the first attempt: it is counted, told and repeated once', async () => {
  await using h = await createHarness();
  await warm(h);
  h.told.length = 0;
  let calls = 0;
  const { adapter } = adapterOf((config) => answered(config, ++calls === 1 ? 502 : 200));
  expect((await h.env.drive(h.instance.get(me, { adapter }))).status).toBe(200);
  expect(calls).toBe(2);
  expect(
    h.told
      .filter(({ event }) => event === 'request-retried' || event === 'request-settled')
      .map(({ event, detail }) => [event, detail['attempt'] ?? detail['attempts']]),
  ).toEqual([
    ['request-retried', 2],
    ['request-settled', 2],
  ]);
});

test('a failed first attempt of a POST that may have run is not repeated, and its error says so', async () => {
  await using h = await createHarness();
  await warm(h);
  let calls = 0;
  const { adapter } = adapterOf(() => {
    calls++;
    return Promise.reject(
      Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', isAxiosError: true }),
    );
  });
  const error = await caught(h.instance.post(rfis, { subject: 'a' }, { adapter }));
  expect(error.procore).toMatchObject({
    kind: 'connection-lost',
    attempts: 1,
    mayHaveRun: 'maybe',
    gaveUp: 'may-have-run',
  });
  expect(calls).toBe(1);
});

test.each([401, 500])(
  'an application that takes a %i for a success gets it as one, after what a replay or a retry could do',
  async (status) => {
    await using h = await createHarness({ options: { retry: { retries: 1 } } });
    await warm(h);
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status } });
    const answer = await h.env.drive(h.instance.get(me, { validateStatus: () => true }));
    expect(answer.status).toBe(status);
    expect(answer.config.validateStatus!(500)).toBe(true);
  },
);

test('a status that the application takes for no success is its error, also where it is one of 200 to 299', async () => {
  await using h = await createHarness();
  await warm(h);
  const error = await caught(h.instance.get(me, { validateStatus: (status) => status === 204 }));
  expect(error.response!.status).toBe(200);
  expect(error.procore).toMatchObject({ kind: 'unexpected', status: 200, attempts: 1 });
});

test('many calls at once under one answer each keep their own configuration', async () => {
  await using h = await createHarness();
  await warm(h);
  const { adapter, keep } = adapterOf(async (config) => {
    await new Promise((resolve) => setImmediate(resolve));
    return answered(config);
  });
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      h.instance.get(me, { adapter, headers: { 'X-Call': String(index) } }),
    ),
  );
  for (const [index, { config }] of answers.entries()) {
    expect(config.headers).toMatchObject({ 'X-Call': String(index) });
    expect(JSON.stringify(config)).not.toMatch(/bearer/i);
  }
  expect(new Set(keep.map(({ headers }) => headers['X-Call'])).size).toBe(50);
});

test.each<[string, (config: AxiosRequestConfig) => unknown]>([
  ['that answers with nothing', () => Promise.resolve(undefined)],
  ['that answers with null', () => Promise.resolve(null)],
  ['that freezes its configuration', (config) => answered(Object.freeze(config))],
  [
    'that freezes its configuration and throws',
    (config) => {
      throw Object.assign(new Error('mine'), { config: Object.freeze(config) });
    },
  ],
])(
  'no call stays on the books after an adapter %s, and the application gets no token',
  async (_what, answer) => {
    await using h = await createHarness({ options: { retry: false, renewal: { drain: true } } });
    await warm(h);
    h.told.length = 0;
    const { adapter } = adapterOf(answer);
    const outcome = await h.instance.get(me, { adapter }).catch((error: unknown) => error);
    expect(JSON.stringify((outcome as { config?: object }).config ?? {})).not.toMatch(
      /bearer|procore-company/i,
    );
    expect(h.told.filter(({ event }) => event === 'request-settled')).toHaveLength(1);
    // A renewal waits for calls under way.
    const sinceMs = h.env.now();
    await h.env.drive(h.procore.renew());
    expect(h.env.now() - sinceMs).toBeLessThan(1_000);
  },
);

test('a token that a 401 has refused is replaced under a call of the straight path, without a second record of it', async () => {
  await using h = await createHarness();
  await warm(h);
  h.told.length = 0;
  h.emulator.revoke();
  expect((await h.instance.get(me)).status).toBe(200);
  expect(h.emulator.counters).toMatchObject({ unauthorized: 1, exchanges: 1 });
  expect(h.told.filter(({ event }) => event === 'request-settled')).toHaveLength(1);
});

test('a redirect to another origin takes neither the token nor the company id along, and what is answered there counts for nothing', async () => {
  await using h = await createHarness();
  await warm(h);
  await using elsewhere = await startEcho({
    status: 200,
    headers: {
      date: new Date(h.env.now()).toUTCString(),
      'x-rate-limit-limit': '10',
      'x-rate-limit-remaining': '0',
      'x-rate-limit-reset': String(h.env.now() / 1000 + 3_600),
    },
  });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: elsewhere.url } });
  const { config } = await h.instance.get(me, { headers: { 'X-Own': 'kept' } });
  const { headers } = elsewhere.arrived[0]!;
  expect(headers['x-own']).toBe('kept');
  expect(headers).not.toHaveProperty('authorization');
  expect(headers).not.toHaveProperty('procore-company-id');
  expect(config).not.toHaveProperty('beforeRedirect');
  expect((await h.instance.get(me)).status).toBe(200);
});

test('a 401 behind a redirect to another origin leads to no renewal', async () => {
  await using h = await createHarness();
  await warm(h);
  await using elsewhere = await startEcho({ status: 401 });
  h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location: elsewhere.url } });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(401);
  expect(error.procore).toBeUndefined();
  expect(h.emulator.counters.tokenRequests).toBe(0);
});

test('a call whose configuration cannot be read gives its place at the gate to the next', async () => {
  await using h = await createHarness();
  await warm(h);
  const left = {
    'x-rate-limit-limit': '10',
    'x-rate-limit-remaining': '2',
    'x-rate-limit-reset': String(Math.ceil(h.env.now() / 1000) + 3_600),
  };
  const { adapter } = adapterOf((config) => answered(config, 200, { headers: left }));
  await h.instance.get(me, { adapter });
  // The last thing that runs before the adapter.
  function transformRequest(this: object): void {
    Object.defineProperty(this, 'trace', {
      enumerable: true,
      get() {
        throw new Error('mine');
      },
    });
  }
  for (let call = 0; call < 5; call++)
    expect((await caught(h.instance.get(me, { adapter, transformRequest }))).message).toBe('mine');
  h.told.length = 0;
  await h.instance.get(me, { adapter });
  expect(h.told.filter(({ event }) => event === 'request-waiting')).toEqual([]);
});
