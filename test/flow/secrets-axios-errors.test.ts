import { Agent } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { startEcho } from '../support/echo.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled } from '../support/manual-env.js';
import { shown } from '../support/shown.js';
import { startSlow } from '../support/slow.js';
import { bare, below, onFetch, plainFetch, refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';

/** Every bearer that this account has had. */
function bearersOf(h: Harness): Set<string> {
  const bearers = new Set<string>();
  const note = () => {
    for (const { access_token: token } of h.store.sets.values()) bearers.add(token);
  };
  note();
  h.procore.on('token-renewed', note);
  return bearers;
}

function expectNoBearer(value: unknown, bearers: Set<string>): void {
  expect(bearers.size).toBeGreaterThan(0);
  for (const [way, text] of Object.entries(shown(value))) {
    for (const bearer of bearers) expect(text.includes(bearer) ? `${way} shows the bearer` : '').toBe('');
  }
}

interface Failing {
  what: string;
  config?: AxiosRequestConfig;
  /** Brings it about, and may add to the configuration. */
  prepare?: (h: Harness, config: AxiosRequestConfig) => unknown;
}

const answers = (status: number, headers: Record<string, string> = {}): Pick<Failing, 'prepare'> => ({
  prepare: (h) =>
    void h.emulator.misbehave({
      on: 'api',
      times: Infinity,
      do: { kind: 'answer', status, headers, body: { message: 'No.' } },
    }),
});

const faults: Failing[] = [
  ...[400, 403, 404, 422, 500, 502].map((status) => ({ what: `a ${status}`, ...answers(status) })),
  { what: 'a 401 that stays', ...answers(401) },
  { what: 'a 429 that lasts too long', ...answers(429, { 'retry-after': '900' }) },
  { what: 'a dropped connection', prepare: (h) => misbehave(h, 'drop') },
  { what: 'a cut body', prepare: (h) => misbehave(h, 'cut') },
  { what: 'a timeout', config: { timeout: 60 }, prepare: (h) => misbehave(h, 'hang') },
  { what: 'a refused connection', prepare: (_h, config) => void (config.baseURL = refusing) },
  ...(plainFetch ? [] : [{ what: 'a limit of axios', config: { maxContentLength: 1 } }]),
  { what: 'a 404 whose body is a stream', config: { responseType: 'stream' }, ...answers(404) },
  {
    what: "a 404 over a caller's keep-alive agent",
    config: { httpAgent: new Agent({ keepAlive: true }) },
    ...answers(404),
  },
  {
    what: 'a request stream that the server did not wait for',
    config: { method: 'put', data: undefined },
    prepare(h, config) {
      answers(422).prepare!(h, config);
      const body = new PassThrough();
      body.write(Buffer.alloc(1_000_000));
      config.data = body;
      setImmediate(() => body.end());
    },
  },
  {
    what: 'a request stream that breaks while it is sent',
    config: { method: 'put', data: undefined },
    prepare(_h, config) {
      config.data = new Readable({
        read() {
          this.destroy(new Error('broken'));
        },
      });
    },
  },
  {
    // As axios 0.27 to 0.35 do where such a stream breaks.
    what: 'a configuration in the place of the code',
    prepare(_h, config) {
      config.adapter = (sent) =>
        Promise.reject(Object.assign(new Error('broken'), { isAxiosError: true, code: sent }));
    },
  },
  {
    what: 'a 404 of the replay with a new token',
    prepare(h, config) {
      answers(404).prepare!(h, config);
      h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 401 } });
    },
  },
];

function misbehave(h: Harness, kind: 'drop' | 'cut' | 'hang'): void {
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind } });
}

test.each(faults)(
  'no logger prints the bearer of a call that fails with $what',
  async ({ config, prepare }) => {
    await using h = await createHarness({ options: { retry: { retries: 1 }, origins: [refusing] } });
    const bearers = bearersOf(h);
    const sent = { ...config, url: me };
    prepare?.(h, sent);
    const error = await h.env.drive(caught(h.instance.request(sent)));
    expect(error.isAxiosError).toBe(true);
    expectNoBearer(error, bearers);
  },
);

test('no logger prints the bearer of a call that is aborted under way', async () => {
  await using h = await createHarness();
  const bearers = bearersOf(h);
  const controller = new AbortController();
  const { token, cancel } = axios.CancelToken.source();
  const hang = h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hang' } });
  const bySignal = caught(h.instance.get(me, { signal: controller.signal }));
  const byToken = caught(h.instance.get(me, { cancelToken: token }));
  await hang.struck(2);
  controller.abort();
  cancel('the user left');
  for (const error of await Promise.all([bySignal, byToken])) {
    expect(axios.isCancel(error)).toBe(true);
    expectNoBearer(error, bearers);
  }
});

test('no logger prints the bearers of other calls that are under way over the same agent', async () => {
  await using h = await createHarness();
  const bearers = bearersOf(h);
  const httpAgent = new Agent({ keepAlive: true, maxSockets: 2 });
  const hang = h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hang' } });
  const stop = new AbortController();
  const other = caught(h.instance.get(me, { httpAgent, signal: stop.signal }));
  const failed = caught(h.instance.get(me, { httpAgent, timeout: 200, procore: { retry: false } }));
  await hang.struck(2);
  // Fetch has no agents; else this one waits for a socket.
  const waiting = caught(h.instance.get(me, { httpAgent, signal: stop.signal }));
  await settled();
  expectNoBearer(await failed, bearers);
  stop.abort();
  await Promise.all([other, waiting]);
});

test.each([
  ['a 404', 404],
  ['a refused connection', 0],
])(
  'no logger prints the bearer of a call that was redirected away and met %s there',
  async (_what, status) => {
    await using h = await createHarness();
    await using elsewhere = await startEcho({ status });
    const bearers = bearersOf(h);
    const location = status === 0 ? `${refusing}/x` : `${elsewhere.url}/x`;
    h.emulator.misbehave({ on: 'api', do: { kind: 'redirect', location } });
    expectNoBearer(await h.env.drive(caught(h.instance.get(me))), bearers);
  },
);

test('no logger prints the bearer of a success, nor of an error that comes of it above the plugin', async () => {
  await using h = await createHarness();
  const bearers = bearersOf(h);
  expectNoBearer(await h.instance.get(me), bearers);
  const unparsed = caught(
    h.instance.get(me, {
      transformResponse: [
        () => {
          throw new SyntaxError('no JSON');
        },
      ],
    }),
  );
  expectNoBearer(await unparsed, bearers);
  h.instance.interceptors.response.use((response) => {
    throw Object.assign(new Error('not as expected'), { response });
  });
  expectNoBearer(await caught(h.instance.get(me)), bearers);
});

test('no logger prints the bearer of what an adapter of another kind rejects with', async () => {
  await using h = await createHarness();
  const bearers = bearersOf(h);
  const adapter = (config: AxiosRequestConfig) => {
    const inner = Object.assign(new Error('inner'), { config: { ...config }, request: { config } });
    const errors = [Object.assign(new Error('one of them'), { config, request: { config } })];
    const wrapped = Object.assign(new AggregateError(errors, 'all'), { cause: inner });
    return Promise.reject(Object.assign(new Error('outer'), { cause: wrapped, config, request: config }));
  };
  expectNoBearer(await caught(h.instance.get(me, { adapter: adapter as never })), bearers);
});

test('the request of an error and of an answer is there for code that reads it, and can be replaced', async () => {
  await using h = await createHarness();
  answers(404).prepare!(h, {});
  const error = await caught(h.instance.get(me));
  const request = error.request as { path?: string; url?: string; res?: { responseUrl?: string } };
  expect(request).toBe(error.response!.request);
  if (onFetch) expect(request.url).toContain(me);
  else expect(request).toMatchObject({ path: me, res: { responseUrl: `${h.emulator.url}${me}` } });
  expect('request' in error && 'request' in error.response!).toBe(true);
  expect(Object.keys(error)).not.toContain('request');
  expect(Object.keys(error.response!)).not.toContain('request');
  const shownAsJson = JSON.parse(JSON.stringify(error)) as object;
  expect(shownAsJson).toMatchObject({ message: error.message, config: { url: me } });
  error.request = 'mine';
  error.response!.request = 'mine';
  expect([error.request, error.response!.request]).toEqual(['mine', 'mine']);
});

test('to other hosts the request of an error stays where axios has put it', async () => {
  await using h = await createHarness();
  await using elsewhere = await startEcho({ status: 404 });
  const error = bare(await caught(h.instance.get(elsewhere.url)));
  expect(Object.keys(error)).toContain('request');
  expect(Object.keys(error.response!)).toContain('request');
});

test('an error of our own hides the request of the answer that it carries', async () => {
  await using h = await createHarness();
  const bearers = bearersOf(h);
  h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
  const error = await h.env.drive(caught(h.instance.get(me)));
  expect(error.code).toBe('ERR_PROCORE_REAUTHENTICATION_REQUIRED');
  expectNoBearer(error, bearers);
  expectNoBearer(error.response, bearers);
});

/** What a stream that was handed out ends with. */
async function broken(response: AxiosResponse, end: () => void): Promise<unknown> {
  const body = response.data as AsyncIterable<Uint8Array>;
  const reading = (async () => {
    for await (const chunk of body) void chunk;
    throw new Error('the body is whole');
  })();
  void reading.catch(() => undefined);
  await settled();
  end();
  return reading.catch((error: unknown) => error);
}

// Below 1.0 axios hears no abort once there are headers.
test.each(below('1.0') ? ['a lost connection'] : ['an abort', 'a lost connection'])(
  'no logger prints the bearer of a streamed download that ends with %s, nor of its stream',
  async (way) => {
    await using h = await createHarness();
    const bearers = bearersOf(h);
    await using slow = await startSlow();
    const controller = new AbortController();
    h.procore.detach();
    const { instance } = h.attach({ origins: [slow.url] }, { baseURL: slow.url });
    const response = await instance.get('/file', { responseType: 'stream', signal: controller.signal });
    expectNoBearer(response, bearers);
    expectNoBearer(response.data, bearers);
    const error = await broken(response, () => (way === 'an abort' ? controller.abort() : slow.drop()));
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).not.toBe('the body is whole');
    expectNoBearer(error, bearers);
    expectNoBearer(response.data, bearers);
  },
);
