import { beforeAll, describe, expect, test } from 'vitest';
import { createCharts, type Echarts } from '../../../src/health/page/charts.js';
import { duration, readable, shortMoment } from '../../../src/health/page/moments.js';
import { healthPageOf } from '../../../src/health/page/page.js';
import { livesOf, mostAccounts } from '../../../src/health/page/token-lives.js';
import { loadEcharts } from '../../../src/health/peers.js';
import { createRecord } from '../../../src/health/record.js';
import { endpointList } from '../../../src/wire/endpoints.js';
import type { Recording } from '../../../src/health/recording.js';
import type { TokenEventName } from '../../../src/health/token-events.js';

const noon = Date.parse('2026-06-30T12:00:00Z');
const known = { deprecated: endpointList([]), private: endpointList([]) };

function recorded(fill: (record: ReturnType<typeof createRecord>) => void): Recording {
  const record = createRecord(100, []);
  fill(record);
  return record.report('2026-06-30', known).recording!;
}

/** What a chart is asked to draw, without its SVG. */
function optionsOf(draw: (charts: ReturnType<typeof createCharts>) => void) {
  const options: { series: { name?: string; data: unknown[] }[]; xAxis: { data: string[] } }[] = [];
  const recording: Echarts = {
    format: { encodeHTML: String },
    init: () => ({
      setOption: (option) => void options.push(option as (typeof options)[number]),
      renderToSVGString: () => '',
      dispose: () => undefined,
    }),
  };
  draw(createCharts(recording));
  expect(options).toHaveLength(2);
  return options[0]!;
}

describe('charts over time have a place for each slot, also for those in which nothing happened', () => {
  const recording = recorded(({ timeline }) => {
    Object.assign(timeline.at(noon), { calls: 5, failed: 2, limit: { limit: 25, remaining: 5 } });
    const later = timeline.at(noon + 3_000);
    later.unanswered = 4;
    later.waits['rate-limit'] = { waits: 2, waitedMs: 7_500, longestMs: 5_000 };
  });

  test('of attempts', () => {
    const { series, xAxis } = optionsOf((charts) => charts.callsOverTime(recording));
    expect(series.map(({ name, data }) => [name, data])).toEqual([
      ['Succeeded', [3, null, null, 0]],
      ['Failed', [2, null, null, 0]],
      ['Unanswered', [0, null, null, 4]],
    ]);
    expect(xAxis.data).toEqual(['12:00:00', '12:00:01', '12:00:02', '12:00:03']);
  });

  test('of waits, in seconds', () => {
    const { series } = optionsOf((charts) => charts.waitsOverTime(recording));
    expect(series.map(({ name, data }) => [name, data.at(-1)])).toEqual([
      ['Token', 0],
      ['Rate limit', 7.5],
      ['Unavailable', 0],
      ['Retry', 0],
    ]);
  });

  test('of limits, in percent', () => {
    const { series } = optionsOf((charts) => charts.limitsOverTime(recording));
    expect(series[0]!.data).toEqual([20, null, null, null]);
  });
});

describe('the life of a token', () => {
  const happened = (events: [secondsAfterNoon: number, TokenEventName, account: string, lifeS?: number][]) =>
    recorded(({ tokens, timeline }) => {
      for (const [seconds, event, account, lifeS] of events) {
        const atMs = noon + seconds * 1_000;
        timeline.at(atMs);
        tokens.add(event, { account, ...(lifeS ? { expiresAt: new Date(atMs + lifeS * 1_000) } : {}) }, atMs);
      }
    });
  const seconds = (lives: readonly { fromMs: number; untilMs: number }[]) =>
    lives.map(({ fromMs, untilMs }) => [(fromMs - noon) / 1_000, (untilMs - noon) / 1_000]);

  test('lasts until the next one, until it expires, or until the end of what was recorded', () => {
    const recording = happened([
      [0, 'token-renewed', 'a', 100],
      [60, 'token-adopted', 'a', 20],
      [90, 'token-renewed', 'a'],
      [100, 'token-renewal-failed', 'a'],
    ]);
    const { accounts, fromMs, untilMs } = livesOf(recording);
    expect(seconds(accounts[0]!.lives)).toEqual([
      [0, 60],
      [60, 80],
      [90, 101],
    ]);
    expect(accounts[0]!.failuresMs).toEqual([noon + 100_000]);
    expect(seconds([{ fromMs, untilMs }])).toEqual([[0, 101]]);
  });

  test('of many accounts those with failures are drawn, then the newest', () => {
    const recording = happened([
      [0, 'reauthentication-required', 'failed'],
      ...Array.from({ length: 20 }, (_, index) => [index, 'token-renewed', `a${index}`] as const).map(
        ([at, event, account]) => [at, event, account] as [number, TokenEventName, string],
      ),
    ]);
    const names = livesOf(recording).accounts.map(({ account }) => account);
    expect(names).toHaveLength(mostAccounts);
    expect(names.slice(0, 3)).toEqual(['failed', 'a19', 'a18']);
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [4_940, '4.9 s'],
  [59_949, '59.9 s'],
  [60_000, '1 min'],
  [125_000, '2 min 5 s'],
  [3_600_000, '1 h'],
  [12_000_000, '3 h 20 min'],
  [1_234 * 3_600_000, '1,234 h'],
])('%d ms are written as %s', (ms, written) => {
  expect(duration(ms)).toBe(written);
});

test('a moment below a chart is as short as the time that the chart spans lets it be', () => {
  expect(readable('2026-06-30T12:00:05.000Z')).toBe('2026-06-30 12:00:05');
  expect([60_000, 8 * 3_600_000, 3 * 86_400_000, 14 * 86_400_000].map((ms) => shortMoment(noon, ms))).toEqual(
    ['12:00:00', '12:00', '06-30\n12:00', '06-30'],
  );
});

describe('the page of a recorder', () => {
  let parse: (html: string) => { querySelectorAll(selector: string): { text: string }[] };
  beforeAll(async () => {
    // A name that is no literal: TypeScript would ask for its types.
    const name: string = 'node-html-parser';
    ({ parse } = await import(name));
  });

  test('says so where nothing has been recorded yet', () => {
    const report = createRecord(100, []).report('2026-06-30', known);
    const page = parse(healthPageOf(report, loadEcharts('test')));
    const told = page.querySelectorAll('main p').map(({ text }) => text.replace(/\s+/g, ' ').trim());
    expect(told).toEqual(
      expect.arrayContaining([
        'No call has been recorded yet.',
        'No call has waited.',
        'No answer has told of a limit.',
        'No token has been renewed.',
      ]),
    );
  });

  test('has what events say as text, whatever it contains', () => {
    const record = createRecord(100, []);
    const message = '<script>alert("1")</script>';
    record.timeline.at(noon);
    record.tokens.add('token-save-failed', { account: '<b>&amp;', message }, noon);
    const html = healthPageOf(record.report('2026-06-30', known), loadEcharts('test'));
    expect(html).not.toMatch(/<script|<b>/);
    const cells = parse(html)
      .querySelectorAll('#tokens ~ table td')
      .map(({ text }) => text.replace(/\s+/g, ' ').trim());
    expect(cells).toEqual(['<b>&amp;', `Save failed ${message}`]);
  });
});
