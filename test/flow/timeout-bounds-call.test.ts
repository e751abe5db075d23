import axios, { type AxiosError, type AxiosRequestConfig } from 'axios';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { resolveAdapter } from '../../src/axios/adapter.js';
import { createAxiosCopies } from '../../src/axios/copies.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { refresh } from '../support/legacy.js';
import { settled, until } from '../support/manual-env.js';
import { createNetwork } from '../support/network.js';
import { startSlow } from '../support/slow.js';
import { below, losesAnswers, onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const bounding = { legacy: { timeoutBoundsCall: true } };
const { AxiosError: ErrorClass } = axios as { AxiosError?: typeof AxiosError };

/** Calls need a token that does not come until `release`. */
function withoutToken(h: Harness) {
  h.env.jump(5_401_000);
  return h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hold' } });
}

/** The `timeout` of each attempt; each takes so long by the manual clock. */
function timeoutsSeen(h: Harness, durationMs: number) {
  const seen: unknown[] = [];
  const adapter = async (config: AxiosRequestConfig) => {
    seen.push(config.timeout);
    try {
      return await resolveAdapter(createAxiosCopies().of(axios), axios.defaults.adapter, config)(config);
    } finally {
      h.env.jump(durationMs);
    }
  };
  return { seen, adapter };
}

/** What an application looks at. */
function looksOf(error: AxiosError & Record<string, unknown>) {
  const { name, message, code, isAxiosError, response } = error;
  const status = response?.status;
  return { name, message, code, isAxiosError, status, isOne: ErrorClass && error instanceof ErrorClass };
}

describe('a wait for a token ends by the timeout of its call', () => {
  const clear = onFetch ? 'ETIMEDOUT' : 'ECONNABORTED';
  test.each<[string, AxiosRequestConfig, AxiosRequestConfig, { message: string; code: string }]>([
    ['of the call', {}, { timeout: 5_000 }, { message: 'timeout of 5000ms exceeded', code: clear }],
    ['of the instance', { timeout: 5_000 }, {}, { message: 'timeout of 5000ms exceeded', code: clear }],
    ['as a string', {}, { timeout: '5000' as never }, { message: 'timeout of 5000ms exceeded', code: clear }],
    [
      'with words of the application',
      {},
      { timeout: 5_000, timeoutErrorMessage: 'Procore is slow today' },
      { message: 'Procore is slow today', code: clear },
    ],
    [
      'with clarifyTimeoutError',
      {},
      { timeout: 5_000, transitional: { clarifyTimeoutError: true } },
      { message: 'timeout of 5000ms exceeded', code: 'ETIMEDOUT' },
    ],
  ])('%s, as axios itself says it', async (_which, defaults, config, { message, code }) => {
    await using h = await createHarness({ options: bounding, defaults: defaults as never });
    const held = withoutToken(h);
    let isOver = false;
    const failed = caught(h.instance.get(me, config)).finally(() => (isOver = true));
    await held.struck();
    await h.env.advance(4_999);
    expect(isOver).toBe(false);
    await h.env.advance(1);
    const error = await failed;
    const name = ErrorClass ? 'AxiosError' : 'Error';
    expect(looksOf(error)).toEqual({
      ...{ name, message, code, isAxiosError: true, status: undefined },
      isOne: ErrorClass && true,
    });
    expect(error.config!.timeout).toBe(config.timeout ?? 5_000);
    expect(error.procore).toMatchObject({ kind: 'timeout', attempts: 0, mayHaveRun: 'no', retryable: true });

    // The renewal goes on.
    held.release();
    await until(() => h.told.some(({ event }) => event === 'token-renewed'), 'the renewal');
    expect((await h.instance.get(me, config)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, apiRequests: 1 });
    expect(h.env.sleeping).toBe(0);
  });
});

test('the wait for the renewal after a 401 ends by the timeout, and the renewal goes on', async () => {
  await using h = await createHarness({ options: bounding });
  h.emulator.revoke();
  const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const failed = caught(h.instance.get(me, { timeout: 5_000 }));
  await held.struck();
  await h.env.advance(5_000);
  const error = await failed;
  expect(looksOf(error)).toMatchObject({ message: 'timeout of 5000ms exceeded', status: undefined });
  expect(error.procore).toMatchObject({ kind: 'timeout', attempts: 1, mayHaveRun: 'no' });
  held.release();
  await until(() => h.told.some(({ event }) => event === 'token-renewed'), 'the renewal');
  expect((await h.instance.get(me)).status).toBe(200);
});

test('a body that is made for ever ends by the timeout, and one that comes afterwards is closed', async () => {
  await using h = await createHarness({ options: bounding });
  let give: (body: Readable) => void = () => {};
  const body = () => new Promise<Readable>((resolve) => (give = resolve));
  const failed = caught(h.instance.post(me, undefined, { timeout: 5_000, procore: { body } }));
  await settled();
  await h.env.advance(5_000);
  const error = await failed;
  expect(looksOf(error)).toMatchObject({ message: 'timeout of 5000ms exceeded', status: undefined });
  expect(error.procore).toMatchObject({ kind: 'timeout', attempts: 0, mayHaveRun: 'no' });
  const late = Readable.from(['late']);
  give(late);
  await settled();
  expect(late.destroyed).toBe(true);
  expect(h.emulator.counters.apiRequests).toBe(0);
  expect(h.env.sleeping).toBe(0);
});

test('all attempts and waits of a call have its timeout together, and each attempt gets what is left', async () => {
  await using h = await createHarness({ options: bounding });
  h.env.chance = 1;
  const network = createNetwork(h.env, 1_000);
  const seen: unknown[] = [];
  const adapter = (config: AxiosRequestConfig) => {
    seen.push(config.timeout);
    return network.adapter(config);
  };
  h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 502 } });
  const call = h.instance.get(me, { timeout: 10_000, adapter: adapter as never });
  expect((await network.run(call)).config.timeout).toBe(10_000);
  // An answer takes a second; the first wait half a second, and the other one a second.
  expect(seen).toEqual([10_000, 10_000 - 1_500, 10_000 - 3_500]);
});

test('without the option each attempt has the whole timeout', async () => {
  await using h = await createHarness();
  const { seen, adapter } = timeoutsSeen(h, 1_000);
  h.emulator.misbehave({ on: 'api', times: 2, do: { kind: 'answer', status: 502 } });
  const call = h.instance.get(me, { timeout: 1_500, adapter: adapter as never });
  expect((await call).status).toBe(200);
  expect(seen).toEqual([1_500, 1_500, 1_500]);
});

test.each([0, undefined])('a timeout of %s means no time limit', async (timeout) => {
  await using h = await createHarness({ options: bounding });
  const { seen, adapter } = timeoutsSeen(h, 1_000_000);
  h.emulator.misbehave({ on: 'api', times: 3, do: { kind: 'answer', status: 502 } });
  const call = h.instance.get(me, { timeout, adapter: adapter as never } as AxiosRequestConfig);
  expect((await call).status).toBe(200);
  expect(new Set(seen)).toEqual(new Set([timeout ?? 0]));
});

test.each([
  ['a back-off', 502, {}],
  ['a Retry-After', 429, { 'retry-after': '30' }],
  ['a Retry-After', 503, { 'retry-after': '30' }],
])('%s that does not fit is not waited for: the call ends with its %i', async (_what, status, headers) => {
  await using h = await createHarness({ options: bounding });
  h.env.chance = 1;
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status, headers } });
  const error = await caught(h.instance.get(me, { timeout: 400 }));
  expect(error.response!.status).toBe(status);
  expect(error.config!.timeout).toBe(400);
  expect(error.procore).toMatchObject({ attempts: 1, gaveUp: 'deadline' });
  expect(h.env.sleeping).toBe(0);
});

test.each(['get', 'post'] as const)('a %s that has timed out is not sent again', async (method) => {
  await using h = await createHarness({ options: bounding });
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hang' } });
  const config = { method, url: me, timeout: 30 };
  const { baseURL } = h.instance.defaults;
  const alone = await caught(axios.create({ baseURL, proxy: false }).request(config));
  const error = await caught(h.instance.request(config));
  if (!losesAnswers) expect(looksOf(error)).toEqual(looksOf(alone));
  expect(error.procore).toMatchObject({ kind: 'timeout', attempts: 1, mayHaveRun: 'maybe' });
  expect(h.env.sleeping).toBe(0);
});

test('an attempt that ends by what was left tells the whole timeout, and so does its configuration', async () => {
  await using h = await createHarness({ options: bounding });
  const { seen, adapter } = timeoutsSeen(h, 9_970);
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 502 } });
  h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
  const config = { timeout: 10_000, adapter: adapter as never };
  const error = await caught(h.instance.get(me, config));
  expect(seen).toEqual([10_000, 30]);
  expect(error.message).toMatch(/^timeout (of 10000ms|10000 of ms) exceeded$/);
  expect(error.stack ?? error.message).toContain(error.message);
  expect(error.config!.timeout).toBe(10_000);
  // Sent again by the application, it has the whole time once more.
  if (below('1.0') || !below('1.2')) {
    expect((await h.instance.request(error.config!)).status).toBe(200);
    expect(seen[2]).toBe(10_000);
  }
});

test('a limit that opens after the timeout is told at once, with when to try again', async () => {
  await using h = await createHarness({ options: bounding });
  h.emulator.setRateLimits({ spike: { limit: 1, windowSeconds: 30 } });
  await h.instance.get(me);
  const error = await caught(h.instance.get(me, { timeout: 5_000 }));
  expect(error).toMatchObject({ code: 'ERR_PROCORE_RATE_LIMITED', status: 429 });
  expect(error.message).toContain('later than its timeout allows');
  expect(error.response!.status).toBe(429);
  expect(error.procore).toMatchObject({ kind: 'rate-limited', attempts: 0, gaveUp: 'deadline' });
  expect((error.retryAt as Date).getTime()).toBeGreaterThan(h.env.now());
  expect(h.env.sleeping).toBe(0);
});

test('a call that waits for the first answers of all ends by its timeout, as those do that were sent', async () => {
  await using h = await createHarness({ options: bounding });
  const held = h.emulator.misbehave({ on: 'api', times: 10, do: { kind: 'hang' } });
  const stop = new AbortController();
  const sent = Array.from({ length: 10 }, () => caught(h.instance.get(me, { signal: stop.signal })));
  await held.struck(10);
  const failed = caught(h.instance.get(me, { timeout: 5_000 }));
  await settled();
  await h.env.advance(5_000);
  expect((await failed).message).toBe('timeout of 5000ms exceeded');
  expect((await failed).procore).toMatchObject({ kind: 'timeout', attempts: 0, mayHaveRun: 'no' });
  stop.abort();
  if (!below('0.22')) await Promise.all(sent);
});

test.each([
  [5_000, 9_000, 'ERR_PROCORE_DEADLINE'],
  [9_000, 5_000, onFetch ? 'ETIMEDOUT' : 'ECONNABORTED'],
])(
  'of a deadline of %i ms and a timeout of %i ms the earlier ends the call',
  async (deadlineMs, timeout, code) => {
    await using h = await createHarness({ options: { ...bounding, deadlineMs } });
    const held = withoutToken(h);
    const failed = caught(h.instance.get(me, { timeout }));
    await held.struck();
    await h.env.advance(5_000);
    expect((await failed).code).toBe(code);
    held.release();
  },
);

test('an abort ends a wait that has a timeout, and leaves nothing', async () => {
  await using h = await createHarness({ options: bounding });
  const held = withoutToken(h);
  const { token, cancel } = axios.CancelToken.source();
  const failed = caught(h.instance.get(me, { timeout: 5_000, cancelToken: token }));
  await held.struck();
  cancel('enough');
  expect(axios.isCancel(await failed)).toBe(true);
  held.release();
});

test('a wait that ends a moment before its time, as timers do, ends by the timeout, too', async () => {
  await using h = await createHarness({ options: bounding });
  const { sleep } = h.env;
  h.env.sleep = (ms, options) => sleep(ms > 1 ? ms - 1 : ms, options);
  const held = withoutToken(h);
  const failed = caught(h.instance.get(me, { timeout: 5_000 }));
  await held.struck();
  await h.env.advance(4_999);
  expect((await failed).message).toBe('timeout of 5000ms exceeded');
  held.release();
});

test('an answer that stops after its headers is ended by the adapter, as it does it, and by nobody else', async () => {
  await using slow = await startSlow();
  await using h = await createHarness({
    options: { ...bounding, environment: { apiUrl: slow.url, loginUrl: slow.url } },
    defaults: { baseURL: slow.url },
  });
  const { adapter } = timeoutsSeen(h, 30);
  let ending: unknown;
  const observed = (config: AxiosRequestConfig) =>
    adapter(config).catch((error: AxiosError & Record<string, unknown>) => {
      ending = looksOf(error);
      throw error;
    });
  const error = await caught(h.instance.get(me, { timeout: 30, adapter: observed as never }));
  if (!losesAnswers) expect(looksOf(error)).toEqual(ending);
  expect(error.procore).toMatchObject({ attempts: 1 });
});

describe("the application's own token request", () => {
  const takingOver = { legacy: { takeOverRefresh: true, timeoutBoundsCall: true } };

  test('ends by its timeout while the renewal goes on, and the next one has the tokens', async () => {
    await using h = await createHarness({ options: takingOver });
    const pair = h.store.sets.get('default')!;
    const held = withoutToken(h);
    const call = h.instance.get(me);
    await held.struck();
    const failed = caught(refresh(h, pair.refresh_token!, { timeout: 5_000 }));
    await settled();
    await h.env.advance(5_000);
    const error = await failed;
    const code = onFetch ? 'ETIMEDOUT' : 'ECONNABORTED';
    expect(error).toMatchObject({ message: 'timeout of 5000ms exceeded', code, isAxiosError: true });
    expect(error.response).toBeUndefined();
    expect(error.config!.timeout).toBe(5_000);
    expect(error.procore).toMatchObject({ kind: 'timeout' });
    held.release();
    expect((await call).status).toBe(200);
    expect((await refresh(h, pair.refresh_token!, { timeout: 5_000 })).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
    expect(h.env.sleeping).toBe(0);
  });

  test('whose redemption takes longer than its timeout spends the token once, and the answer is kept', async () => {
    await using h = await createHarness({ options: takingOver, authorized: false });
    const { refresh_token } = h.emulator.issue();
    const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const first = caught(refresh(h, refresh_token!, { timeout: 600_000 }));
    await held.struck();
    const second = caught(refresh(h, refresh_token!, { timeout: 5_000 }));
    await settled();
    await h.env.advance(5_000);
    expect((await second).message).toBe('timeout of 5000ms exceeded');
    held.release();
    void first.catch(() => undefined);
    await until(() => h.store.sets.has('default'), 'the save');
    expect((await h.instance.get(me)).status).toBe(200);
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });
});

test('an adapter with a time of its own keeps its own words', async () => {
  await using h = await createHarness();
  const message = 'timeout of 250ms exceeded';
  const adapter = () => Promise.reject(Object.assign(new Error(message), { isAxiosError: true, config: {} }));
  const error = await caught(h.instance.get(me, { adapter, procore: { retry: false } }));
  expect(error.message).toBe(message);
});
