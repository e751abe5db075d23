import { expect, test } from 'vitest';
import { endpointList } from '../../src/wire/endpoints.js';
import { healthOf, recordHealth } from '../../src/health/index.js';
import { loadEcharts, loadPapaparse } from '../../src/health/peers.js';
import { createRecorder } from '../../src/health/recorder.js';
import { createHarness, type Harness } from '../support/harness.js';

const recorderOf = ({ procore, env }: Harness) =>
  createRecorder({
    handle: procore,
    env,
    known: { deprecated: endpointList([]), private: endpointList([]) },
    maxRoutes: 100,
    file: undefined,
    papaparse: () => loadPapaparse('csv'),
    echarts: () => loadEcharts('html'),
  });
const outcomes = (calls: Promise<unknown>[]) => Promise.allSettled(calls);

test('the recorder counts each request that Procore has answered, as Procore counts it', async () => {
  await using h = await createHarness();
  const recorder = recorderOf(h);
  await h.instance.get('/rest/v1.0/me');
  h.emulator.expire();
  await outcomes([
    h.instance.get('/rest/v1.0/projects'),
    h.instance.get('/rest/v1.0/projects/999999/rfis/5'),
    h.instance.post('/rest/v1.0/nowhere'),
  ]);
  const answered = h.emulator.log.filter(({ path }) => path.startsWith('/rest/'));
  const report = recorder.report();
  expect(report.calls).toBe(answered.length);
  expect(report.unanswered).toBe(0);
  const statuses = (status: number) => answered.filter((entry) => entry.status === status).length;
  for (const { status, calls } of report.failures)
    expect([status, calls]).toEqual([status, statuses(status)]);
  expect(report.failures.map(({ status }) => status).sort()).toEqual([401, 404]);
});

test('what the recorder writes as CSV gives the same health again, but for the company header, for which it has no column', async () => {
  await using h = await createHarness();
  const recorder = recorderOf(h);
  for (let index = 0; index < 12; index++)
    await outcomes([h.instance.get(`/rest/v1.0/projects/${index + 1000}/rfis/1`)]);
  const { unanswered: _, recording: ___, ...recorded } = recorder.report();
  const { unanswered: __, ...read } = healthOf(recorder.csv());
  const isOfHeader = ({ name }: { name: string }) => name === 'company-header-missing';
  const withoutHeader = ({ observations, ...rest }: typeof read) => ({
    ...rest,
    observations: observations.filter((one) => !isOfHeader(one)),
  });
  expect(withoutHeader(read)).toEqual(withoutHeader(recorded));
  expect(recorded.observations.find(isOfHeader)).toMatchObject({ state: 'Healthy', calls: 0 });
  expect(read.observations.find(isOfHeader)).toMatchObject({ state: 'Unknown' });
  expect(read.observations.find(({ name }) => name === 'not-found')).toMatchObject({
    state: 'Needs Attention',
    calls: 12,
    worstRoutes: [{ method: 'GET', route: '/rest/v1.0/projects/:project_id/rfis/:id', calls: 12 }],
  });
});

test('a call answers as it would without a recorder, and after stop nothing is recorded', async () => {
  await using h = await createHarness();
  const recorder = recordHealth(h.procore);
  const { data, status } = await h.instance.get('/rest/v1.0/me');
  expect([status, data]).toEqual([200, expect.objectContaining({ id: expect.any(Number) })]);
  expect(recorder.report().calls).toBe(1);
  await recorder.stop();
  await h.instance.get('/rest/v1.0/me');
  expect(recorder.report().calls).toBe(1);
});

test('the recorder knows what a call has waited for and how long, and when its token was renewed', async () => {
  await using h = await createHarness();
  const recorder = recorderOf(h);
  await h.instance.get('/rest/v1.0/me');
  const headers = { 'retry-after': '5' };
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 429, headers } });
  await h.env.drive(h.instance.get('/rest/v1.0/projects'));
  h.env.jump(5_401_000);
  await h.instance.get('/rest/v1.0/me');
  const { waits, slots, tokens } = recorder.report().recording!;
  expect(waits).toEqual([
    // For the store, and for the renewal.
    { reason: 'token', waits: 2, waitedMs: 0, longestMs: 0 },
    { reason: 'rate-limit', waits: 1, waitedMs: 5_000, longestMs: 5_000 },
    { reason: 'unavailable', waits: 0, waitedMs: 0, longestMs: 0 },
    { reason: 'retry', waits: 0, waitedMs: 0, longestMs: 0 },
  ]);
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  expect(sum(slots.map(({ calls }) => calls))).toBe(recorder.report().calls);
  expect(sum(slots.map(({ failed }) => failed))).toBe(1);
  expect(sum(slots.map(({ waitedMs }) => waitedMs['rate-limit']))).toBe(5_000);
  expect(tokens).toMatchObject({ renewed: 1, adopted: 0, failed: 0 });
  const { accessToken, expiresAt } = h.procore.status();
  expect(tokens.events).toEqual([
    {
      at: new Date(h.env.now()).toISOString(),
      event: 'token-renewed',
      account: 'default',
      accessToken,
      expiresAt: expiresAt!.toISOString(),
    },
  ]);
});

test('an attempt without an answer, and a call that was given up before it was sent, are told by their kind', async () => {
  await using h = await createHarness({ options: { maxWaitMs: 1_000 } });
  const recorder = recorderOf(h);
  await h.instance.get('/rest/v1.0/me');
  h.emulator.misbehave({ on: 'api', do: { kind: 'drop' } });
  await outcomes([h.env.drive(h.instance.post('/rest/v1.0/projects/1/rfis', {}))]);
  const headers = { 'retry-after': '60' };
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 429, headers } });
  await outcomes([h.env.drive(h.instance.get('/rest/v1.0/projects'))]);
  await outcomes([h.env.drive(h.instance.get('/rest/v1.0/projects'))]);
  const { unanswered, failures, recording } = recorder.report();
  expect(unanswered).toBe(1);
  expect(failures.map(({ status, calls }) => [status, calls])).toEqual([[429, 1]]);
  expect(recording!.failures.map(({ kind, times }) => [kind, times])).toEqual([
    ['connection-lost', 1],
    ['rate-limited', 1],
  ]);
});

test('the page tells the least that the answers have left of the rate limit, that of a 429 among them', async () => {
  await using h = await createHarness({
    emulator: { rateLimits: { hourly: { limit: 50, windowSeconds: 3600 } } },
  });
  const recorder = recorderOf(h);
  expect(recorder.html()).toContain('No answer has told of a limit.');
  await h.instance.get('/rest/v1.0/me');
  await h.instance.get('/rest/v1.0/me');
  expect(h.told.at(-1)!.detail).toMatchObject({ limit: 50, remaining: 48 });
  expect(recorder.report().recording!.slots.at(-1)!.limit).toEqual({ limit: 50, remaining: 48 });
  const headers = {
    'x-rate-limit-limit': '50',
    'x-rate-limit-remaining': '0',
    'x-rate-limit-reset': String(h.env.now() / 1000 + 5),
  };
  h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 429, headers } });
  await h.env.drive(h.instance.get('/rest/v1.0/projects'));
  const retried = h.told.find(({ event }) => event === 'request-retried')!;
  expect(retried.detail).toMatchObject({ status: 429, limit: 50, remaining: 0 });
  const text = recorder.html().replace(/<[^>]*>|\s+/g, ' ');
  expect(text.replace(/ +/g, ' ')).toContain('The least that was left: 0 of 50 ,');
});
