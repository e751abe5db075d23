import Table from 'cli-table3';
import type { Emulator } from 'axios-procore/emulator';
import { paint } from './colours.js';
import type { CallCounts } from './sync.js';
import { heardIn, windowsUsedUp } from './verdict.js';

/** What the server saw of the calls of one client. */
export interface ServerCounts {
  readonly limited: number;
  readonly windowsUsedUp: number;
  readonly unavailable: number;
  readonly unauthorized: number;
  readonly renewals: number;
  readonly tokenRequests: number;
  readonly spentPresentations: number;
  readonly written: number;
  readonly writtenTwice: number;
}

/** What came of a sync: a column of the table. */
export interface Outcome extends CallCounts {
  readonly requests: number;
  readonly server: ServerCounts;
  /** Whether the refresh token still works at the end, or of how many clients it does. */
  readonly authorized: string;
  readonly tookMs: number;
}

/** A row that only one kind of run has: its name, and its values with and without the plugin. */
export type Row = readonly [name: string, withPlugin: string | number, without: string | number];

/** Counts by the server's log, which tells of both clients alike. */
export function countServer({ counters, log }: Pick<Emulator, 'counters' | 'log'>): ServerCounts {
  return {
    limited: counters.byStatus[429] ?? 0,
    windowsUsedUp: windowsUsedUp(log),
    unavailable: counters.byStatus[503] ?? 0,
    unauthorized: counters.unauthorized,
    renewals: heardIn(log).length,
    tokenRequests: counters.tokenRequests,
    spentPresentations: counters.spentPresentations,
    written: log.filter(({ wrote }) => wrote).length,
    writtenTwice: counters.duplicateWrites,
  };
}

const rows: readonly (readonly [name: string, of: (outcome: Outcome) => string | number])[] = [
  ['calls', ({ requests }) => requests],
  ['succeeded', ({ succeeded }) => succeeded],
  ['failed', ({ failed }) => failed],
  ['not ended in the same time', ({ requests, succeeded, failed }) => requests - succeeded - failed],
  ['429s seen by the server', ({ server }) => server.limited],
  ['503s of the outage', ({ server }) => server.unavailable],
  ['401s seen by the server', ({ server }) => server.unauthorized],
  ['renewals', ({ server }) => server.renewals],
  ['token requests', ({ server }) => server.tokenRequests],
  ['presentations of a spent token', ({ server }) => server.spentPresentations],
  ['still authorized at the end', ({ authorized }) => authorized],
  ['records to write', ({ writes }) => writes],
  ['records written', ({ server }) => server.written],
  ['records written twice', ({ server }) => server.writtenTwice],
  ['duration', ({ tookMs }) => `${(tookMs / 1000).toFixed(1)} s`],
  ['slowest call', ({ slowestMs }) => `${Math.round(slowestMs)} ms`],
];

/** The table with the numbers of a run beside those of the client without the plugin, where that could be run. */
export function tableOf(
  { before = [], after = [] }: { before?: readonly Row[]; after?: readonly Row[] },
  outcome: Outcome,
  naive: Outcome | undefined,
): string {
  const all: Row[] = [
    ...before,
    ...rows.map(([name, of]): Row => [name, of(outcome), naive ? of(naive) : '']),
    ...after,
  ];
  const head = ['', 'with the plugin', ...(naive ? ['without the plugin'] : [])];
  const table = new Table({
    head: head.map((title) => paint('bold', title)),
    colAligns: ['left', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  table.push(...all.map((row) => row.slice(0, head.length)));
  return table.toString();
}
