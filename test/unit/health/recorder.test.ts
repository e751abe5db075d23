import { expect, test } from 'vitest';
import { endpointList } from '../../../src/health/endpoints.js';
import type { HealthFile } from '../../../src/health/file.js';
import type { LedgerDay } from '../../../src/health/ledger.js';
import { loadEcharts, loadPapaparse } from '../../../src/health/peers.js';
import { createRecorder } from '../../../src/health/recorder.js';
import { createEvents } from '../../../src/observe/events.js';
import { createManualEnv } from '../../support/manual-env.js';

const call = { account: 'default', method: 'GET', path: '/rest/v1.0/projects/1' };

function setUp({ file, maxRoutes = 100 }: { file?: HealthFile; maxRoutes?: number } = {}) {
  const env = createManualEnv(Date.parse('2026-06-30T12:00:00Z'));
  const events = createEvents(undefined);
  const known = { deprecated: endpointList([]), private: endpointList([]) };
  const recorder = createRecorder({
    handle: { on: events.on },
    env,
    known,
    maxRoutes,
    file,
    papaparse: () => loadPapaparse('csv'),
    echarts: () => loadEcharts('html'),
  });
  /** An event as it may come to be: with fields that its type does not have yet. */
  const emit = events.emit as (event: string, detail: object) => void;
  const counted = () => recorder.report().days.at(-1)!;
  return { env, events, recorder, emit, counted };
}

function memoryFile(days: LedgerDay[] = []) {
  const saved: LedgerDay[][] = [];
  const file: HealthFile = {
    read: () => days,
    save: async (some) => void saved.push(structuredClone([...some])),
  };
  return { file, saved };
}

test('each settled call with an answer is one call, and one without is unanswered', () => {
  const { emit, counted } = setUp();
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  emit('request-settled', { ...call, attempts: 1, status: 404 });
  emit('request-settled', { ...call, attempts: 1 });
  expect(counted()).toMatchObject({ calls: 2, failed: 1, unanswered: 1 });
});

test('a call that was never sent is not counted', () => {
  const { emit, counted } = setUp();
  emit('request-settled', { ...call, attempts: 0 });
  expect(counted()).toMatchObject({ calls: 0, unanswered: 0 });
});

test('each attempt counts: a 401 that was replayed, and a failure that was repeated', () => {
  const { emit, recorder } = setUp();
  emit('request-retried', { reason: 'unauthorized', ...call, attempt: 2, status: 401 });
  emit('request-retried', { reason: 'failure', ...call, attempt: 3, status: 503 });
  emit('request-retried', { reason: 'failure', ...call, attempt: 4 });
  emit('request-settled', { ...call, attempts: 4, status: 200 });
  expect(recorder.report()).toMatchObject({ calls: 3, failed: 2, unanswered: 1 });
  expect(recorder.report().failures.map(({ status }) => status)).toEqual([401, 503]);
});

test('a repetition that was given up before it was sent is not counted twice, where events name their call', () => {
  const { emit, counted } = setUp();
  emit('request-retried', { callId: 'a', reason: 'failure', ...call, attempt: 2, status: 429 });
  emit('request-retried', { callId: 'b', reason: 'failure', ...call, attempt: 2, status: 429 });
  emit('request-settled', { callId: 'a', ...call, attempts: 1, status: 429 });
  emit('request-settled', { callId: 'b', ...call, attempts: 2, status: 200 });
  expect(counted()).toMatchObject({ calls: 3, failed: 2 });
});

test('whether a call had its company header is counted as soon as events tell it', () => {
  const { emit, recorder } = setUp();
  const observation = () =>
    recorder.report().observations.find(({ name }) => name === 'company-header-missing')!;
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  expect(observation().state).toBe('Unknown');
  emit('request-settled', { ...call, attempts: 1, status: 400, hasCompanyId: false });
  expect(observation()).toMatchObject({ state: 'Healthy', calls: 1 });
  expect(observation().days.at(-1)!.state).toBe('Warning');
});

test('the CSV has the calls of the report', () => {
  const { emit, recorder } = setUp();
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  expect(recorder.csv().split('\r\n')[1]).toBe('2026-06-30,200,GET,/rest/v1.0/projects/:id,1');
});

test('the page has the numbers of the report', () => {
  const { emit, recorder } = setUp();
  for (const status of [200, 200, 404]) emit('request-settled', { ...call, attempts: 1, status });
  const totals = [...recorder.html().matchAll(/<data value="(\d+)"/g)]
    .slice(0, 3)
    .map(([, value]) => Number(value));
  expect(totals).toEqual([3, 1, 0]);
});

test('what an event has of other types breaks nothing', () => {
  const { emit, counted } = setUp();
  emit('request-settled', { ...call, attempts: 1, status: 'ok', hasCompanyId: 1, callId: {} });
  emit('request-settled', { ...call, path: '', method: '', attempts: 1, status: 200 });
  expect(counted()).toMatchObject({ calls: 1, unanswered: 1 });
});

test('the window moves with the clock', async () => {
  const { emit, env, recorder } = setUp();
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  env.jump(13 * 86_400_000);
  expect(recorder.report().calls).toBe(1);
  env.jump(86_400_000);
  expect(recorder.report().calls).toBe(0);
});

test('counts are saved ten seconds after the first of them, once, and an idle recorder leaves no timer', async () => {
  const { file, saved } = memoryFile();
  const { emit, env } = setUp({ file });
  expect(env.sleeping).toBe(0);
  for (let index = 0; index < 100; index++) emit('request-settled', { ...call, attempts: 1, status: 200 });
  expect(env.sleeping).toBe(1);
  await env.advance(10_000);
  expect(saved.map(([day]) => day!.counts[0]!.calls)).toEqual([100]);
  expect(env.sleeping).toBe(0);
});

test('stop records no more, saves what was not saved, and leaves no timer', async () => {
  const { file, saved } = memoryFile();
  const { emit, env, recorder } = setUp({ file });
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  await recorder.stop();
  expect(saved).toHaveLength(1);
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  emit('request-retried', { reason: 'unauthorized', ...call, attempt: 2 });
  expect(recorder.report().calls).toBe(1);
  expect(env.sleeping).toBe(0);
  await recorder.stop();
  expect(saved).toHaveLength(1);
});

test('counts go on after a restart, those of the same day too', async () => {
  const first = memoryFile();
  const before = setUp({ file: first.file });
  before.emit('request-settled', { ...call, attempts: 1, status: 404 });
  await before.recorder.stop();
  const after = setUp({ file: memoryFile(first.saved[0]).file });
  after.emit('request-settled', { ...call, attempts: 1, status: 404 });
  expect(after.recorder.report().failures).toMatchObject([{ status: 404, calls: 2 }]);
});

test('without a file nothing waits', () => {
  const { emit, env } = setUp();
  emit('request-settled', { ...call, attempts: 1, status: 200 });
  expect(env.sleeping).toBe(0);
});
