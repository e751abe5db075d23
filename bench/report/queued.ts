import type { Spread } from '../support/statistics.js';
import { short, times, type Report } from './report.js';

/** Of so many calls that wait in a queue at once. */
export interface QueuedRow {
  readonly how: string;
  readonly calls: number;
  readonly rounds: number;
  /** What a queued call holds beyond what a call of bare axios holds that waits for its answer. */
  readonly bytesBesideAxios: number;
  /** From the begin of a call to its end. */
  readonly cpuMicroseconds: number;
  /** Beside the same call by the same contender where nothing is queued, in the same round. */
  readonly toUnqueued: Spread;
}

export interface QueuedFigures {
  readonly rows: readonly QueuedRow[];
}

export function reportQueued({ rows }: QueuedFigures): Report {
  const most = rows.filter(({ how }) => how === 'axios-procore').at(-1)!;
  const bytes = most.bytesBesideAxios;
  const of = `${most.calls.toLocaleString('en')} calls in the queue`;
  return {
    tables: [
      {
        title: 'Calls in a queue',
        text:
          'All calls are begun at once on a stub adapter that holds its answers back. Ten are sent, the others wait in the queue until these are answered. ' +
          'The bytes of a call that bare axios has sent and that waits for its answer are taken off. The last column compares with the same calls where all are sent at once.',
        head: ['', 'calls', 'bytes per queued call', 'CPU µs per queued call', '× unqueued', 'rounds'],
        rows: rows.map((row) => [
          row.how,
          row.calls.toLocaleString('en'),
          short(row.bytesBesideAxios),
          short(row.cpuMicroseconds),
          times(row.toUnqueued.median),
          String(row.rounds),
        ]),
      },
    ],
    aims: [
      {
        what: `bytes per queued call, ${of}`,
        aim: 'at most 2,000 besides those of axios',
        measured: short(bytes),
        isMet: bytes <= 2_000,
      },
      {
        what: `CPU per queued call, ${of}`,
        aim: 'at most 1.5 × an unqueued one',
        measured: times(most.toUnqueued.median),
        isMet: most.toUnqueued.median <= 1.5,
      },
    ],
  };
}
