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
  readonly cpuToBearer: Spread;
}

export interface OverheadFigures {
  readonly stub: { readonly sequential: Overhead[]; readonly at50: Overhead[] };
  readonly http: { readonly sequential: Overhead[]; readonly at50: Overhead[] };
}

export function reportOverhead({ stub, http }: OverheadFigures): Report {
  return {
    tables: [
      table('On a stub adapter, one call after another', onStub, stub.sequential),
      table('On a stub adapter, 50 calls at a time', onStub, stub.at50),
      table('Over loopback HTTP, one call after another', onHttp, http.sequential),
      table('Over loopback HTTP, 50 calls at a time', onHttp, http.at50),
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
  'The adapter answers in the next microtask, so that nothing but the packages is measured. `@procore/js-sdk` has no adapter and is not here.';
const onHttp =
  'The server is a process of its own that answers every request alike; connections are kept alive, 50 at most. `@procore/js-sdk` calls by the fetch of Node, not by `node:http`, so that its figure is that of another client.';

function table(title: string, text: string, rows: readonly Overhead[]): Table {
  return {
    title,
    text,
    head: ['', 'µs per call', 'CPU µs per call', '× bare axios', '× hand-written bearer', 'quartiles'],
    rows: rows.map(({ contender, microseconds, cpuMicroseconds, toBare, toBearer }) => [
      contender,
      short(microseconds),
      short(cpuMicroseconds),
      times(toBare.median),
      times(toBearer.median),
      toBearer.quartiles.map((value) => value.toFixed(2)).join(' – '),
    ]),
  };
}

function stubAims(what: string, rows: readonly Overhead[]): Aim[] {
  const { toBare, toBearer } = ours(rows);
  return [
    {
      what,
      aim: 'at most 1.10 × bare axios',
      measured: times(toBare.median),
      isMet: isAtMost(toBare.median, 1.1),
    },
    {
      what,
      aim: 'not above a hand-written bearer',
      measured: times(toBearer.median),
      isMet: isAtMost(toBearer.median, 1),
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
