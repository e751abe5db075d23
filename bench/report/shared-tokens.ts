import { short, type Report } from './report.js';

/** Renewals of processes that share tokens, under load. */
export interface RenewalsRow {
  /** `renewal.drain`. */
  readonly drain: boolean | 'learn';
  readonly processes: number;
  readonly calls: number;
  readonly failed: number;
  readonly exchanges: number;
  /** The 401s of all processes at each renewal. */
  readonly bursts: readonly number[];
}

export interface SharedTokensFigures {
  readonly rows: readonly RenewalsRow[];
  readonly stopped: {
    readonly processes: number;
    /** What the server takes for a token request. */
    readonly tokenMs: number;
    /** Of the calls of the other processes. */
    readonly slowestMs: number;
    readonly failed: number;
  };
}

const count = (value: number) => value.toLocaleString('en');

export function reportSharedTokens({ rows, stopped }: SharedTokensFigures): Report {
  const learning = rows.find(({ drain }) => drain === 'learn')!;
  const afterwards = learning.bursts.slice(1).reduce((sum, burst) => sum + burst, 0);
  const seconds = (ms: number) => `${short(ms / 1000)} s`;
  return {
    tables: [
      {
        title: `401s of ${learning.processes} processes at ${learning.bursts.length} renewals`,
        text: 'The processes share their tokens in Redis, each with five calls at a time, and take turns in renewing; the server ends the old token at a renewal. Each setting of `renewal.drain` is taken once.',
        head: ['`drain`', 'calls', 'failures', 'exchanges', '401s at each renewal'],
        rows: rows.map((row) => [
          `\`${row.drain}\``,
          count(row.calls),
          count(row.failed),
          count(row.exchanges),
          row.bursts.join(', '),
        ]),
      },
      {
        title: 'A process that is stopped in the middle of a renewal',
        text: `One of ${stopped.processes} processes on one Redis is stopped (SIGSTOP) when its token request is at the server, which takes ${seconds(stopped.tokenMs)} for each; the old pair lives until a new one is used. The others need the token at the same moment.`,
        head: ['', 'slowest call of the others', 'failures'],
        rows: [['stopped holder', seconds(stopped.slowestMs), count(stopped.failed)]],
      },
    ],
    aims: [
      {
        what: `401s of ${learning.processes} processes after the first renewal`,
        aim: '0',
        measured: count(afterwards),
        isMet: afterwards === 0,
      },
      {
        what: 'a holder stopped in a renewal: calls of the others',
        aim: `answered in the token request's time + 5 s`,
        measured: `${seconds(stopped.slowestMs)} with ${seconds(stopped.tokenMs)}, ${count(stopped.failed)} failed`,
        isMet: stopped.failed === 0 && stopped.slowestMs <= stopped.tokenMs + 5_000,
      },
    ],
  };
}
