import { short, type Report } from './report.js';

/** So many processes that share one user's tokens. */
export interface FleetRow {
  readonly processes: number;
  readonly calls: number;
  /** How often the access token has ended. */
  readonly expiries: number;
  readonly exchanges: number;
  readonly spentPresentations: number;
  readonly unauthorized: number;
  readonly failed: number;
  /** From the end of an access token until every process has its answers; the median of the expiries. */
  readonly ms: number;
}

export interface ProcessesFigures {
  readonly rows: readonly FleetRow[];
}

export function reportProcesses({ rows }: ProcessesFigures): Report {
  const once = rows.every(({ exchanges, expiries }) => exchanges === expiries);
  const failed = rows.reduce((sum, row) => sum + row.failed, 0);
  const spent = rows.reduce((sum, row) => sum + row.spentPresentations, 0);
  return {
    tables: [
      {
        title: 'Several processes, one store',
        text:
          'The processes share the folder of `fileTokenStore`. The access token has expired before they start, then the server ends it twice without a word; each time every process makes 100 calls at once. Each number of processes is taken once. ' +
          'No README of another contender says how processes share a refresh token, so that none is here.',
        head: [
          'processes',
          'calls',
          'expiries',
          'exchanges',
          'spent tokens sent',
          '401s',
          'failures',
          'ms until all are answered',
        ],
        rows: rows.map((row) =>
          [
            row.processes,
            row.calls,
            row.expiries,
            row.exchanges,
            row.spentPresentations,
            row.unauthorized,
            row.failed,
          ]
            .map((count) => count.toLocaleString('en'))
            .concat(short(row.ms)),
        ),
      },
    ],
    aims: [
      {
        what: `1 to ${rows.at(-1)!.processes} processes: exchanges`,
        aim: 'one for each expiry',
        measured: once
          ? 'one for each'
          : rows.map((row) => `${row.exchanges} for ${row.expiries}`).join(', '),
        isMet: once,
      },
      {
        what: `1 to ${rows.at(-1)!.processes} processes: failures, spent refresh tokens sent`,
        aim: '0, 0',
        measured: `${failed}, ${spent}`,
        isMet: failed === 0 && spent === 0,
      },
    ],
  };
}
