import { describe, expect, test } from 'vitest';
import { problems } from '../../../src/failure/catalogue.js';
import { endpointList } from '../../../src/wire/endpoints.js';
import { nothingKept, type Kept } from '../../../src/health/file-format.js';
import type { HealthFile } from '../../../src/health/file.js';
import { loadEcharts, loadPapaparse } from '../../../src/health/peers.js';
import { createRecorder } from '../../../src/health/recorder.js';
import { createEvents } from '../../../src/observe/events.js';
import { createLog } from '../../../src/observe/log.js';
import { createManualEnv } from '../../support/manual-env.js';

const call = { account: 'default', method: 'GET', path: '/rest/v1.0/projects/1' };

function setUp({ file, maxRoutes = 100 }: { file?: HealthFile; maxRoutes?: number } = {}) {
  const env = createManualEnv(Date.parse('2026-06-30T12:00:00Z'));
  const events = createEvents(createLog(undefined, Date.now));
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

function memoryFile(kept = nothingKept) {
  const saved: Kept[] = [];
  const file: HealthFile = {
    read: () => kept,
    save: async (some) => void saved.push(structuredClone(some)),
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
  expect(saved.map(({ days }) => days[0]!.counts[0]!.calls)).toEqual([100]);
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

describe('what the recording has beside the calls of days', () => {
  const recording = ({ recorder }: ReturnType<typeof setUp>) => recorder.report().recording!;
  const waiting = (callId: string, reason: string) => ({ ...call, callId, reason, attempt: 1 });
  const settled = (callId: string, waitedMs: number, some: object = {}) => ({
    ...call,
    callId,
    attempts: 1,
    status: 200,
    waitedMs,
    ...some,
  });

  test('slots tell when calls succeeded, failed and had no answer', async () => {
    const health = setUp();
    health.emit('request-settled', settled('a', 0));
    health.emit('request-settled', settled('b', 0, { status: 503, kind: 'unavailable' }));
    await health.env.advance(2_000);
    health.emit('request-settled', settled('c', 0, { status: undefined, kind: 'timeout' }));
    expect(recording(health)).toMatchObject({
      slotMs: 1_000,
      slots: [
        { from: '2026-06-30T12:00:00.000Z', calls: 2, failed: 1, unanswered: 0 },
        { from: '2026-06-30T12:00:02.000Z', calls: 0, failed: 0, unanswered: 1 },
      ],
    });
  });

  test('a wait counts where it began, with how long it took and what it was for', async () => {
    const health = setUp();
    health.emit('request-waiting', waiting('a', 'rate-limit'));
    await health.env.advance(5_000);
    health.emit('request-settled', settled('a', 4_900));
    const none = { token: 0, unavailable: 0, retry: 0 };
    expect(recording(health).slots[0]!.waitedMs).toEqual({ ...none, 'rate-limit': 4_900 });
    expect(recording(health).waits).toEqual([
      { reason: 'token', waits: 0, waitedMs: 0, longestMs: 0 },
      { reason: 'rate-limit', waits: 1, waitedMs: 4_900, longestMs: 4_900 },
      { reason: 'unavailable', waits: 0, waitedMs: 0, longestMs: 0 },
      { reason: 'retry', waits: 0, waitedMs: 0, longestMs: 0 },
    ]);
  });

  test('the least that was left of the limit is kept, as a share of it', () => {
    const health = setUp();
    health.emit('request-settled', settled('a', 0, { limit: 600, remaining: 300 }));
    health.emit('request-settled', settled('b', 0, { limit: 25, remaining: 5 }));
    health.emit('request-settled', settled('c', 0, { limit: 600, remaining: 299 }));
    health.emit('request-settled', settled('d', 0));
    expect(recording(health).slots[0]!.limit).toEqual({ limit: 25, remaining: 5 });
  });

  test('the lives of tokens: renewed, adopted, failed, and a log-in that became necessary, with its remedy', async () => {
    const health = setUp();
    const account = 'default';
    const expiresAt = new Date('2026-06-30T13:30:00Z');
    health.emit('token-renewed', { account, accessToken: '0123abcd', expiresAt, unsaved: false });
    await health.env.advance(1_000);
    health.emit('token-adopted', { account, accessToken: '4567cdef', from: 'store' });
    health.emit('token-renewal-failed', {
      account,
      code: 'ERR_PROCORE_CLIENT_REJECTED',
      message: 'The client was refused.',
    });
    health.emit('token-save-failed', { account, message: 'The disk is full.' });
    health.emit('token-saved-late', { account });
    await health.env.advance(1_000);
    const reason = 'refresh-token-invalid';
    health.emit('reauthentication-required', { account, reason, message: 'Log in anew.' });
    const { tokens } = recording(health);
    expect(tokens).toMatchObject({ renewed: 1, adopted: 1, failed: 3 });
    expect(tokens.events).toEqual([
      {
        at: '2026-06-30T12:00:00.000Z',
        event: 'token-renewed',
        account,
        accessToken: '0123abcd',
        expiresAt: '2026-06-30T13:30:00.000Z',
      },
      expect.objectContaining({ event: 'token-renewal-failed', kind: 'client-rejected' }),
      expect.objectContaining({ event: 'token-save-failed', message: 'The disk is full.' }),
      { at: '2026-06-30T12:00:01.000Z', event: 'token-adopted', account, accessToken: '4567cdef' },
      { at: '2026-06-30T12:00:01.000Z', event: 'token-saved-late', account },
      expect.objectContaining({
        event: 'reauthentication-required',
        kind: 'reauthentication-required',
        message: 'Log in anew.',
      }),
    ]);
    expect(tokens.failures.map(({ kind, times, remedy }) => [kind, times, remedy])).toEqual([
      ['client-rejected', 1, problems['client-rejected'].remedy],
      ['token-store-failed', 1, problems['token-store-failed'].remedy],
      ['reauthentication-required', 1, problems['reauthentication-required'].remedy],
    ]);
  });

  test('failures without an answer are told by their kind, those of calls that were never sent too', () => {
    const health = setUp();
    const lost = { status: undefined, kind: 'connection-lost' };
    health.emit('request-retried', { ...call, callId: 'a', reason: 'failure', attempt: 2, ...lost });
    health.emit('request-settled', settled('a', 0, { attempts: 2 }));
    health.emit('request-settled', settled('b', 0, lost));
    const refused = { attempts: 0, status: 429, kind: 'rate-limited', code: 'ERR_PROCORE_RATE_LIMITED' };
    health.emit('request-settled', settled('c', 0, refused));
    expect(recording(health).failures.map(({ kind, times }) => [kind, times])).toEqual([
      ['connection-lost', 2],
      ['rate-limited', 1],
    ]);
    expect(health.recorder.report()).toMatchObject({ calls: 1, failed: 0, unanswered: 2, failures: [] });
  });

  test('a status is told with the cause that the recorder knows of it', () => {
    const health = setUp();
    for (const kind of ['forbidden', 'app-not-connected', 'app-not-connected'])
      health.emit('request-settled', settled(kind, 0, { status: 403, kind }));
    expect(health.recorder.report().failures).toMatchObject([
      { status: 403, calls: 2, remedy: problems['app-not-connected'].remedy },
      { status: 403, calls: 1, remedy: problems.forbidden.remedy },
    ]);
  });

  test('it goes on after a restart, and leaves the window with its days', async () => {
    const first = memoryFile();
    const before = setUp({ file: first.file });
    before.emit('request-waiting', waiting('a', 'token'));
    before.emit('request-settled', settled('a', 30));
    before.emit('token-saved-late', { account: 'default' });
    await before.recorder.stop();
    const after = setUp({ file: memoryFile(first.saved[0]).file });
    expect(recording(after)).toEqual(recording(before));
    expect(recording(after).tokens.events).toHaveLength(1);
    after.env.jump(14 * 86_400_000);
    expect(recording(after)).toMatchObject({ slots: [], tokens: { events: [] } });
  });

  test('after stop nothing more is recorded', async () => {
    const health = setUp();
    await health.recorder.stop();
    health.emit('request-waiting', waiting('a', 'token'));
    health.emit('token-saved-late', { account: 'default' });
    expect(recording(health)).toMatchObject({ slots: [], tokens: { events: [] } });
  });
});

test('the limit of an answer counts when the answer came, and not again where its call is given up later', () => {
  const { env, emit, recorder } = setUp();
  const refused = { ...call, callId: 'a-1', status: 429, limit: 50, remaining: 0, waitedMs: 0 };
  emit('request-retried', { ...refused, reason: 'failure', attempt: 2 });
  env.jump(60_000);
  emit('request-waiting', { ...call, callId: 'a-2', reason: 'rate-limit', attempt: 1 });
  emit('request-settled', { ...refused, attempts: 1, code: 'ERR_CANCELED' });
  const { slots } = recorder.report().recording!;
  expect(slots.map(({ limit }) => limit)).toEqual([{ limit: 50, remaining: 0 }, undefined]);
});
