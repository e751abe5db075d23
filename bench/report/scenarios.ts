import type { Outcome } from '../support/trial.js';
import { short, type Aim, type Report, type Table } from './report.js';

export interface ScenarioFigures {
  readonly calls: number;
  readonly rows: readonly Outcome[];
}

type Column = readonly [head: string, cell: (row: Outcome) => string];

const count = (value: number) => value.toLocaleString('en');
const columns = {
  answered: ['answered', (row) => count(row.answered)],
  failed: ['failed', (row) => count(row.failed)],
  exchanges: ['exchanges', (row) => count(row.exchanges)],
  spent: ['spent tokens sent', (row) => count(row.spentPresentations)],
  unauthorized: ['401s', (row) => count(row.unauthorized)],
  limited: ['429s', (row) => count(row.limited)],
  unavailable: ['503s', (row) => count(row.unavailable)],
  duplicates: ['duplicate writes', (row) => count(row.duplicateWrites)],
  seconds: ['seconds', (row) => (row.ms / 1000).toFixed(2)],
  cpu: ['CPU µs per call', (row) => short(row.cpuMicrosecondsPerCall)],
  p50: ['p50 ms', (row) => latency(row, 'p50')],
  p99: ['p99 ms', (row) => latency(row, 'p99')],
  p999: ['p99.9 ms', (row) => latency(row, 'p999')],
  rounds: ['rounds', (row) => count(row.rounds)],
} satisfies Record<string, Column>;

const latency = ({ latencyMs }: Outcome, of: keyof NonNullable<Outcome['latencyMs']>) =>
  latencyMs ? latencyMs[of].toFixed(1) : '–';

function table(
  title: string,
  text: string,
  rows: readonly Outcome[],
  shown: (keyof typeof columns)[],
): Table {
  const those = [...shown, 'rounds' as const].map((name) => columns[name]);
  return {
    title,
    text,
    head: ['', ...those.map(([head]) => head)],
    rows: rows.map((row) => [row.contender, ...those.map(([, cell]) => cell(row))]),
  };
}

const ours = (rows: readonly Outcome[]) => rows.find(({ contender }) => contender === 'axios-procore')!;

export function reportHerd({ calls, rows }: ScenarioFigures): Report {
  const { exchanges, unauthorized, failed } = ours(rows);
  return {
    tables: [
      table(
        `A herd: ${count(calls)} calls that meet an expired token`,
        'All calls begin at once over 50 connections, when the access token has expired by the clock. Contenders that cannot renew are not here. ' +
          '`@procore/js-sdk` refreshes once for each call that fails, and each call opens a connection of its own: it makes a tenth of the calls.',
        rows,
        ['answered', 'failed', 'exchanges', 'spent', 'unauthorized', 'seconds', 'cpu'],
      ),
    ],
    aims: [
      {
        what: `herd of ${count(calls)}: exchanges, 401s, failures`,
        aim: '1, 0, 0',
        measured: [exchanges, unauthorized, failed].map(count).join(', '),
        isMet: exchanges === 1 && unauthorized === 0 && failed === 0,
      },
    ],
  };
}

const none = (what: string, value: number): Aim => ({
  what,
  aim: '0',
  measured: count(value),
  isMet: value === 0,
});

export function reportSteady({ rows }: ScenarioFigures): Report {
  return {
    tables: [
      table(
        'A steady load over expiries',
        '200 calls a second for six seconds, after 300 at once, whether or not those before have been answered; an access token lives for two seconds, and the login host takes 50 ms for a new one. ' +
          'A latency counts from the moment at which the call was due. ' +
          'The calls in flight at the first renewal get a 401 each and are sent again: that shows axios-procore that this server ends the old token, and later renewals wait for the calls in flight, those that wait for a connection included. ' +
          'A call has its bearer before it waits for one of the 50 connections; where a busy machine makes that wait longer than the token lives, the call arrives with an expired token and is sent again as well.',
        rows,
        ['p50', 'p99', 'p999', 'answered', 'failed', 'exchanges', 'spent', 'unauthorized', 'cpu'],
      ),
    ],
    aims: [none('steady load over expiries: failures', ours(rows).failed)],
  };
}

export function reportDrain({ calls, rows }: ScenarioFigures): Report {
  return {
    tables: [
      table(
        `A queue at a rate limit: ${count(calls)} writes, 200 in two seconds`,
        'All writes begin at once; the limit alone takes four seconds. The server tells the end of a window in whole seconds, so a client that waits for it waits up to a second longer for each window. ' +
          '`axios-rate-limit` is told the limit; it counts when a call leaves, the server when it arrives. `axios-retry` does not repeat a POST.',
        rows,
        ['answered', 'failed', 'limited', 'duplicates', 'exchanges', 'seconds'],
      ),
    ],
    aims: [
      none('queue at a rate limit: 429s', ours(rows).limited),
      none('queue at a rate limit: failures', ours(rows).failed),
      none('queue at a rate limit: duplicate writes', ours(rows).duplicateWrites),
    ],
  };
}

export function reportOutage({ calls, rows }: ScenarioFigures): Report {
  return {
    tables: [
      table(
        `An outage: ${count(calls)} reads and writes that begin in it`,
        'For two seconds the API answers 503 with `Retry-After: 1` and carries nothing out; half of the calls are writes.',
        rows,
        ['answered', 'failed', 'unavailable', 'duplicates', 'exchanges', 'spent', 'seconds'],
      ),
    ],
    aims: [
      none('outage: failures', ours(rows).failed),
      none('outage: duplicate writes', ours(rows).duplicateWrites),
    ],
  };
}
