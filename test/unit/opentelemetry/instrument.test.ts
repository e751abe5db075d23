import { channel } from 'node:diagnostics_channel';
import { diag, DiagLogLevel, trace } from '@opentelemetry/api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ProcoreEvents } from '../../../src/observe/events.js';
import { instrumentProcore } from '../../../src/opentelemetry/index.js';
import { createTelemetry, type Telemetry } from '../../support/telemetry.js';
import { detailOf, eventNames } from '../observe/support/details.js';

let telemetry: Telemetry;
let stop: () => void = () => undefined;
beforeEach(() => {
  telemetry = createTelemetry();
});
afterEach(async () => {
  stop();
  diag.disable();
  await telemetry.stop();
});

function publish(event: keyof ProcoreEvents, more: object = {}): void {
  channel(`axios-procore:${event}`).publish(detailOf(event, more).detail);
}

const server = { 'server.address': 'api.procore.com', 'server.port': 443 };
const call = { 'http.request.method': 'GET', ...server };

test('a call is a duration in seconds, with method, server, status and error', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('request-settled');
  publish('request-settled', { durationMs: 188 });
  publish('request-settled', { status: 404, kind: 'not-found', durationMs: 1_000 });
  const { 'procore.client.call.duration': durations } = await telemetry.points();
  expect(durations).toEqual([
    { attributes: { ...call, 'http.response.status_code': 200 }, value: { count: 2, sum: 1 } },
    {
      attributes: { ...call, 'http.response.status_code': 404, 'error.type': 'not-found' },
      value: { count: 1, sum: 1 },
    },
  ]);
});

test('waits are counted by what they wait for, and their length is that of all waits of a call', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('request-waiting');
  publish('request-waiting', { reason: 'token' });
  publish('request-waiting', { reason: 'token' });
  publish('request-settled', { waitedMs: 0 });
  publish('request-settled', { waitedMs: 2_500 });
  const points = await telemetry.points();
  expect(points['procore.client.waits']).toEqual([
    { attributes: { ...call, 'procore.wait.reason': 'rate-limit' }, value: 1 },
    { attributes: { ...call, 'procore.wait.reason': 'token' }, value: 2 },
  ]);
  expect(points['procore.client.call.wait.duration']).toEqual([
    { attributes: call, value: { count: 1, sum: 2.5 } },
  ]);
});

test('retries are counted by why, and by what the attempt before has come to', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('request-retried');
  publish('request-retried', { reason: 'unauthorized', status: 401, kind: 'unauthorized' });
  expect((await telemetry.points())['procore.client.retries']).toEqual([
    {
      attributes: {
        ...call,
        'procore.retry.reason': 'failure',
        'http.response.status_code': 503,
        'error.type': 'unavailable',
      },
      value: 1,
    },
    {
      attributes: {
        ...call,
        'procore.retry.reason': 'unauthorized',
        'http.response.status_code': 401,
        'error.type': 'unauthorized',
      },
      value: 1,
    },
  ]);
});

test('renewals are counted, with an error where they have failed', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('token-renewed');
  publish('token-renewed');
  publish('token-adopted');
  publish('token-renewal-failed');
  publish('reauthentication-required');
  expect((await telemetry.points())['procore.token.renewals']).toEqual([
    { attributes: {}, value: 2 },
    { attributes: { 'error.type': 'ERR_PROCORE_TOKEN_RENEWAL' }, value: 1 },
    { attributes: { 'error.type': 'no-tokens' }, value: 1 },
  ]);
});

test('what is left of the rate limit is a gauge, as the last answer that has told it says', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('request-settled', { remaining: 12 });
  publish('request-settled', { remaining: 11 });
  publish('request-retried', { remaining: 0, limit: 3600 });
  publish('request-settled', { remaining: undefined, limit: undefined });
  const points = await telemetry.points();
  expect(points['procore.rate_limit.remaining']).toEqual([{ attributes: server, value: 0 }]);
  expect(points['procore.rate_limit.limit']).toEqual([{ attributes: server, value: 3600 }]);
});

test('every metric has its unit', async () => {
  telemetry.register();
  stop = instrumentProcore();
  for (const event of eventNames) publish(event, { waitedMs: 1 });
  expect(await telemetry.units()).toEqual({
    'procore.client.call.duration': 's',
    'procore.client.call.wait.duration': 's',
    'procore.client.waits': '{wait}',
    'procore.client.retries': '{retry}',
    'procore.token.renewals': '{renewal}',
    'procore.rate_limit.remaining': '{call}',
    'procore.rate_limit.limit': '{call}',
  });
});

test('with perAccount every metric has the account, and without it none has', async () => {
  telemetry.register();
  const told = async (perAccount: boolean) => {
    stop = instrumentProcore({ perAccount, meterProvider: telemetry.meterProvider });
    for (const event of eventNames) publish(event, { account: `of ${perAccount}`, waitedMs: 1 });
    stop();
    return Object.entries(await telemetry.points());
  };
  expect(JSON.stringify(await told(false))).not.toContain('of false');
  for (const [name, points] of await told(true))
    expect([name, points.map(({ attributes }) => attributes['procore.account'])]).toEqual([
      name,
      expect.arrayContaining(['of true']),
    ]);
});

test('an SDK that is started later, or replaced, gets what comes from then on', async () => {
  stop = instrumentProcore();
  publish('token-renewed');
  telemetry.register();
  publish('token-renewed');
  expect((await telemetry.points())['procore.token.renewals']).toEqual([{ attributes: {}, value: 1 }]);
  await telemetry.stop();
  telemetry = createTelemetry();
  telemetry.register();
  publish('token-renewed');
  expect((await telemetry.points())['procore.token.renewals']).toEqual([{ attributes: {}, value: 1 }]);
});

test('a meterProvider of its own is used in place of the global one', async () => {
  telemetry.register();
  const own = createTelemetry();
  stop = instrumentProcore({ meterProvider: own.meterProvider });
  publish('token-renewed');
  expect(await telemetry.points()).toEqual({});
  expect(Object.keys(await own.points())).toEqual(['procore.token.renewals']);
  await own.meterProvider.shutdown();
});

test('waits and retries are events on the span that is active, and without one nothing happens', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('request-waiting');
  trace.getTracer('test').startActiveSpan('night job', (span) => {
    publish('request-waiting');
    publish('request-retried');
    publish('request-settled');
    span.end();
  });
  const [span] = telemetry.spans.getFinishedSpans();
  expect(span!.events.map(({ name, attributes }) => [name, attributes])).toEqual([
    [
      'procore.wait',
      {
        'procore.wait.reason': 'rate-limit',
        'procore.wait.before': 14,
        'procore.wait.until': '2026-05-01T12:00:00.000Z',
        'procore.call.id': 'k3v09x2m-17',
        'procore.call.attempt': 1,
      },
    ],
    [
      'procore.retry',
      {
        'procore.retry.reason': 'failure',
        'http.response.status_code': 503,
        'error.type': 'unavailable',
        'procore.call.id': 'k3v09x2m-17',
        'procore.call.attempt': 2,
        'http.request.resend_count': 1,
        'procore.request.id': 'r-1',
      },
    ],
  ]);
});

test('after stop nothing is recorded, and nobody listens', async () => {
  telemetry.register();
  stop = instrumentProcore();
  publish('token-renewed');
  stop();
  stop();
  publish('token-renewed');
  for (const event of eventNames) expect(channel(`axios-procore:${event}`).hasSubscribers).toBe(false);
  expect((await telemetry.points())['procore.token.renewals']).toEqual([{ attributes: {}, value: 1 }]);
});

test('what fails in it is told to diag, and reaches nobody else', () => {
  const told: unknown[][] = [];
  const keep = (...parts: unknown[]) => void told.push(parts);
  diag.setLogger({ error: keep, warn: keep, info: keep, debug: keep, verbose: keep }, DiagLogLevel.ERROR);
  stop = instrumentProcore({
    meterProvider: {
      getMeter() {
        throw new Error('no meter');
      },
    },
  });
  publish('token-renewed');
  expect(told).toEqual([['axios-procore: the telemetry of token-renewed failed', expect.any(Error)]]);
});

test.each([
  [{ meterProvider: {} }, /option "meterProvider" is an object; it takes a MeterProvider/],
  [{ perAccount: 'yes' }, /option "perAccount" is a string of length 3; it takes true or false/],
  [{ perAcount: true }, /does not exist; known are meterProvider, perAccount\. Did you mean "perAccount"\?/],
  [null, /option "options" is null; it takes an object/],
])('a wrong option is refused: %j', (options, message) => {
  expect(() => instrumentProcore(options as never)).toThrow(message);
});
