import { describe, expect, test } from 'vitest';
import { windowEnding, type Activity, type CallCount } from '../../../src/health/calls.js';
import { endpointList } from '../../../src/wire/endpoints.js';
import type { ObservationName } from '../../../src/health/observations.js';
import { reportOf } from '../../../src/health/report.js';

const to = '2026-06-30';
const known = { deprecated: endpointList([]), private: endpointList([]) };
const row = (some: Partial<CallCount>): CallCount => ({
  date: to,
  status: 200,
  method: 'GET',
  route: '/rest/v1.0/projects',
  calls: 1,
  withoutCompanyId: 0,
  ...some,
});
const activity = (counts: CallCount[], some: Partial<Activity> = {}): Activity => ({
  counts,
  unanswered: new Map(),
  tellsCompanyId: true,
  kinds: new Map(),
  kindsWithoutAnswer: new Map(),
  ...some,
});
const observed = (counts: CallCount[], name: ObservationName, some: Partial<Activity> = {}, lists = known) =>
  reportOf(activity(counts, some), to, lists).observations.find((one) => one.name === name)!;

test('without calls everything is healthy, over 14 days', () => {
  const report = reportOf(activity([]), to, known);
  expect(report).toMatchObject({
    from: '2026-06-17',
    to,
    state: 'Healthy',
    calls: 0,
    failed: 0,
    unanswered: 0,
  });
  expect(report.days.map(({ date }) => date)).toEqual(windowEnding(to));
  expect(report.observations.map(({ title, state }) => `${title}: ${state}`)).toEqual([
    '403 Forbidden Responses: Healthy',
    '404 Not Found Responses: Healthy',
    '429 Rate Limit Responses: Healthy',
    '401 Unauthorized Responses: Healthy',
    'Missing Procore-Company-Id Header: Healthy',
    'Deprecated Endpoint Usage: Healthy',
    'Private Endpoint Usage: Healthy',
  ]);
});

describe.each<[ObservationName, Partial<CallCount>]>([
  ['forbidden', { status: 403 }],
  ['not-found', { status: 404 }],
  ['rate-limited', { status: 429 }],
  ['unauthorized', { status: 401 }],
  ['company-header-missing', { withoutCompanyId: 100 }],
  ['deprecated-endpoints', { route: '/vapid/projects' }],
  ['private-endpoints', { route: '/api/internal' }],
])('%s', (name, some) => {
  test('a day full of it is Critical, and needs attention where it is today', () => {
    const observation = observed([row({ ...some, calls: 100 })], name);
    expect(observation).toMatchObject({ state: 'Needs Attention', calls: 100 });
    expect(observation.days.at(-1)).toEqual({ date: to, state: 'Critical', calls: 100 });
    expect(observation.days.slice(0, -1).every(({ state }) => state === 'Healthy')).toBe(true);
    expect(observation.worstRoutes).toEqual([
      { method: 'GET', route: some.route ?? '/rest/v1.0/projects', calls: 100 },
    ]);
    expect(observation.remedy).not.toBe('');
    expect(observation.docsUrl).toMatch(/^https:\/\/developers\.procore\.com\//);
  });

  test('no other observation counts it', () => {
    const { observations } = reportOf(activity([row({ ...some, calls: 100 })]), to, known);
    expect(observations.filter(({ calls }) => calls > 0).map((one) => one.name)).toEqual([name]);
  });
});

test('calls outside of the window do not count', () => {
  const counts = [
    row({ date: '2026-06-16', status: 403, calls: 99 }),
    row({ date: '2026-07-01', status: 403, calls: 99 }),
  ];
  expect(reportOf(activity(counts), to, known)).toMatchObject({ calls: 0, state: 'Healthy', failures: [] });
});

test('where nothing tells which calls have a company header, that observation is Unknown and the others are as they are', () => {
  const report = reportOf(activity([row({})], { tellsCompanyId: false }), to, known);
  expect(report.state).toBe('Healthy');
  const unknown = report.observations.filter(({ state }) => state === 'Unknown');
  expect(unknown.map(({ name }) => name)).toEqual(['company-header-missing']);
  expect(new Set(unknown[0]!.days.map(({ state }) => state))).toEqual(new Set(['Unknown']));
});

test('the endpoints that a user lists are counted as deprecated and as private', () => {
  const lists = {
    deprecated: endpointList(['POST /rest/v1.0/uploads']),
    private: endpointList(['/rest/v1.0/boards/*']),
  };
  const counts = [
    row({ method: 'POST', route: '/rest/v1.0/uploads', calls: 2 }),
    row({ route: '/rest/v1.0/uploads', calls: 5 }),
    row({ route: '/rest/v1.0/boards/:id', calls: 3 }),
  ];
  expect(observed(counts, 'deprecated-endpoints', {}, lists).calls).toBe(2);
  expect(observed(counts, 'private-endpoints', {}, lists).calls).toBe(3);
});

test('the worst routes come first, at most five of an observation and ten of all', () => {
  const counts = Array.from({ length: 20 }, (_, index) =>
    row({ status: index % 2 ? 403 : 500, route: `/rest/v1.0/r${index}`, calls: index + 1 }),
  );
  const report = reportOf(activity(counts), to, known);
  expect(report.worstRoutes.map(({ calls }) => calls)).toEqual([20, 19, 18, 17, 16, 15, 14, 13, 12, 11]);
  expect(report.observations[0]!.worstRoutes.map(({ calls }) => calls)).toEqual([20, 18, 16, 14, 12]);
});

test('each day and each failed status is told with its calls, and each status with cause and remedy', () => {
  const counts = [
    row({ date: '2026-06-29', calls: 50 }),
    row({ calls: 40 }),
    row({ status: 304, calls: 4 }),
    row({ status: 404, calls: 2 }),
    row({ status: 401, calls: 2 }),
    row({ status: 503, calls: 6 }),
    row({ status: 507, calls: 1 }),
    row({ status: 418, calls: 1 }),
  ];
  const report = reportOf(activity(counts, { unanswered: new Map([['2026-06-29', 3]]) }), to, known);
  expect(report).toMatchObject({ calls: 106, failed: 12, unanswered: 3 });
  expect(report.days.slice(-2)).toEqual([
    { date: '2026-06-29', calls: 50, failed: 0, unanswered: 3 },
    { date: to, calls: 56, failed: 12, unanswered: 0 },
  ]);
  expect(report.failures.map(({ status, title, calls }) => [status, title, calls])).toEqual([
    [503, 'Service Unavailable', 6],
    [401, 'Unauthorized', 2],
    [404, 'Not Found', 2],
    [418, 'Unexpected failure', 1],
    [507, 'Internal Server Error', 1],
  ]);
  for (const { cause, remedy } of report.failures) expect([cause, remedy]).not.toContain('');
});
