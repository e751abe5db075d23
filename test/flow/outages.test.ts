import { Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { createNetwork } from '../support/network.js';

const me = '/rest/v1.0/me';
const rfis = '/rest/v1.0/projects/1/rfis';

test('a five-second outage with 200 GETs and 50 POSTs in flight: none fails, none is written twice, at most 520 requests', async () => {
  await using h = await createHarness();
  const network = createNetwork(h.env);
  h.instance.defaults.adapter = network.adapter;
  // The server is known to answer, so that all are in flight at once.
  await network.run(h.instance.get(me));
  h.emulator.outage({ retryAfterSeconds: 1, forMs: 5_000 });
  const startedAtMs = h.env.now();
  const gets = Array.from({ length: 200 }, () => h.instance.get(me));
  const posts = Array.from({ length: 50 }, (_, index) => h.instance.post(rfis, { subject: `rfi ${index}` }));
  const answers = await network.run(Promise.all([...gets, ...posts]));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(200);
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
  expect(h.emulator.counters.duplicateWrites).toBe(0);
  expect(h.emulator.log.filter(({ wrote }) => wrote)).toHaveLength(50);
  const requests = h.emulator.counters.apiRequests - 1;
  expect(requests).toBeLessThanOrEqual(520);
  // All 250 met it once; then one at a time asked whether it was over.
  expect(h.emulator.log.filter(({ outage }) => outage).length).toBeLessThanOrEqual(250 + 6);
  expect(h.env.now() - startedAtMs).toBeLessThanOrEqual(8_000);
});

test('an outage without Retry-After: GETs come through, POSTs say that they may have run', async () => {
  await using h = await createHarness();
  const network = createNetwork(h.env);
  h.instance.defaults.adapter = network.adapter;
  h.env.chance = 0.5;
  h.emulator.outage({ forMs: 1_000 });
  const get = h.instance.get(me);
  const post = caught(h.instance.post(rfis, { subject: 'a' }));
  const [answer, error] = await network.run(Promise.all([get, post]));
  expect(answer.status).toBe(200);
  expect(error.procore).toMatchObject({
    kind: 'unavailable',
    mayHaveRun: 'maybe',
    gaveUp: 'may-have-run',
    attempts: 1,
  });
});

test('a 504 after the write of a POST: exactly one write, and the error says that it may have run', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({
    on: ({ method }) => method === 'POST',
    times: Infinity,
    after: true,
    do: {
      kind: 'answer',
      status: 504,
      body: '<html><head><title>504 Gateway Time-out</title></head></html>',
    },
  });
  const error = await caught(h.instance.post(rfis, { subject: 'once' }));
  expect(error.response!.status).toBe(504);
  expect(error.procore).toMatchObject({
    kind: 'gateway-timeout',
    status: 504,
    messages: ['504 Gateway Time-out'],
    attempts: 1,
    mayHaveRun: 'maybe',
    retryable: false,
    gaveUp: 'may-have-run',
  });
  expect(h.emulator.log.filter(({ wrote }) => wrote)).toHaveLength(1);
  expect(h.emulator.counters).toMatchObject({ apiRequests: 1, duplicateWrites: 0 });
});

test.each([
  ['answered 503', { kind: 'answer', status: 503, headers: { 'retry-after': '1' } } as const],
  ['answered 429', { kind: 'answer', status: 429, headers: { 'retry-after': '1' } } as const],
  ['answered 502', { kind: 'answer', status: 502 } as const],
  ['cut off', { kind: 'drop' } as const],
])('a PUT of a stream that is %s: one send, and the error says why', async (_what, fault) => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', times: Infinity, do: fault });
  const error = await caught(h.instance.put(me, Readable.from(['a', 'b'])));
  expect(error.procore).toMatchObject({ attempts: 1, gaveUp: 'body-not-replayable' });
  expect(h.emulator.counters.apiRequests).toBe(1);
});

test('the worst attempt counts: a DELETE that was lost and then finds nothing may have run', async () => {
  await using h = await createHarness();
  h.emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
  const error = await h.env.drive(caught(h.instance.delete(`${rfis}/1`)));
  expect(error.procore).toMatchObject({ kind: 'not-found', attempts: 2, mayHaveRun: 'maybe' });
});

test('a DELETE that is answered 404 at its first attempt has not run', async () => {
  await using h = await createHarness();
  const error = await caught(h.instance.delete(`${rfis}/1`));
  expect(error.procore).toMatchObject({ kind: 'not-found', attempts: 1, mayHaveRun: 'no' });
});
