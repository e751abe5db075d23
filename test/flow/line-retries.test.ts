import { Agent } from 'node:http';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { settled, until } from '../support/manual-env.js';
import { createNetwork } from '../support/network.js';
import { onFetch, refusedCode, refusing } from '../support/versions.js';

const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';
// Nobody may listen on the discard port of a test machine.

/** An agent that counts the connections it is asked for. */
class CountingAgent extends Agent {
  connections = 0;
  // @ts-expect-error -- not in the types of every Node version
  override createConnection(...args: never[]): unknown {
    this.connections++;
    // @ts-expect-error -- as above
    return super.createConnection(...args);
  }
}

const answer503 = (headers: Record<string, string> = {}) =>
  ({ kind: 'answer', status: 503, headers, body: { message: 'busy' } }) as const;

/** The waits of a call, in milliseconds. */
function waitsOf(h: Harness): number[] {
  const waits: number[] = [];
  h.procore.on('request-waiting', ({ until: at }) => {
    if (at) waits.push(at.getTime() - h.env.now());
  });
  return waits;
}

test.each(['get', 'head', 'options', 'put', 'delete'])(
  'a %s that is answered 503 is sent again',
  async (method) => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', times: 2, do: answer503() });
    // PUT and DELETE have no route here: their 404 is the final answer all the same.
    await h.instance.request({ url: me, method, validateStatus: () => true });
    expect(h.emulator.counters.apiRequests).toBe(3);
  },
);

test('a POST that is answered 503 without Retry-After is not sent again: it may have run', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503() });
  const error = await caught(h.instance.post(rfis, { subject: 'a' }));
  expect(error.response!.status).toBe(503);
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test('a POST that is answered 503 without Retry-After is sent again when the application says that it is idempotent', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: answer503() });
  const answer = await h.instance.post(rfis, { subject: 'a' }, { procore: { idempotent: true } });
  expect(answer.status).toBe(201);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 2, duplicateWrites: 0 });
});

test.each(['get', 'post'] as const)(
  'a %s waits as long as Retry-After says, not a moment less, and is sent again',
  async (method) => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', do: answer503({ 'retry-after': '7' }) });
    const call = method === 'get' ? h.instance.get(me) : h.instance.post(rfis, { subject: 'a' });
    await until(() => h.env.sleeping === 1, 'the wait');
    await h.env.advance(6_999);
    expect(h.emulator.counters.apiRequests).toBe(1);
    await h.env.advance(1);
    expect((await call).status).toBe(method === 'get' ? 200 : 201);
    expect(h.emulator.counters.apiRequests).toBe(2);
  },
);

test("Retry-After as a date counts on the server's clock", async () => {
  let skewMs = 0;
  await using h = await createHarness({ emulator: { now: () => 1_800_000_000_000 + 3_600_000 + skewMs } });
  await h.instance.get(me);
  const waits = waitsOf(h);
  const at = new Date(1_800_000_000_000 + 3_600_000 + 20_000).toUTCString();
  h.emulator.misbehave({ on: 'api', do: answer503({ 'retry-after': at }) });
  const call = h.instance.get(me);
  await until(() => h.env.sleeping === 1, 'the wait');
  expect(waits).toEqual([20_000]);
  skewMs = 20_000;
  await h.env.advance(20_000);
  expect((await call).status).toBe(200);
});

test('a Retry-After longer than maxWaitMs ends the call at once, with the answer', async () => {
  await using h = await createHarness({ options: { maxWaitMs: 30_000 } });
  h.emulator.misbehave({ on: 'api', do: answer503({ 'retry-after': '31' }) });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(503);
  expect(h.env.sleeping).toBe(0);
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test('a Retry-After of thirty days fires no burst of requests', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503({ 'retry-after': String(30 * 86_400) }) });
  await caught(h.instance.get(me));
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test('four retries, with full jitter over 500 ms, doubling: then the last answer', async () => {
  await using h = await createHarness();
  h.env.chance = 0.5;
  const waits = waitsOf(h);
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503() });
  const failed = caught(h.instance.get(me));
  for (let retry = 1; retry <= 4; retry++) {
    await until(() => h.env.sleeping === 1, `wait ${retry}`);
    await h.env.advance(250 * 2 ** (retry - 1));
    await until(() => h.emulator.counters.apiRequests === 1 + retry, `retry ${retry}`);
  }
  expect((await failed).response!.status).toBe(503);
  expect(waits).toEqual([250, 500, 1_000, 2_000]);
  expect(h.emulator.counters.apiRequests).toBe(5);
});

test.each([
  ['the option', { retries: 2, baseDelayMs: 10, maxDelayMs: 14 }, undefined],
  ['the call', { retries: 9 }, { retries: 2, baseDelayMs: 10, maxDelayMs: 14 }],
])('%s says how many retries there are, from where and up to where', async (_who, retry, own) => {
  await using h = await createHarness({ options: { retry } });
  h.env.chance = 0.5;
  const waits = waitsOf(h);
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503() });
  const failed = caught(h.instance.get(me, own ? { procore: { retry: own } } : {}));
  await until(() => h.env.sleeping === 1, 'the first wait');
  await h.env.advance(5);
  await until(() => h.env.sleeping === 1, 'the second wait');
  await h.env.advance(7);
  await failed;
  expect(waits).toEqual([5, 7]);
  expect(h.emulator.counters.apiRequests).toBe(3);
});

test.each([
  ['the option', { retry: false } as const, {}],
  ['the call', {}, { procore: { retry: false } } as const],
])('retry: false on %s means one attempt', async (_who, options, config) => {
  await using h = await createHarness({ options });
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503({ 'retry-after': '1' }) });
  await caught(h.instance.get(me, config));
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test.each([0, 1])('retries: %i on the call of an instance with retry: false counts', async (retries) => {
  await using h = await createHarness({ options: { retry: false } });
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503() });
  await caught(h.instance.get(me, { procore: { retry: { retries } } }));
  expect(h.emulator.counters.apiRequests).toBe(1 + retries);
});

test.each(['get', 'post'] as const)(
  'a %s whose connection is refused was not sent, and is tried again',
  async (method) => {
    await using h = await createHarness({ options: { origins: [refusing], retry: { retries: 3 } } });
    const httpAgent = new CountingAgent();
    const error = await caught(h.instance.request({ method, url: `${refusing}/rest/v1.0/x`, httpAgent }));
    expect(error.code).toBe(refusedCode);
    expect(error.isAxiosError).toBe(true);
    expect(error).not.toHaveProperty('response.status');
    expect(error.procore).toMatchObject({ kind: 'connection-refused', attempts: 4, mayHaveRun: 'no' });
    // Fetch has no agents.
    if (!onFetch) expect(httpAgent.connections).toBe(4);
  },
);

test('a body that is a stream is sent once, whatever comes back', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503({ 'retry-after': '1' }) });
  const { Readable } = await import('node:stream');
  const error = await caught(h.instance.put(me, Readable.from(['a', 'b'])));
  expect(error.procore).toMatchObject({
    gaveUp: 'body-not-replayable',
    attempts: 1,
    mayHaveRun: 'no',
    retryable: true,
    retryAt: new Date(h.env.now() + 1_000),
  });
  expect(h.emulator.counters.apiRequests).toBe(1);
  expect(h.env.sleeping).toBe(0);
});

test.each([500, 502, 504])('a GET that is answered %i is sent again, four times', async (status) => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status } });
  const error = await h.env.drive(caught(h.instance.get(me)));
  expect(error.response!.status).toBe(status);
  expect(error.procore).toMatchObject({ gaveUp: 'retries-exhausted', attempts: 5, retryable: true });
  expect(h.emulator.counters.apiRequests).toBe(5);
});

test.each([500, 502, 503, 504])(
  'a POST that is answered %i may have run: it is sent once',
  async (status) => {
    await using h = await createHarness();
    h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status } });
    const error = await caught(h.instance.post(rfis, { subject: 'a' }));
    expect(error.procore).toMatchObject({
      gaveUp: 'may-have-run',
      mayHaveRun: 'maybe',
      attempts: 1,
      retryable: false,
    });
    expect(h.emulator.counters.apiRequests).toBe(1);
  },
);

test.each([400, 403, 404, 406, 408, 409, 418, 422])('a %i is returned at once', async (status) => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'answer', status } });
  const error = await caught(h.instance.get(me));
  expect(error.response!.status).toBe(status);
  expect(error.procore).not.toHaveProperty('gaveUp');
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test.each(['get', 'post', 'patch'] as const)(
  'a %s that is answered 429 waits for the later of Retry-After and the reset, and is sent again',
  async (method) => {
    await using h = await createHarness();
    const resetSeconds = h.env.now() / 1000 + 9;
    h.emulator.misbehave({
      on: 'api',
      do: {
        kind: 'answer',
        status: 429,
        headers: { 'retry-after': '5', 'x-rate-limit-reset': String(resetSeconds) },
      },
    });
    const call = h.instance.request({
      method,
      url: method === 'get' ? me : rfis,
      validateStatus: () => true,
    });
    await until(() => h.env.sleeping === 1, 'the wait');
    await h.env.advance(8_999);
    expect(h.emulator.counters.apiRequests).toBe(1);
    await h.env.advance(1);
    await call;
    expect(h.emulator.counters.apiRequests).toBe(2);
  },
);

test('a server wait does not count as a retry; a failure does', async () => {
  await using h = await createHarness();
  const busy = h.emulator.misbehave({ on: 'api', times: 7, do: answer503({ 'retry-after': '1' }) });
  h.emulator.misbehave({ on: () => busy.hits === 7, times: 4, do: { kind: 'answer', status: 502 } });
  const answer = await h.env.drive(h.instance.get(me));
  expect(answer.status).toBe(200);
  expect(h.emulator.counters.apiRequests).toBe(7 + 4 + 1);
});

test('a server that asks to wait again and again is waited for as long as for one that asks once: maxWaitMs', async () => {
  await using h = await createHarness({ options: { maxWaitMs: 10_000 } });
  h.emulator.misbehave({ on: 'api', times: Infinity, do: answer503({ 'retry-after': '3' }) });
  const startedAtMs = h.env.now();
  const network = createNetwork(h.env, 20);
  h.instance.defaults.adapter = network.adapter;
  const error = await network.run(caught(h.instance.get(me)));
  expect(error.response!.status).toBe(503);
  expect(error.procore).toMatchObject({ kind: 'unavailable', gaveUp: 'wait-too-long', mayHaveRun: 'no' });
  expect(error.procore).toHaveProperty('retryAt', expect.any(Date));
  expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(10_000);
  expect(h.emulator.counters.apiRequests).toBe(4);
});

test('each attempt carries the token that is fresh then', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: answer503({ 'retry-after': '50' }) });
  const call = h.instance.get(me);
  await until(() => h.env.sleeping === 1, 'the wait');
  await h.procore.renew();
  await h.env.advance(50_000);
  expect((await call).status).toBe(200);
  const [first, second] = h.emulator.log.filter(({ kind }) => kind === 'api');
  expect(first!.accessToken).not.toBe(second!.accessToken);
  expect(h.emulator.counters).toMatchObject({ unauthorized: 0, exchanges: 1 });
});

test('a retry tells: waiting until when, then sent again, then settled with the number of attempts', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: answer503({ 'retry-after': '2' }) });
  const call = h.instance.get(`${me}?secret=1`);
  await until(() => h.told.some(({ detail }) => detail['reason'] === 'unavailable'), 'the wait');
  const until2s = new Date(h.env.now() + 2_000);
  await h.env.advance(2_000);
  await call;
  await settled();
  const told = h.told.filter(
    ({ event, detail }) => event.startsWith('request') && detail['reason'] !== 'token',
  );
  const { callId } = told[0]!.detail;
  const call1 = { callId, account: 'default', host: new URL(h.emulator.url).host, method: 'GET', path: me };
  const failed = { status: 503, kind: 'unavailable', hasCompanyId: true, waitedMs: 0, durationMs: 0 };
  expect(told).toEqual([
    {
      event: 'request-retried',
      detail: { ...call1, ...failed, reason: 'failure', attempt: 2, requestId: told[0]!.detail['requestId'] },
    },
    {
      event: 'request-waiting',
      detail: { ...call1, reason: 'unavailable', until: until2s, before: 0, attempt: 2 },
    },
    {
      event: 'request-settled',
      detail: {
        ...call1,
        attempts: 2,
        status: 200,
        requestId: told[2]!.detail['requestId'],
        hasCompanyId: true,
        waitedMs: 2_000,
        durationMs: 2_000,
      },
    },
  ]);
});
