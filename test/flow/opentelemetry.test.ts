import { trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { instrumentProcore } from '../../src/opentelemetry/index.js';
import { createHarness, type Harness } from '../support/harness.js';
import { createTelemetry, type Telemetry } from '../support/telemetry.js';

const me = '/rest/v1.0/me';
const life = 5_400_000;

let telemetry: Telemetry;
let stop: () => void;
beforeEach(() => {
  telemetry = createTelemetry();
  telemetry.register();
  stop = instrumentProcore();
});
afterEach(async () => {
  stop();
  await telemetry.stop();
});

/** Makes a call in a span of its own, and returns the events on that span. */
async function spanned(h: Harness, name: string): Promise<[name: string, attributes: object | undefined][]> {
  await trace.getTracer('test').startActiveSpan(name, async (span) => {
    await h.env.drive(h.instance.get(`${me}?secret=1`));
    span.end();
  });
  const ended = telemetry.spans.getFinishedSpans().find((span) => span.name === name)!;
  return ended.events.map((event) => [event.name, event.attributes]);
}

test.each<[string, (h: Harness) => unknown, object[]]>([
  [
    'a wait for a renewal',
    (h) => h.env.jump(life + 1),
    [['procore.wait', { 'procore.wait.reason': 'token', 'procore.call.attempt': 1 }]],
  ],
  [
    'a replay after a 401',
    (h) => h.emulator.revoke(),
    [
      ['procore.wait', { 'procore.wait.reason': 'token' }],
      ['procore.retry', { 'procore.retry.reason': 'unauthorized', 'http.response.status_code': 401 }],
    ],
  ],
  [
    'a retry after a failure',
    (h) => h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } }),
    [
      ['procore.wait', { 'procore.wait.reason': 'retry' }],
      ['procore.retry', { 'procore.retry.reason': 'failure', 'http.request.resend_count': 1 }],
    ],
  ],
  [
    'a wait at a closed gate',
    (h) =>
      h.emulator.misbehave({
        on: 'api',
        do: { kind: 'answer', status: 429, headers: { 'retry-after': '2' } },
      }),
    [
      ['procore.retry', { 'error.type': 'rate-limited' }],
      ['procore.wait', { 'procore.wait.reason': 'rate-limit', 'procore.wait.before': 0 }],
    ],
  ],
])('%s is an event on the span of the caller, and of nobody else', async (_what, prepare, events) => {
  await using h = await createHarness();
  h.env.chance = 0.5;
  await h.instance.get(me);
  prepare(h);
  const told = await trace.getTracer('test').startActiveSpan('another', async (another) => {
    const own = await spanned(h, 'caller');
    another.end();
    return own;
  });
  expect(told).toMatchObject(events);
  expect(told).toHaveLength(events.length);
  const spans = telemetry.spans.getFinishedSpans();
  expect(spans.map(({ name }) => name)).toEqual(['caller', 'another']);
  expect(spans[1]!.events).toEqual([]);
});

test('the metrics of a renewal, a failure that is retried, and two answers', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { spike: { limit: 100, windowSeconds: 10 } } },
  });
  h.env.jump(life + 1);
  await h.env.drive(h.instance.get(me));
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } });
  h.env.chance = 0.5;
  await h.env.drive(h.instance.get(me));
  const points = await telemetry.points();
  const { hostname, port } = new URL(h.emulator.url);
  const call = { 'http.request.method': 'GET', 'server.address': hostname, 'server.port': Number(port) };
  expect(points['procore.client.call.duration']).toEqual([
    {
      attributes: { ...call, 'http.response.status_code': 200 },
      value: { count: 2, sum: expect.any(Number) },
    },
  ]);
  expect(points['procore.token.renewals']).toEqual([{ attributes: {}, value: 1 }]);
  expect(points['procore.client.waits']).toEqual([
    { attributes: { ...call, 'procore.wait.reason': 'token' }, value: 1 },
    { attributes: { ...call, 'procore.wait.reason': 'retry' }, value: 1 },
  ]);
  expect(points['procore.client.retries']).toMatchObject([{ value: 1 }]);
  const server = { 'server.address': hostname, 'server.port': Number(port) };
  expect(points['procore.rate_limit.limit']).toEqual([{ attributes: server, value: 100 }]);
  expect(points['procore.rate_limit.remaining']).toEqual([{ attributes: server, value: 97 }]);
});

test('attaches that share a store count each renewal once, and each call once', async () => {
  await using h = await createHarness();
  const other = h.attach();
  h.env.jump(life + 1);
  await h.env.drive(Promise.all([h.instance.get(me), other.instance.get(me)]));
  const points = await telemetry.points();
  expect(points['procore.token.renewals']).toEqual([{ attributes: {}, value: 1 }]);
  expect(points['procore.client.call.duration']).toMatchObject([{ value: { count: 2 } }]);
});

test('no token and no query is in an attribute', async () => {
  await using h = await createHarness();
  h.env.jump(life + 1);
  await spanned(h, 'caller');
  h.emulator.revoke();
  await spanned(h, 'another');
  const { access_token: access, refresh_token: refresh } = h.store.sets.get('default')!;
  const told = JSON.stringify([
    await telemetry.points(),
    telemetry.spans.getFinishedSpans().map(({ name, attributes, events }) => ({ name, attributes, events })),
  ]);
  expect(told).toContain('procore.retry');
  for (const secret of [access, refresh!, h.emulator.clientSecret, 'secret=1'])
    expect(told).not.toContain(secret);
});
