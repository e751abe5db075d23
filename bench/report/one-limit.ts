import type { Spread } from '../support/statistics.js';
import { short, times, type Report } from './report.js';

/** The calls of all processes under one limit, paced in one way. */
export interface LimitRow {
  readonly how: string;
  readonly calls: number;
  readonly answered: number;
  readonly failed: number;
  readonly limited: number;
  /** From the first call to the last answer. */
  readonly ms: number;
}

export interface OneLimitFigures {
  readonly processes: number;
  /** Of all processes. */
  readonly calls: number;
  readonly limit: { readonly limit: number; readonly windowSeconds: number };
  readonly rows: readonly LimitRow[];
  readonly far: { readonly processes: number; readonly calls: number; readonly roundTrips: number };
  readonly overhead: readonly {
    readonly load: 'sequential' | 'at50';
    readonly rounds: number;
    readonly microseconds: number;
    readonly cpuMicroseconds: number;
    readonly toApart: Spread;
    readonly cpuToApart: Spread;
  }[];
}

const count = (value: number) => value.toLocaleString('en');
const seconds = (value: number) => value.toFixed(1);
const loadNames = { sequential: 'one call after another', at50: '50 calls at a time' };

export function reportOneLimit(figures: OneLimitFigures): Report {
  const { processes, calls, limit, rows, far, overhead } = figures;
  const windowsFor = (some: number) => Math.ceil(some / limit.limit);
  /** What the windows before the last one take, each of so many seconds. */
  const least = (some: number, windowSeconds: number) => (windowsFor(some) - 1) * windowSeconds;
  // A window begins a moment after a whole second, and its end is told in whole seconds, rounded up.
  const toldSeconds = limit.windowSeconds + 1;
  const toLeast = (row: LimitRow, windowSeconds: number) =>
    row.ms / 1000 / (least(row.calls, windowSeconds) + 0.5 * windowsFor(row.calls));
  const [, cold, warm] = rows;
  const perCall = far.roundTrips / far.calls;
  return {
    tables: [
      {
        title: `One limit for ${processes} processes: ${calls} calls, ${limit.limit} in ${limit.windowSeconds} s`,
        text:
          `${processes} processes begin ${calls / processes} calls each at once, on one Redis and one emulator. With a cold scope Redis knows nothing of the limit; with a warm one others have just used it; then half of the calls are made. ` +
          `The limit alone takes ${least(calls, limit.windowSeconds)} s. Each window begins a moment after a whole second, and the server tells its end in whole seconds, rounded up, so that who goes by that takes ${least(calls, toldSeconds)} s. ` +
          'The last two columns compare with each of them and half a second for each window more. Each way is taken once.',
        head: ['', 'answered', 'failed', '429s', 'seconds', '× by the limit', '× by its answers'],
        rows: rows.map((row) => [
          row.how,
          count(row.answered),
          count(row.failed),
          count(row.limited),
          seconds(row.ms / 1000),
          times(toLeast(row, limit.windowSeconds)),
          times(toLeast(row, toldSeconds)),
        ]),
      },
      {
        title: 'Pacing together while the limit is far',
        text:
          `Over loopback HTTP, beside the same calls of a process that paces by itself; the two take turns. ` +
          `${far.processes} processes with five calls at a time asked Redis ${count(far.roundTrips)} times for ${count(far.calls)} calls.`,
        head: ['', 'µs per call', '× by itself', 'quartiles', 'CPU µs per call', 'CPU × by itself', 'rounds'],
        rows: overhead.map((row) => [
          loadNames[row.load],
          short(row.microseconds),
          times(row.toApart.median),
          row.toApart.quartiles.map((value) => value.toFixed(2)).join(' – '),
          short(row.cpuMicroseconds),
          times(row.cpuToApart.median),
          count(row.rounds),
        ]),
      },
    ],
    aims: [
      {
        what: 'processes under one limit: 429s with a cold scope, with a warm one',
        aim: '0, 0',
        measured: `${cold!.limited}, ${warm!.limited}`,
        isMet: cold!.limited === 0 && warm!.limited === 0,
      },
      {
        what: 'processes under one limit: failures',
        aim: '0',
        measured: count(cold!.failed + warm!.failed),
        isMet: cold!.failed + warm!.failed === 0,
      },
      {
        what: 'processes under one limit: time',
        aim: 'at most 1.05 × (what the answers allow + 0.5 s per window)',
        measured: times(toLeast(cold!, toldSeconds)),
        isMet: toLeast(cold!, toldSeconds) <= 1.05,
      },
      {
        what: 'limit far away: round trips to Redis per call',
        aim: 'at most 0.2',
        measured: perCall.toFixed(2),
        isMet: perCall <= 0.2,
      },
      ...overhead.map(({ load, toApart }) => ({
        what: `limit far away, ${loadNames[load]}`,
        aim: 'at most 1.02 × a process that paces by itself',
        measured: times(toApart.median),
        isMet: Math.round(toApart.median * 100) <= 102,
      })),
    ],
  };
}
