import { describe, expect, test } from 'vitest';
import { otherRoutes, windowEnding } from '../../../src/health/calls.js';
import { createLedger, type Attempt } from '../../../src/health/ledger.js';

const dayMs = 86_400_000;
const noon = Date.parse('2026-06-30T12:00:00Z');
const attempt = (some: Partial<Attempt> = {}): Attempt => ({
  status: 200,
  method: 'get',
  path: '/rest/v1.0/projects/1',
  hasCompanyId: undefined,
  kind: undefined,
  ...some,
});
const total = (ledger: ReturnType<typeof createLedger>) =>
  ledger.activity().counts.reduce((sum, { calls }) => sum + calls, 0);

test('the window is the 14 days that end with the given one', () => {
  expect(windowEnding('2026-03-03')[0]).toBe('2026-02-18');
  expect(windowEnding('2026-03-03')).toHaveLength(14);
  expect(windowEnding('2026-03-03').at(-1)).toBe('2026-03-03');
});

test('attempts of one day, status, method and route are one row', () => {
  const ledger = createLedger(10);
  for (const id of [1, 2, 3]) ledger.add(attempt({ path: `/rest/v1.0/projects/${id}` }), noon);
  ledger.add(attempt({ status: 404 }), noon);
  ledger.add(attempt(), noon + dayMs);
  const row = {
    date: '2026-06-30',
    status: 200,
    method: 'GET',
    route: '/rest/v1.0/projects/:id',
    withoutCompanyId: 0,
  };
  expect(ledger.activity().counts).toEqual([
    { ...row, calls: 3 },
    { ...row, status: 404, calls: 1 },
    { ...row, date: '2026-07-01', calls: 1 },
  ]);
});

test('a day belongs to UTC, to the millisecond', () => {
  const ledger = createLedger(10);
  const midnight = Date.parse('2026-07-01T00:00:00Z');
  ledger.add(attempt(), midnight - 1);
  ledger.add(attempt(), midnight);
  expect(ledger.activity().counts.map(({ date }) => date)).toEqual(['2026-06-30', '2026-07-01']);
});

test('an attempt without an answer, or with what is no status, is counted apart', () => {
  const ledger = createLedger(10);
  for (const status of [undefined, 0, 99, 600, NaN]) ledger.add(attempt({ status }), noon);
  expect(ledger.activity()).toMatchObject({ counts: [], unanswered: new Map([['2026-06-30', 5]]) });
});

describe('in bounded memory', () => {
  test('the routes beyond the most are counted in one row, and no call is lost', () => {
    const ledger = createLedger(3);
    for (let index = 0; index < 100; index++)
      ledger.add(attempt({ path: `/rest/v1.0/${String.fromCharCode(97 + (index % 26))}x` }), noon);
    const { counts } = ledger.activity();
    expect(counts.map(({ route }) => route)).toEqual([
      '/rest/v1.0/ax',
      '/rest/v1.0/bx',
      '/rest/v1.0/cx',
      otherRoutes,
    ]);
    expect(total(ledger)).toBe(100);
  });

  test('unusual methods and very long routes have no rows of their own', () => {
    const ledger = createLedger(100_000);
    for (let index = 0; index < 50; index++) {
      ledger.add(attempt({ method: `M${index}` }), noon);
      ledger.add(attempt({ path: `/rest/v1.0/${'x'.repeat(300 + index)}` }), noon);
    }
    expect(ledger.activity().counts.map(({ method, route }) => [method, route])).toEqual([
      ['OTHER', '/rest/v1.0/projects/:id'],
      ['GET', otherRoutes],
    ]);
  });

  test('days that have left the window are dropped', () => {
    const ledger = createLedger(10);
    for (let day = 0; day < 100; day++) ledger.add(attempt(), noon + day * dayMs);
    expect(ledger.days()).toHaveLength(14);
    expect(ledger.days()[0]!.date).toBe('2026-09-24');
  });

  test('a clock that was a year ahead for a moment leaves no day behind, and a step back over midnight drops none', () => {
    const ledger = createLedger(10);
    ledger.add(attempt(), noon + 365 * dayMs);
    ledger.add(attempt(), noon);
    ledger.add(attempt(), noon - dayMs);
    ledger.add(attempt(), noon);
    expect(ledger.days().map(({ date }) => date)).toEqual(['2026-06-30', '2026-06-29']);
  });
});

test('calls without company id are counted where one belongs, once it is told of any call', () => {
  const ledger = createLedger(10);
  ledger.add(attempt(), noon);
  expect(ledger.activity().tellsCompanyId).toBe(false);
  ledger.add(attempt({ hasCompanyId: true }), noon);
  ledger.add(attempt({ hasCompanyId: false }), noon);
  ledger.add(attempt({ hasCompanyId: false, path: '/rest/v1.0/me' }), noon);
  const { counts, tellsCompanyId } = ledger.activity();
  expect(tellsCompanyId).toBe(true);
  expect(counts.map(({ route, calls, withoutCompanyId }) => [route, calls, withoutCompanyId])).toEqual([
    ['/rest/v1.0/projects/:id', 3, 1],
    ['/rest/v1.0/me', 1, 0],
  ]);
});

test('a ledger goes on where another one stopped', () => {
  const first = createLedger(2);
  for (const name of ['a', 'b', 'c', 'd'])
    first.add(attempt({ path: `/rest/v1.0/${name}`, hasCompanyId: false }), noon);
  first.add(attempt({ status: undefined }), noon);
  const second = createLedger(2, first.days());
  expect(second.activity()).toEqual(first.activity());
  second.add(attempt({ path: '/rest/v1.0/a', hasCompanyId: false }), noon);
  expect(total(second)).toBe(5);
  expect(second.activity().counts[0]).toMatchObject({ route: '/rest/v1.0/a', calls: 2, withoutCompanyId: 2 });
});
