import axios from 'axios';
import { describe, expect, test } from 'vitest';
import type { EmulatorOptions } from '../../src/emulator/index.js';
import type { ProcoreOptions } from '../../src/options/options.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { createNetwork, pool, type Network } from '../support/network.js';
import { refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';
const spike = { limit: 25, windowSeconds: 10 };

/** An instance behind a network with latency. */
async function paced(
  setup: {
    emulator?: EmulatorOptions;
    options?: Partial<ProcoreOptions>;
    skewMs?: number;
    latencyMs?: number;
  } = {},
): Promise<{ h: Harness; network: Network } & AsyncDisposable> {
  const h = await createHarness(setup);
  const network = createNetwork(h.env, setup.latencyMs);
  h.instance.defaults.adapter = network.adapter;
  return { h, network, [Symbol.asyncDispose]: h.close };
}

const refusals = (h: Harness) => h.emulator.counters.byStatus[429] ?? 0;

describe('200 calls at concurrency 20 under a spike limit of 25 in ten seconds', () => {
  // Eight windows: the last 25 leave at the seventh reset.
  const minimumMs = 70_000;
  const windows = 8;

  test.each([0, -600_000, 600_000])(
    'see no 429 and take no longer than they must, on a server whose clock is %i ms ahead',
    async (skewMs) => {
      await using stage = await paced({ emulator: { rateLimits: { spike } }, skewMs });
      const { h, network } = stage;
      const startedAtMs = h.env.now();
      const answers = await network.run(pool(200, 20, () => h.instance.get(me)));
      const tookMs = h.env.now() - startedAtMs;
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(200).fill(200));
      expect(refusals(h)).toBe(0);
      expect(h.emulator.counters.apiRequests).toBe(200);
      expect(tookMs).toBeGreaterThanOrEqual(minimumMs);
      expect(tookMs).toBeLessThanOrEqual(1.05 * (minimumMs + 500 * windows));
    },
  );

  test('see no 429 where the window slides', async () => {
    const rateLimits = { spike, kind: 'sliding' } as const;
    await using stage = await paced({ emulator: { rateLimits } });
    const { h, network } = stage;
    await network.run(pool(200, 20, () => h.instance.get(me)));
    expect(refusals(h)).toBe(0);
  });

  test.each(['fixed', 'sliding'] as const)('see no 429 with a %s hourly limit beside it', async (kind) => {
    const hourly = { limit: 120, windowSeconds: 3_600 };
    await using stage = await paced({
      emulator: { rateLimits: { spike, hourly, kind }, accessTokenLifetimeSeconds: 20_000 },
      options: { maxWaitMs: 4_000_000 },
    });
    const { h, network } = stage;
    await network.run(pool(200, 20, () => h.instance.get(me)));
    expect(refusals(h)).toBe(0);
  });

  test('see at most one window of 429s when the limit shrinks on the way, then none, and none fails', async () => {
    await using stage = await paced({ emulator: { rateLimits: { spike } } });
    const { h, network } = stage;
    let shrunkAt = Infinity;
    await network.run(
      pool(200, 20, async (index) => {
        if (index === 80) {
          h.emulator.setRateLimits({ spike: { limit: 10, windowSeconds: 10 } });
          shrunkAt = h.env.now();
        }
        await h.instance.get(me);
      }),
    );
    const refused = h.emulator.log.filter(({ status }) => status === 429);
    expect(refused.length).toBeLessThanOrEqual(25);
    expect(refused.filter(({ atMs }) => atMs > shrunkAt + 20_000)).toEqual([]);
  });

  test.each(['fixed', 'sliding'] as const)(
    'need no Retry-After to get through, when somebody else uses the (%s) limit too',
    async (kind) => {
      const rateLimits = { spike, kind, retryAfter: false };
      await using stage = await paced({ emulator: { rateLimits } });
      const { h, network } = stage;
      const other = h.attachProcess();
      other.instance.defaults.adapter = network.adapter;
      const answers = await network.run(
        Promise.all([pool(60, 20, () => h.instance.get(me)), pool(60, 20, () => other.instance.get(me))]),
      );
      expect(answers.flat()).toHaveLength(120);
    },
  );
});

test('before the first answer at most ten calls are in flight', async () => {
  await using h = await createHarness();
  const held = h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'hold' } });
  const calls = Promise.all(Array.from({ length: 30 }, () => h.instance.get(me)));
  await held.struck(10);
  await settled();
  expect(h.emulator.counters.apiRequests).toBe(10);
  held.remove();
  held.release();
  await calls;
  expect(h.emulator.counters.apiRequests).toBe(30);
});

test.each([
  ['lost', { kind: 'drop' } as const],
  ['aborted', { kind: 'hang' } as const],
])('calls that are %s before any answer make room for others', async (how, fault) => {
  await using h = await createHarness();
  const struck = h.emulator.misbehave({ on: 'api', times: 10, do: fault });
  const controller = new AbortController();
  const { signal } = controller;
  const failed = Array.from({ length: 10 }, () =>
    caught(h.instance.get(me, { signal, procore: { retry: false } })),
  );
  await struck.struck(10);
  const next = h.instance.get(me);
  if (how === 'aborted') controller.abort();
  await Promise.all(failed);
  expect((await next).status).toBe(200);
});

test('a call whose answer was lost has been counted all the same', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { spike: { limit: 2, windowSeconds: 10 } } },
  });
  await h.instance.get(me);
  h.emulator.misbehave({ on: 'api', after: true, do: { kind: 'drop' } });
  await caught(h.instance.post('/rest/v1.0/projects/1/rfis', { subject: 'a' }));
  await h.env.drive(h.instance.get(me));
  expect(refusals(h)).toBe(0);
  expect(h.emulator.counters.apiRequests).toBe(3);
});

test('calls leave in the order in which they were made', async () => {
  await using stage = await paced({ emulator: { rateLimits: { spike: { limit: 5, windowSeconds: 10 } } } });
  const { h, network } = stage;
  const left: number[] = [];
  const calls = Array.from({ length: 30 }, (_, index) =>
    h.instance.get(`/rest/v1.0/projects?page=${index}`).then(() => left.push(index)),
  );
  await network.run(Promise.all(calls));
  expect(left).toEqual(Array.from({ length: 30 }, (_, index) => index));
});

test('calls that wait for others behind them do not hold these up: after five seconds one more leaves', async () => {
  await using h = await createHarness();
  // Each copies what it reads: its body is the answer to another call.
  const copies = Array.from({ length: 10 }, () => {
    const body = async () => JSON.stringify({ subject: 'me', ...(await h.instance.get<object>(me)).data });
    const headers = { 'Content-Type': 'application/json' };
    return h.instance.post('/rest/v1.0/projects/1/rfis', undefined, { headers, procore: { body } });
  });
  const startedAtMs = h.env.now();
  const answers = await h.env.drive(Promise.all(copies), 100);
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(201));
  expect(h.env.now() - startedAtMs).toBeLessThan(10_000);
});

test('a connection that was refused has used no quota', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { hourly: { limit: 10, windowSeconds: 3_600 } } },
  });
  const { instance } = h.attach({ origins: [refusing] });
  await instance.get(me);
  const config = { baseURL: refusing, procore: { retry: { retries: 20 } } };
  const refused = await h.env.drive(caught(instance.get(me, config)));
  expect(refused.procore).toMatchObject({ kind: 'connection-refused', attempts: 21 });
  expect((await instance.get(me)).status).toBe(200);
});

test('an answer without a word on limits, as a gateway gives it, takes no limit off', async () => {
  await using stage = await paced({ emulator: { rateLimits: { spike } } });
  const { h, network } = stage;
  await network.run(pool(25, 5, () => h.instance.get(me)));
  const gateway = { status: 413, headers: { 'content-type': 'text/html' }, body: '<h1>Too large</h1>' };
  const bare = { ...network };
  h.instance.defaults.adapter = (config) =>
    config.url === '/rest/v1.0/upload'
      ? Promise.resolve({ ...gateway, statusText: '', data: gateway.body, config })
      : bare.adapter(config);
  const first = h.instance.get('/rest/v1.0/upload');
  const others = pool(40, 40, () => h.instance.get(me));
  await network.run(Promise.all([first, others]));
  expect(refusals(h)).toBe(0);
});

test('an hour is not waited for on the mere doubt that calls without a word were counted', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { hourly: { limit: 10, windowSeconds: 3_600 } } },
  });
  await h.instance.get(me);
  // The server counts a call that it drops; the client cannot know.
  h.emulator.misbehave({ on: 'api', times: 9, do: { kind: 'drop' } });
  for (let call = 0; call < 9; call++) await caught(h.instance.get(me, { procore: { retry: false } }));
  const startedAtMs = h.env.now();
  const error = await h.env.drive(caught(h.instance.get(me)));
  expect(h.env.now() - startedAtMs).toBeLessThan(20_000);
  // One has asked, and what it heard goes for all.
  expect(error.response!.status).toBe(429);
  await caught(h.instance.get(me));
  expect(refusals(h)).toBe(1);
});

describe('a wait longer than maxWaitMs', () => {
  const exhausted = async (options: Partial<ProcoreOptions> = {}) => {
    const h = await createHarness({
      emulator: { rateLimits: { hourly: { limit: 2, windowSeconds: 3_600 } } },
      options,
    });
    await h.instance.get(me);
    await h.instance.get(me);
    return h;
  };

  test('rejects at once with a RateLimitedError that has retryAt, and is not sent', async () => {
    await using h = await exhausted();
    const error = await caught(h.instance.get(`${me}?a=1`));
    const retryAt = new Date(h.env.now() + 3_600_000);
    expect(error).toMatchObject({
      name: 'RateLimitedError',
      code: 'ERR_PROCORE_RATE_LIMITED',
      isAxiosError: true,
      status: 429,
      retryAt,
      config: { url: `${me}?a=1` },
    });
    expect(error.message).toMatch(
      /^GET \/rest\/v1\.0\/me: it was not sent: no more calls may leave now, calls may leave again at 2027/,
    );
    expect(error.procore).toMatchObject({
      kind: 'rate-limited',
      status: 429,
      attempts: 0,
      mayHaveRun: 'no',
      retryable: true,
      gaveUp: 'wait-too-long',
      retryAt,
    });
    expect(error.response).toMatchObject({
      status: 429,
      headers: { 'x-axios-procore': 'synthetic', 'retry-after': retryAt.toUTCString() },
    });
    expect(h.emulator.counters.apiRequests).toBe(2);
    expect(h.env.sleeping).toBe(0);
  });

  test('is waited for where maxWaitMs allows it', async () => {
    await using h = await exhausted({ maxWaitMs: 3_600_000, renewal: { aheadMs: 0 } });
    const call = h.instance.get(me);
    await until(() => h.env.sleeping === 1, 'the wait');
    await h.env.advance(3_600_000);
    expect((await call).status).toBe(200);
  });

  test('with a deadline that is sooner, a DeadlineError that says when', async () => {
    await using h = await exhausted({ maxWaitMs: 7_200_000 });
    const error = await caught(h.instance.get(me, { procore: { deadlineMs: 5_000 } }));
    expect(error).toMatchObject({ code: 'ERR_PROCORE_DEADLINE' });
    expect(error.procore).toMatchObject({
      kind: 'deadline',
      gaveUp: 'deadline',
      attempts: 0,
      mayHaveRun: 'no',
    });
    expect(error.procore).toHaveProperty('retryAt', new Date(h.env.now() + 3_600_000));
    expect(h.env.sleeping).toBe(0);
  });
});

test.each([
  [15_000, 'ERR_PROCORE_RATE_LIMITED', 'wait-too-long', 'later than maxWaitMs allows'],
  [9_000, 'ERR_PROCORE_DEADLINE', 'deadline', 'after its deadlineMs'],
])(
  'a call with a deadline of %i ms that waits while the outage grows beyond maxWaitMs ends with %s',
  async (deadlineMs, code, gaveUp, words) => {
    await using h = await createHarness({ options: { maxWaitMs: 10_000 } });
    const busyFor = (seconds: string) =>
      h.emulator.misbehave({
        on: 'api',
        do: { kind: 'answer', status: 503, headers: { 'retry-after': seconds } },
      });
    busyFor('5');
    await caught(h.instance.get(me, { procore: { retry: false } }));
    const first = caught(h.instance.get(me, { procore: { retry: false } }));
    const waiting = caught(h.instance.get(me, { procore: { deadlineMs } }));
    await until(() => h.env.sleeping === 2, 'both to wait');
    busyFor('8');
    await h.env.advance(5_000);
    await first;
    // The server opens at 13 s: that is after ten seconds of waiting, and in the one case before the deadline.
    const error = await waiting;
    expect(error).toMatchObject({ code, procore: { gaveUp, attempts: 0 } });
    expect(error.message).toContain(words);
  },
);

describe('scopes', () => {
  const limited = { emulator: { rateLimits: { hourly: { limit: 2, windowSeconds: 3_600 } } } };
  const twice = async (h: Harness, procore: object) => {
    await h.instance.get(me, { procore });
    await h.instance.get(me, { procore });
  };
  const stage = async (scope: NonNullable<Exclude<ProcoreOptions['rateLimit'], false>>['scope']) => {
    const h = await createHarness({ ...limited, options: { rateLimit: { scope } } });
    h.store.sets.set('other', h.emulator.issue());
    return h;
  };
  // The emulator has one limit for all, so whoever is not held back by the gate meets a 429.
  const wasSent = async (h: Harness, procore: object) => {
    const before = h.emulator.counters.apiRequests;
    await caught(h.instance.get(me, { procore }));
    return h.emulator.counters.apiRequests > before;
  };

  test.each([
    ['account', { account: 'other' }, true],
    ['account', { companyId: 7 }, false],
    ['account+company', { account: 'other' }, true],
    ['account+company', { companyId: 7 }, true],
    ['app', { account: 'other' }, false],
    ['app', { companyId: 7 }, false],
  ] as const)('%s: a call with %o is paced by itself: %s', async (scope, procore, byItself) => {
    await using h = await stage(scope);
    await twice(h, {});
    expect(await wasSent(h, procore)).toBe(byItself);
  });

  test.each([
    ['a company of its own', '7', true],
    ['the company of the option', '42', false],
    ['nothing', '', false],
  ])("account+company: the call's own header counts, here with %s", async (_what, company, byItself) => {
    await using h = await stage('account+company');
    await twice(h, {});
    const before = h.emulator.counters.apiRequests;
    await caught(h.instance.get(me, { headers: { 'procore-company-id': company } }));
    expect(h.emulator.counters.apiRequests > before).toBe(byItself);
  });

  test('a function names the limit that a call counts against', async () => {
    await using h = await stage(({ url }) => (url === me ? 'users' : 'rest'));
    await twice(h, {});
    expect(await wasSent(h, {})).toBe(false);
    await caught(h.instance.get('/rest/v1.0/projects'));
    expect(h.emulator.counters.apiRequests).toBe(3);
  });

  test('a function that returns no string is an error that names the option', async () => {
    await using h = await stage((() => 7) as never);
    await expect(h.instance.get(me)).rejects.toThrow(
      'option "rateLimit.scope" returned a number; it takes a string that names the limit.',
    );
  });

  test('attaches that share a store share the gate', async () => {
    await using h = await createHarness(limited);
    await twice(h, {});
    const other = h.attach();
    await caught(other.instance.get(me));
    expect(h.emulator.counters.apiRequests).toBe(2);
  });
});

test('with rateLimit: false calls are not paced, and a call with a 429 waits by itself', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { spike: { limit: 2, windowSeconds: 10 } } },
    options: { rateLimit: false },
  });
  await h.instance.get(me);
  await h.instance.get(me);
  const call = h.instance.get(me);
  await until(() => h.env.sleeping === 1, 'the wait');
  expect(h.emulator.counters.apiRequests).toBe(3);
  await h.env.advance(9_999);
  expect(h.emulator.counters.apiRequests).toBe(3);
  await h.env.advance(1);
  expect((await call).status).toBe(200);
  expect(h.emulator.counters.byStatus[429]).toBe(1);
});

test('other hosts are not paced', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { hourly: { limit: 1, windowSeconds: 3_600 } } },
  });
  await h.instance.get(me);
  const { startEcho } = await import('../support/echo.js');
  await using elsewhere = await startEcho();
  const answers = await Promise.all(Array.from({ length: 30 }, () => h.instance.get(`${elsewhere.url}/x`)));
  expect(answers).toHaveLength(30);
});

test('a wait emits request-waiting with rate-limit and its end', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { spike: { limit: 1, windowSeconds: 10 } } },
  });
  await h.instance.get(me);
  const call = h.instance.get(me);
  await until(() => h.env.sleeping === 1, 'the wait');
  const opensAt = new Date(h.env.now() + 10_000);
  expect(h.told.at(-1)).toMatchObject({
    event: 'request-waiting',
    detail: { reason: 'rate-limit', method: 'GET', path: me, until: opensAt, before: 0, attempt: 1 },
  });
  await h.env.advance(10_000);
  await call;
});

describe('the gate and the token', () => {
  test.each([
    { limit: 100, windowSeconds: 3, calls: 90 },
    { limit: 3, windowSeconds: 10, calls: 2 },
    { limit: 25, windowSeconds: 10, calls: 24 },
  ])(
    'the replays of $calls calls whose token was revoked see no 429 at $limit calls per $windowSeconds s',
    async ({ limit, windowSeconds, calls }) => {
      await using stage = await paced({ emulator: { rateLimits: { spike: { limit, windowSeconds } } } });
      const { h, network } = stage;
      await network.run(h.instance.get(me));
      h.emulator.revoke();
      const paths = Array.from({ length: calls }, (_, index) => `${me}?call=${index}`);
      const answers = await network.run(Promise.all(paths.map((path) => h.instance.get(path))));
      expect(answers.every(({ status }) => status === 200)).toBe(true);
      expect(refusals(h)).toBe(0);
      expect(h.emulator.counters.exchanges).toBe(1);
      const accepted = h.emulator.log.filter((entry) => entry.kind === 'api' && entry.status === 200);
      expect(accepted).toHaveLength(1 + calls);
      const replayed = h.told.filter(({ detail }) => detail['reason'] === 'unauthorized');
      expect(replayed.length).toBeGreaterThan(0);
    },
  );

  test('replays wait in the order of their calls, before calls that came later', async () => {
    const left: string[] = [];
    await using h = await createHarness({
      emulator: { rateLimits: { spike: { limit: 4, windowSeconds: 10 } } },
    });
    await h.instance.get(me);
    const renewed = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    h.emulator.revoke();
    const note = (name: string) => h.instance.get(me).then(() => left.push(name));
    const calls = [note('first'), note('second'), note('third')];
    await renewed.struck();
    await until(() => h.emulator.counters.unauthorized === 3, 'the 401s');
    const later = note('later');
    renewed.release();
    await until(() => h.told.filter(({ event }) => event === 'request-retried').length === 3, 'the replays');
    await h.env.drive(Promise.all([...calls, later]));
    expect(left.at(-1)).toBe('later');
    expect(refusals(h)).toBe(0);
  });

  test('a replay that waits at the gate can be aborted, and leaves no timer', async () => {
    await using h = await createHarness({
      emulator: { rateLimits: { spike: { limit: 2, windowSeconds: 10 } } },
    });
    await h.instance.get(me);
    h.emulator.revoke();
    const controller = new AbortController();
    const aborted = caught(h.instance.get(me, { signal: controller.signal }));
    await until(() => h.told.some(({ event }) => event === 'request-retried'), 'the replay');
    await until(() => h.env.sleeping === 1, 'the wait at the gate');
    controller.abort();
    expect(axios.isCancel(await aborted)).toBe(true);
    expect(h.env.sleeping).toBe(0);
    expect(h.emulator.counters.apiRequests).toBe(2);
  });

  test('a replay that would wait longer than maxWaitMs is rejected, and says when it would work', async () => {
    await using h = await createHarness({
      emulator: { rateLimits: { hourly: { limit: 2, windowSeconds: 3_600 } } },
    });
    await h.instance.get(me);
    h.emulator.revoke();
    const error = await caught(h.instance.get(me));
    expect(error.code).toBe('ERR_PROCORE_RATE_LIMITED');
    expect(error.procore).toMatchObject({ attempts: 1, mayHaveRun: 'no', gaveUp: 'wait-too-long' });
  });

  test('after a token wait of over a second the gate is asked again, at the front', async () => {
    await using h = await createHarness({ emulator: { accessTokenLifetimeSeconds: 5_400 } });
    await h.instance.get(me);
    h.env.jump(5_401_000);
    const bearer = `Bearer ${h.emulator.issue().access_token}`;
    const slow = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const first = h.instance.get(me);
    await slow.struck();
    // Meanwhile the server closes the gate.
    h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 503, headers: { 'retry-after': '9' } } });
    const withoutToken = { headers: { Authorization: bearer }, procore: { auth: false } } as const;
    const closing = h.instance.get('/rest/v1.0/companies', withoutToken);
    await until(() => h.env.sleeping >= 2, 'the closed gate');
    await h.env.advance(2_000);
    const later = h.instance.get('/rest/v1.0/projects');
    slow.release();
    await until(() => h.procore.status().state === 'fresh', 'the token');
    await h.env.advance(6_999);
    const sent = () => h.emulator.log.filter(({ kind }) => kind === 'api').map(({ path }) => path);
    expect(sent()).toEqual([me, '/rest/v1.0/companies']);
    await h.env.advance(1);
    await Promise.all([first, closing, later]);
    expect(sent().slice(2)).toEqual([me, '/rest/v1.0/companies', '/rest/v1.0/projects']);
  });

  test('a token wait of up to a second is no reason to ask again', async () => {
    await using h = await createHarness({
      emulator: { rateLimits: { spike: { limit: 2, windowSeconds: 10 } } },
    });
    h.env.jump(5_401_000);
    const slow = h.emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const call = h.instance.get(me);
    await slow.struck();
    await h.env.advance(1_000);
    slow.release();
    await call;
    expect(h.told.filter(({ detail }) => detail['reason'] === 'rate-limit')).toEqual([]);
  });

  test('neither waits for the other where a renewal lets calls in flight finish first', async () => {
    await using h = await createHarness({ options: { renewal: { drain: true } } });
    await h.instance.get(me);
    const held = h.emulator.misbehave({
      on: ({ path }) => path === '/rest/v1.0/projects',
      do: { kind: 'hold' },
    });
    h.emulator.misbehave({
      on: ({ path }) => path === me,
      do: { kind: 'answer', status: 503, headers: { 'retry-after': '2' } },
    });
    const inFlight = h.instance.get('/rest/v1.0/projects');
    await held.struck();
    const renewal = h.procore.renew();
    const throttled = h.instance.get(me);
    await settled();
    held.release();
    await h.env.drive(Promise.all([inFlight, renewal, throttled]));
    expect(h.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  });
});
