import type { Spread } from '../support/statistics.js';
import { short, times, type Aim, type Report, type Table } from './report.js';

/** What a call of a contender costs, and how that compares with the same call of others in the same round. */
export interface Overhead {
  readonly contender: string;
  /** Microseconds from one call to the next, all calls that are under way together counted. */
  readonly microseconds: number;
  /** Microseconds of CPU of the process that calls. */
  readonly cpuMicroseconds: number;
  readonly toBare: Spread;
  readonly toBearer: Spread;
  readonly cpuToBare: Spread;
  readonly cpuToBearer: Spread;
}

export interface OverheadFigures {
  readonly stub: { readonly sequential: Overhead[]; readonly at50: Overhead[] };
  readonly http: { readonly sequential: Overhead[]; readonly at50: Overhead[] };
}

export function reportOverhead({ stub, http }: OverheadFigures): Report {
  return {
    tables: [
      table('On a stub adapter, one call after another', onStub, stub.sequential, cpuColumns),
      table('On a stub adapter, 50 calls at a time', onStub, stub.at50, cpuColumns),
      table('Over loopback HTTP, one call after another', onHttp, http.sequential, allColumns),
      table('Over loopback HTTP, 50 calls at a time', onHttp, http.at50, allColumns),
    ],
    aims: [
      ...stubAims('stub adapter, one call after another', stub.sequential),
      ...stubAims('stub adapter, 50 calls at a time', stub.at50),
      httpAim('loopback HTTP, one call after another', http.sequential),
      httpAim('loopback HTTP, 50 calls at a time', http.at50),
    ],
  };
}

const onStub =
  'The adapter answers in the next microtask, so that nothing but the packages is measured: by the CPU time of the process, for there is nothing to wait for. It is a function, and axios-procore gives a function a copy of the configuration, so that whoever else holds that finds no bearer on it, and what the function changes on it is not sent twice at a replay; with the adapters of axios itself no copy is made, so that a call over HTTP does not pay for one. `@procore/js-sdk` has no adapter and is not here.';
const onHttp =
  'The server is a process of its own that answers every request alike; connections are kept alive, 50 at most. `@procore/js-sdk` calls by the fetch of Node, not by `node:http`, so that its figure is that of another client.';

type Column = readonly [head: string, cell: (row: Overhead) => string];

const quartilesOf = ({ quartiles }: Spread) => quartiles.map((value) => value.toFixed(2)).join(' – ');
const cpuColumns: readonly Column[] = [
  ['CPU µs per call', (row) => short(row.cpuMicroseconds)],
  ['× bare axios', (row) => times(row.cpuToBare.median)],
  ['× hand-written bearer', (row) => times(row.cpuToBearer.median)],
  ['quartiles', (row) => quartilesOf(row.cpuToBearer)],
];
const allColumns: readonly Column[] = [
  ['µs per call', (row) => short(row.microseconds)],
  ['× bare axios', (row) => times(row.toBare.median)],
  ['× hand-written bearer', (row) => times(row.toBearer.median)],
  ['quartiles', (row) => quartilesOf(row.toBearer)],
  ['CPU µs per call', (row) => short(row.cpuMicroseconds)],
  ['CPU × hand-written bearer', (row) => times(row.cpuToBearer.median)],
];

function table(title: string, text: string, rows: readonly Overhead[], columns: readonly Column[]): Table {
  return {
    title,
    text,
    head: ['', ...columns.map(([head]) => head)],
    rows: rows.map((row) => [row.contender, ...columns.map(([, cell]) => cell(row))]),
  };
}

function stubAims(what: string, rows: readonly Overhead[]): Aim[] {
  const { cpuToBare, cpuToBearer } = ours(rows);
  return [
    {
      what,
      aim: 'at most 1.10 × bare axios',
      measured: times(cpuToBare.median),
      isMet: isAtMost(cpuToBare.median, 1.1),
    },
    {
      what,
      aim: 'not above a hand-written bearer',
      measured: times(cpuToBearer.median),
      isMet: isAtMost(cpuToBearer.median, 1),
    },
  ];
}

function httpAim(what: string, rows: readonly Overhead[]): Aim {
  const { toBearer } = ours(rows);
  return {
    what,
    aim: 'at most 1.03 × a hand-written bearer',
    measured: times(toBearer.median),
    isMet: isAtMost(toBearer.median, 1.03),
  };
}

const ours = (rows: readonly Overhead[]) => rows.find(({ contender }) => contender === 'axios-procore')!;

/** In the two digits that the page shows. */
const isAtMost = (ratio: number, limit: number) => Math.round(ratio * 100) <= Math.round(limit * 100);
