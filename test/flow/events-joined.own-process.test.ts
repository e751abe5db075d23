import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import axios from 'axios';
import { describe, expect, test } from 'vitest';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness, type Told } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import { onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const expire = (h: Harness) => h.env.jump(5_401_000);
const answer = (status: number, headers: Record<string, string> = {}) =>
  ({ kind: 'answer', status, headers: { 'x-request-id': `r-${status}`, ...headers } }) as const;

/** What was told of calls, in order. */
function ofCalls(h: Harness): Told[] {
  return h.told.filter(({ event }) => event.startsWith('request-'));
}

/** What was told of the only call, without what all its events have in common. */
function story(h: Harness): [event: string, detail: Record<string, unknown>][] {
  const told = ofCalls(h);
  const common = { account: 'default', host: new URL(h.emulator.url).host, method: 'GET', path: me };
  for (const { detail } of told) expect(detail).toMatchObject({ ...common, callId: expect.any(String) });
  expect(new Set(told.map(({ detail }) => detail['callId'])).size).toBe(1);
  return told.map(({ event, detail }) => {
    const own = Object.entries(detail).filter(([name]) => !(name in common) && name !== 'callId');
    return [event, Object.fromEntries(own)];
  });
}

describe('the events of a call are joined by its callId', () => {
  test('a 429 with Retry-After: it is sent again, waits at the limit, and settles', async () => {
    await using h = await createHarness();
    await h.instance.get(me);
    h.told.length = 0;
    h.emulator.misbehave({ on: 'api', do: answer(429, { 'retry-after': '5' }) });
    const startedAtMs = h.env.now();
    await h.env.drive(h.instance.get(`${me}?secret=1`));
    const [retried, waiting, settled] = story(h);
    expect(retried).toEqual([
      'request-retried',
      {
        ...{ reason: 'failure', attempt: 2, status: 429, kind: 'rate-limited', requestId: 'r-429' },
        ...{ hasCompanyId: true, waitedMs: 0, durationMs: 0 },
      },
    ]);
    expect(waiting).toEqual([
      'request-waiting',
      { reason: 'rate-limit', until: new Date(startedAtMs + 5_000), before: 0, attempt: 2 },
    ]);
    expect(settled).toMatchObject(['request-settled', { attempts: 2, status: 200, hasCompanyId: true }]);
    const { waitedMs, durationMs, requestId } = settled![1];
    expect(waitedMs).toBe(5_000);
    expect(durationMs).toBe(5_000);
    expect(requestId).toMatch(/./);
    expect(ofCalls(h)).toHaveLength(3);
  });

  test('a 401: it waits for the renewal, is replayed, and settles', async () => {
    await using h = await createHarness();
    await h.instance.get(me);
    h.told.length = 0;
    h.emulator.revoke();
    await h.instance.get(me);
    expect(story(h)).toMatchObject([
      ['request-waiting', { reason: 'token', awaits: 'renewal', attempt: 2 }],
      ['request-retried', { reason: 'unauthorized', attempt: 2, status: 401, kind: 'access-token-invalid' }],
      ['request-settled', { attempts: 2, status: 200 }],
    ]);
  });

  test('a failure: it waits before the retry, and settles with what it has come to', async () => {
    await using h = await createHarness({ options: { retry: { retries: 1, baseDelayMs: 1_000 } } });
    await h.instance.get(me);
    h.told.length = 0;
    h.env.chance = 0.5;
    h.emulator.misbehave({ on: 'api', times: 2, do: answer(500) });
    const startedAtMs = h.env.now();
    const error = await caught(h.env.drive(h.instance.get(me)));
    expect(error).toMatchObject({ response: { status: 500 } });
    const [waiting, retried, settled] = story(h);
    const waitMs = (waiting![1]['until'] as Date).getTime() - startedAtMs;
    expect(waitMs).toBeGreaterThan(0);
    expect(waiting).toMatchObject(['request-waiting', { reason: 'retry', attempt: 2 }]);
    expect(retried).toMatchObject([
      'request-retried',
      { reason: 'failure', status: 500, kind: 'server-error' },
    ]);
    const told = { attempts: 2, status: 500, requestId: 'r-500', kind: 'server-error' };
    expect(settled).toMatchObject(['request-settled', told]);
    for (const [, { waitedMs }] of [retried!, settled!]) expect(waitedMs).toBe(waitMs);
  });

  test('a call that waits three times tells all waits together', async () => {
    await using h = await createHarness({ options: { retry: { retries: 1, baseDelayMs: 1_000 } } });
    await h.instance.get(me);
    expire(h);
    h.told.length = 0;
    h.env.chance = 0.5;
    const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    h.emulator.misbehave({ on: 'api', do: answer(500) });
    h.emulator.misbehave({ on: 'api', do: answer(503, { 'retry-after': '2' }) });
    const startedAtMs = h.env.now();
    const call = h.instance.get(me);
    await held.struck();
    h.env.jump(1_234);
    held.release();
    await h.env.drive(call, 1);
    const told = story(h);
    expect(told.map(([event, { reason }]) => [event, reason])).toEqual([
      ['request-waiting', 'token'],
      ['request-waiting', 'retry'],
      ['request-retried', 'failure'],
      ['request-retried', 'failure'],
      ['request-waiting', 'unavailable'],
      ['request-settled', undefined],
    ]);
    const [first, second] = told.filter(([event]) => event === 'request-retried');
    const retryMs = (first![1]['waitedMs'] as number) - 1_234;
    expect(retryMs).toBeGreaterThan(0);
    expect(second![1]['waitedMs']).toBe(1_234 + retryMs);
    const { waitedMs, durationMs } = told.at(-1)![1];
    // Nothing but the waits takes time here, and the last of them ends when the server has said, or a little later.
    const opensAtMs = (told.at(-2)![1]['until'] as Date).getTime();
    expect(opensAtMs - startedAtMs).toBeGreaterThanOrEqual(1_234 + retryMs + 2_000);
    expect(waitedMs).toBe(opensAtMs - startedAtMs);
    expect(durationMs).toBe(waitedMs);
  });

  test('calls that wait at one limit say how many are before them', async () => {
    await using h = await createHarness({
      emulator: { rateLimits: { spike: { limit: 1, windowSeconds: 10 } } },
    });
    await h.instance.get(me);
    h.told.length = 0;
    const calls = [1, 2, 3].map((n) => h.instance.get(me, { params: { n } }));
    await until(() => ofCalls(h).length === 3, 'three waits');
    expect(ofCalls(h).map(({ detail }) => [detail['before'], detail['reason']])).toEqual([
      [0, 'rate-limit'],
      [1, 'rate-limit'],
      [2, 'rate-limit'],
    ]);
    expect(new Set(ofCalls(h).map(({ detail }) => detail['callId'])).size).toBe(3);
    await h.env.drive(Promise.all(calls));
    const settled = ofCalls(h).filter(({ event }) => event === 'request-settled');
    expect(settled.map(({ detail }) => Math.round((detail['waitedMs'] as number) / 10_000))).toEqual([
      1, 2, 3,
    ]);
  });
});

test('a call that has nothing to wait for settles with one event', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  h.told.length = 0;
  const { headers } = await h.instance.get(me);
  const requestId = headers['x-request-id'] as string;
  expect(story(h)).toEqual([
    [
      'request-settled',
      { attempts: 1, status: 200, requestId, hasCompanyId: true, waitedMs: 0, durationMs: 0 },
    ],
  ]);
});

test('the first call of an account waits for the store', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  expect(story(h)).toMatchObject([
    ['request-waiting', { reason: 'token', awaits: 'store', attempt: 1 }],
    ['request-settled', { attempts: 1, status: 200 }],
  ]);
});

test('a call says whether it had a company header, the option’s or its own', async () => {
  await using h = await createHarness({ options: { companyId: undefined as never } });
  await h.instance.get(me);
  await h.instance.get(me, { headers: { 'procore-company-id': '7' } });
  await h.instance.get(me, { procore: { companyId: 8 } });
  const settled = ofCalls(h).filter(({ event }) => event === 'request-settled');
  expect(settled.map(({ detail }) => detail['hasCompanyId'])).toEqual([false, true, true]);
});

describe('a call that is rejected settles exactly once', () => {
  test.each<[string, Parameters<typeof createHarness>[0], (h: Harness) => Promise<unknown>, object]>([
    [
      'because nobody is authorized',
      { authorized: false },
      (h) => h.instance.get(me),
      {
        account: 'default',
        attempts: 0,
        code: 'ERR_PROCORE_REAUTHENTICATION_REQUIRED',
        kind: 'reauthentication-required',
      },
    ],
    [
      'because it goes to another environment',
      {},
      (h) => h.instance.get('https://sandbox.procore.com/rest/v1.0/me'),
      {
        ...{
          account: 'default',
          attempts: 0,
          code: 'ERR_PROCORE_WRONG_ENVIRONMENT',
          kind: 'wrong-environment',
        },
        ...{ host: 'sandbox.procore.com', path: me },
      },
    ],
    [
      'because its deadline passes while it waits for a token',
      {},
      async (h) => {
        const held = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
        expire(h);
        const call = caught(h.env.drive(h.instance.get(me, { procore: { deadlineMs: 3_000 } })));
        const error = await call;
        held.release();
        throw error;
      },
      { attempts: 0, code: 'ERR_PROCORE_DEADLINE', kind: 'deadline', waitedMs: 3_000, durationMs: 3_000 },
    ],
    [
      'because the limit opens too late',
      {},
      async (h) => {
        h.emulator.misbehave({ on: 'api', do: answer(429, { 'retry-after': '600' }) });
        await h.instance.get(me);
      },
      { attempts: 1, status: 429, kind: 'rate-limited' },
    ],
    [
      'because its own options are wrong',
      {},
      (h) => h.instance.get(me, { procore: { deadlineMs: -1 } }),
      { attempts: 0, path: me },
    ],
    [
      'because the function that names its company throws',
      {
        options: {
          companyId: () => {
            throw new Error('no company');
          },
        },
      },
      (h) => h.instance.get(me),
      { account: 'default', attempts: 0 },
    ],
    [
      'because it was aborted while it waited',
      {},
      async (h) => {
        const stop = new AbortController();
        h.emulator.misbehave({ on: 'api', do: answer(503, { 'retry-after': '9' }) });
        const call = caught(h.instance.get(me, { signal: stop.signal }));
        await until(() => h.told.some(({ detail }) => detail['reason'] === 'unavailable'), 'the wait');
        h.env.jump(1_500);
        stop.abort();
        throw await call;
      },
      { attempts: 1, status: 503, kind: 'canceled', waitedMs: 1_500 },
    ],
    [
      'because nobody answers',
      { options: { retry: false } },
      async (h) => {
        h.emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
        await h.instance.get(me);
      },
      { attempts: 1, code: onFetch ? 'ERR_NETWORK' : 'ECONNRESET', hasCompanyId: true },
    ],
  ])('%s', async (_why, setup, call, settled) => {
    await using h = await createHarness(setup);
    if (setup?.authorized !== false && !setup?.options?.companyId) await h.instance.get(me);
    h.told.length = 0;
    await caught(call(h));
    const ends = ofCalls(h).filter(({ event }) => event === 'request-settled');
    expect(ends).toHaveLength(1);
    expect(ends[0]!.detail).toMatchObject({ method: 'GET', callId: expect.any(String), ...settled });
    if (!('status' in settled)) expect(ends[0]!.detail['status']).toBeUndefined();
    expect(new Set(ofCalls(h).map(({ detail }) => detail['callId'])).size).toBe(1);
  });

  test('because it cannot be said whose call it is', async () => {
    await using h = await createHarness({ authorized: false, options: { account: accountBySubject } });
    for (const userId of [11, 12]) await h.procore.setTokens(h.emulator.issue({ userId }), String(userId));
    h.told.length = 0;
    expect(await caught(h.env.drive(h.instance.get(me)))).toMatchObject({
      code: 'ERR_PROCORE_ACCOUNT_UNDECIDED',
    });
    expect(ofCalls(h).map(({ event }) => event)).toEqual(['request-waiting', 'request-settled']);
    const [waiting, settled] = ofCalls(h).map(({ detail }) => detail);
    expect(waiting).toMatchObject({ reason: 'token', awaits: 'store', path: me });
    expect(settled).toMatchObject({
      callId: waiting!['callId'],
      attempts: 0,
      code: 'ERR_PROCORE_ACCOUNT_UNDECIDED',
    });
    expect(settled).not.toHaveProperty('account');
  });
});

test('calls that the plugin leaves alone are not told of', async () => {
  await using h = await createHarness({
    options: { account: (config) => config.headers?.['x-of'] as string },
  });
  await caught(h.instance.get(me));
  expect(ofCalls(h)).toEqual([]);
});

describe('the channels of the process', () => {
  const events = ['request-waiting', 'request-retried', 'request-settled', 'token-renewed'] as const;

  /** Subscribes to the channels as another package would. */
  function listening(): { heard: [string, unknown][]; [Symbol.dispose](): void } {
    const heard: [string, unknown][] = [];
    const hear = (message: unknown, name: string | symbol) => void heard.push([String(name), message]);
    for (const event of events) subscribe(`axios-procore:${event}`, hear);
    return {
      heard,
      [Symbol.dispose]: () => events.forEach((event) => void unsubscribe(`axios-procore:${event}`, hear)),
    };
  }

  test('have every event once, with the detail that a listener gets, however many attaches share the store', async () => {
    await using h = await createHarness();
    h.attach();
    using channels = listening();
    expire(h);
    h.emulator.misbehave({ on: 'api', do: answer(429, { 'retry-after': '1' }) });
    await h.env.drive(h.instance.get(me));
    const names = channels.heard.map(([name]) => name.slice('axios-procore:'.length));
    expect(names).toEqual([
      'request-waiting',
      'token-renewed',
      'request-retried',
      'request-waiting',
      'request-settled',
    ]);
    const [, settled] = channels.heard.at(-1)!;
    expect(settled).toEqual(ofCalls(h).at(-1)!.detail);
  });

  test('have the events of two copies of the package, with callIds that differ', async () => {
    await using h = await createHarness({ options: { logger: undefined as never } });
    h.env.chance = 0.25;
    await h.instance.get(me);
    h.env.chance = 0.75;
    const copy = h.attachCopy();
    using channels = listening();
    await h.instance.get(me);
    await copy.instance.get(me);
    const settled = channels.heard.filter(([name]) => name.endsWith('request-settled'));
    expect(settled).toHaveLength(2);
    expect(new Set(settled.map(([, detail]) => (detail as { callId: string }).callId)).size).toBe(2);
  });

  test('have no token and no secret', async () => {
    await using h = await createHarness();
    const secrets = () => [...h.store.sets.values()].flatMap((set) => [set.access_token, set.refresh_token!]);
    const before = secrets();
    using channels = listening();
    h.emulator.revoke();
    h.emulator.misbehave({ on: 'api', times: 2, do: answer(503) });
    await h.env.drive(h.instance.get(`${me}?access_token=${before[0]}`));
    await caught(h.instance.get(`https://x:${before[1]}@sandbox.procore.com${me}`));
    expect(channels.heard.length).toBeGreaterThan(4);
    const text = JSON.stringify(channels.heard);
    for (const secret of [...before, ...secrets(), h.emulator.clientSecret])
      expect(text).not.toContain(secret);
  });
});

test.each<[string, (h: Harness) => unknown]>([
  ['has a token for a code', (h) => h.store.sets.get('default')!.access_token],
  ['has a refresh token for a code', (h) => h.store.sets.get('default')!.refresh_token],
  ['has an object for a code', () => ({ secret: 's3cret' })],
])('what an adapter of the application’s own rejects with is not told where it %s', async (_how, codeOf) => {
  await using h = await createHarness({ options: { retry: false } });
  await h.instance.get(me);
  h.told.length = 0;
  const code = codeOf(h);
  const adapter = () => Promise.reject(Object.assign(new Error('mine'), { code }));
  expect(await caught(h.instance.get(me, { adapter }))).toMatchObject({ code });
  expect(story(h)).toHaveLength(1);
  expect(story(h)[0]![1]).toMatchObject({ attempts: 1, kind: 'unexpected' });
  expect(story(h)[0]![1]).not.toHaveProperty('code');
});

test('a call answers, whatever has become of its configuration by the time that it is told of', async () => {
  await using h = await createHarness();
  await h.instance.get(me);
  let held: object = {};
  h.instance.interceptors.request.use((config) => (held = config));
  const adapter = async (config: object) => {
    Object.defineProperty(held, 'method', {
      get() {
        throw new Error('mine');
      },
    });
    return { status: 200, statusText: 'OK', data: 'here', headers: {}, config } as never;
  };
  expect((await h.instance.get(me, { adapter })).data).toBe('here');
});

test('where nobody listens, a call that has nothing to wait for reads no clock and draws no chance for its events', async () => {
  await using h = await createHarness();
  const instance = axios.create({ baseURL: h.emulator.environment.apiUrl, proxy: false });
  const procore = attachTo(h, instance, { logger: undefined as never });
  await instance.get(me);
  let [read, drawn] = [0, 0];
  const { now, random } = h.env;
  h.env.now = () => (read++, now());
  h.env.random = () => (drawn++, random());
  const costOf = async () => {
    [read, drawn] = [0, 0];
    await instance.get(me);
    return { read, drawn };
  };
  const unheard = await costOf();
  expect(unheard.drawn).toBe(0);
  const stop = procore.on('request-settled', () => undefined);
  expect(await costOf()).toEqual({ read: unheard.read + 1, drawn: 1 });
  stop();
  expect(await costOf()).toEqual(unheard);
});
