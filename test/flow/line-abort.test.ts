import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ways, type Way } from '../support/aborts.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { below, onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';

/** What a call waits for when it is aborted; resolves once it waits. */
const waits: [name: string, begin: (h: Harness) => unknown, waiting: (h: Harness) => Promise<void>][] = [
  [
    'a token',
    (h) => {
      h.env.jump(5_401_000);
      h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
    },
    (h) => until(() => h.emulator.counters.tokenRequests === 1, 'the token request'),
  ],
  [
    'the renewal for its 401',
    (h) => {
      h.emulator.revoke();
      h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
    },
    (h) => until(() => h.emulator.counters.tokenRequests === 1, 'the token request'),
  ],
  [
    'the server that has turned it away',
    (h) =>
      void h.emulator.misbehave({
        on: 'api',
        do: { kind: 'answer', status: 503, headers: { 'retry-after': '30' } },
      }),
    (h) => until(() => h.env.sleeping > 0, 'the wait'),
  ],
  [
    'its back-off',
    (h) => {
      h.env.chance = 0.5;
      h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 502 } });
    },
    (h) => until(() => h.env.sleeping > 0, 'the wait'),
  ],
  [
    'the reset of a limit',
    async (h) => {
      h.emulator.setRateLimits({ spike: { limit: 1, windowSeconds: 10 } });
      await h.instance.get(me);
    },
    (h) => until(() => h.env.sleeping > 0, 'the wait'),
  ],
  [
    'the first answer of all',
    async (h) => {
      const held = h.emulator.misbehave({ on: 'api', times: 10, do: { kind: 'hang' } });
      for (let call = 0; call < 10; call++) void h.instance.get(me).catch(() => undefined);
      await held.struck(10);
    },
    (h) => until(() => h.told.some(({ detail }) => detail['reason'] === 'rate-limit'), 'the wait'),
  ],
  [
    'its answer',
    (h) => void h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } }),
    (h) => until(() => h.emulator.counters.apiRequests > 0 && h.env.sleeping === 0, 'the request'),
  ],
];

/** What bare axios rejects with when a call is aborted on its way. Below 0.22 it knows CancelTokens only: what they give is expected. */
async function bareRejection(h: Harness, make: Way[1]): Promise<unknown> {
  const source = axios.CancelToken.source();
  const known = make().config.signal && below('0.22');
  const { config, abort } = known
    ? { config: { cancelToken: source.token }, abort: () => source.cancel('canceled') }
    : make();
  const hang = h.emulator.misbehave({ on: ({ path }) => path === '/bare', do: { kind: 'hang' } });
  const failed = caught(axios.get(`${h.emulator.url}/bare`, { ...config, proxy: false }));
  await hang.struck();
  abort();
  return failed;
}

const cases = waits.flatMap((wait) => ways.map((way) => [wait, way] as const));

test.each(cases.map(([[wait, begin, waiting], [way, make]]) => ({ wait, way, begin, waiting, make })))(
  'a call that is aborted by $way while it waits for $wait rejects at once, as axios would, and leaves no timer',
  async ({ begin, waiting, make }) => {
    await using h = await createHarness();
    const bare = (await bareRejection(h, make)) as Error & { code?: string };
    await begin(h);
    const sleepingBefore = h.env.sleeping;
    const { config, abort } = make();
    let rejected = false;
    const failed = caught(h.instance.get(me, config));
    void failed.then(() => (rejected = true));
    await waiting(h);
    const sent = h.emulator.counters.apiRequests;
    abort();
    await settled();
    expect(rejected).toBe(true);
    const error = await failed;
    expect(axios.isCancel(error)).toBe(true);
    expect(error.name).toBe(bare.name);
    // Fetch has words of its own for what it was doing.
    const words = [bare.message, ...(onFetch ? ['canceled', 'This operation was aborted'] : [])];
    expect(words).toContain(error.message);
    expect(error.code).toBe(bare.code);
    // The renewal goes on for others: its own bounds are the only timers.
    const renewing = h.procore.status().renewing;
    if (renewing) h.emulator.misbehave({ on: 'token', do: { kind: 'hang' } });
    else expect(h.env.sleeping).toBe(sleepingBefore);
    await h.env.advance(120_000);
    expect(h.emulator.counters.apiRequests).toBe(sent);
  },
);

test.each(ways)('a call that is aborted by %s before it is made is not sent', async (_way, make) => {
  await using h = await createHarness();
  const { config, abort } = make();
  abort();
  expect(axios.isCancel(await caught(h.instance.get(me, config)))).toBe(true);
  expect(h.emulator.counters.requests).toBe(0);
});

test.each(ways)(
  'a call that is aborted by %s in the moment in which its token comes is not sent',
  async (_way, make) => {
    await using h = await createHarness();
    h.env.jump(5_401_000);
    const { config, abort } = make();
    h.procore.on('token-renewed', abort);
    let sent = 0;
    // It listens to nothing that ends a call.
    const adapter = async (own: AxiosRequestConfig) => {
      sent++;
      return { status: 200, statusText: 'OK', data: {}, headers: {}, config: own };
    };
    const call = h.instance.post(me, {}, { ...config, adapter: adapter as never });
    expect(axios.isCancel(await h.env.drive(caught(call)))).toBe(true);
    expect(sent).toBe(0);
  },
);

test('a CancelToken gives its reason also to a call that has a deadline', async () => {
  await using h = await createHarness();
  const make: Way[1] = () => {
    const source = axios.CancelToken.source();
    const config = { cancelToken: source.token, procore: { deadlineMs: 3_600_000 } };
    return { config, abort: () => source.cancel('the user left') };
  };
  const bare = (await bareRejection(h, make)) as Error;
  const { config, abort } = make();
  const hang = h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
  const failed = caught(h.instance.get(me, config));
  await hang.struck();
  abort();
  const error = await failed;
  expect(axios.isCancel(error)).toBe(true);
  expect([error.name, error.message]).toEqual([bare.name, bare.message]);
  expect(h.env.sleeping).toBe(0);
});

test("one waiter's abort leaves the renewal running for the others", async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  const hold = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const controller = new AbortController();
  const aborted = caught(h.instance.get(me, { signal: controller.signal }));
  const other = h.instance.get(me);
  await hold.struck();
  controller.abort();
  expect(axios.isCancel(await aborted)).toBe(true);
  hold.release();
  expect((await other).status).toBe(200);
  expect(h.emulator.counters.exchanges).toBe(1);
  expect(h.env.sleeping).toBe(0);
});

test('calls that share one signal and one CancelToken leave no listener on them', async () => {
  await using h = await createHarness();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener: (...args: unknown[]) => {
      listeners++;
      addEventListener.apply(signal, args as never);
    },
    removeEventListener: (...args: unknown[]) => {
      listeners--;
      removeEventListener.apply(signal, args as never);
    },
  });
  h.emulator.revoke();
  const { token } = axios.CancelToken.source();
  // Below 0.22 a token has a promise only, which forgets nobody.
  const subscribed = new Set<unknown>();
  const { subscribe, unsubscribe } = token as unknown as Record<string, ((of: unknown) => void) | undefined>;
  if (subscribe && unsubscribe) {
    Object.assign(token, {
      subscribe: (listener: unknown) => (subscribed.add(listener), subscribe.call(token, listener)),
      unsubscribe: (listener: unknown) => (subscribed.delete(listener), unsubscribe.call(token, listener)),
    });
  }
  const h2 = { signal, cancelToken: token, procore: { deadlineMs: 60_000 } };
  await Promise.all([h.instance.get(me, h2), h.instance.get(me, h2)]);
  // axios itself adds and removes as often; `once` listeners of ours are removed as well.
  expect(listeners).toBeLessThanOrEqual(0);
  expect(subscribed.size).toBe(0);
  expect(h.env.sleeping).toBe(0);
});

test.each([
  ['the option', { deadlineMs: 5_000 }, {}],
  ['the call', { deadlineMs: 99_000 }, { procore: { deadlineMs: 5_000 } }],
])('deadlineMs on %s ends a call that waits for a token', async (_who, options, config) => {
  await using h = await createHarness({ options });
  h.env.jump(5_401_000);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
  const failed = caught(h.instance.get(me, config));
  await until(() => h.emulator.counters.tokenRequests === 1, 'the token request');
  await h.env.advance(5_000);
  const error = await failed;
  expect(error.code).toBe('ERR_PROCORE_DEADLINE');
  expect(error.message).toMatch(/^GET \/rest\/v1\.0\/me: .*deadline/);
  expect(h.emulator.counters.apiRequests).toBe(0);
});

test('deadlineMs ends a call that has no answer yet', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'hang' } });
  const failed = caught(h.instance.get(me, { procore: { deadlineMs: 5_000 } }));
  await until(() => h.emulator.counters.apiRequests === 1, 'the request');
  await h.env.advance(4_999);
  expect(h.env.sleeping).toBe(1);
  await h.env.advance(1);
  const error = await failed;
  expect(error).toMatchObject({
    code: 'ERR_PROCORE_DEADLINE',
    kind: 'deadline',
    isAxiosError: true,
    status: 503,
  });
  expect(axios.isCancel(error)).toBe(false);
  expect(h.env.sleeping).toBe(0);
});

test('a retry that would come after the deadline is not waited for', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503, headers: { 'retry-after': '6' } } });
  const error = await caught(h.instance.get(me, { procore: { deadlineMs: 5_000 } }));
  expect(error.response!.status).toBe(503);
  expect(h.env.sleeping).toBe(0);
});

test('an error of a body stream while its call waits for a token rejects the call and does not end the process', async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
  const body = new PassThrough();
  const failed = caught(h.instance.put(me, body));
  await until(() => h.emulator.counters.tokenRequests === 1, 'the token request');
  body.destroy(Object.assign(new Error('the disk went away'), { code: 'EIO' }));
  const error = await failed;
  expect(error).toMatchObject({ message: 'the disk went away', code: 'EIO', isAxiosError: true });
  expect(error.config!.data).toBe(body);
  expect(h.emulator.counters.apiRequests).toBe(0);
});

test('an error of a body stream after its call was aborted does not end the process', async () => {
  await using h = await createHarness();
  h.env.jump(5_401_000);
  h.emulator.misbehave({ on: 'token', times: Infinity, do: { kind: 'hang' } });
  const body = new PassThrough();
  const controller = new AbortController();
  const failed = caught(h.instance.put(me, body, { signal: controller.signal }));
  await until(() => h.emulator.counters.tokenRequests === 1, 'the token request');
  controller.abort();
  expect(axios.isCancel(await failed)).toBe(true);
  body.destroy(new Error('the disk went away'));
  await settled();
});

test.each<[string, (signal: AbortSignal) => Promise<never>]>([
  ['listens to no signal', () => new Promise(() => {})],
  [
    'has its own word for an abort',
    (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')));
      }),
  ],
])('deadlineMs ends a call whose adapter %s', async (_what, answer) => {
  await using h = await createHarness();
  const adapter = ({ signal }: AxiosRequestConfig) => answer(signal as AbortSignal);
  const failed = caught(h.instance.get(me, { adapter: adapter as never, procore: { deadlineMs: 5_000 } }));
  await settled();
  await h.env.advance(5_000);
  const error = await Promise.race([failed, settled()]);
  expect(error).toMatchObject({ code: 'ERR_PROCORE_DEADLINE' });
  expect(error!.procore).toMatchObject({ kind: 'deadline', attempts: 1, mayHaveRun: 'maybe' });
  expect(h.env.sleeping).toBe(0);
});

test('what an adapter answers after the deadline is closed: an unread stream would keep its socket', async () => {
  await using h = await createHarness();
  let answer = (_response: AxiosResponse) => {};
  const adapter = () => new Promise<AxiosResponse>((resolve) => (answer = resolve));
  const failed = caught(h.instance.get(me, { adapter: adapter as never, procore: { deadlineMs: 5_000 } }));
  await settled();
  await h.env.advance(5_000);
  expect((await failed).code).toBe('ERR_PROCORE_DEADLINE');
  const data = new PassThrough();
  answer({ status: 200, statusText: '', headers: {}, config: {} as never, data });
  await settled();
  expect(data.destroyed).toBe(true);
});

test('a body stream that breaks behind an adapter that waits rejects the call', async () => {
  await using h = await createHarness();
  const adapter = () => new Promise(() => {});
  const body = new PassThrough();
  const failed = caught(h.instance.put(me, body, { adapter: adapter as never }));
  await settled();
  body.destroy(new Error('the disk went away'));
  const error = await Promise.race([failed, settled()]);
  expect(error!.message).toBe('the disk went away');
  expect(error!.procore).toMatchObject({ kind: 'unexpected', attempts: 1, mayHaveRun: 'maybe' });
});
