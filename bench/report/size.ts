import type { Spread } from '../support/statistics.js';
import { times, type Report } from './report.js';

/** What it takes to load a package. */
export interface SizeRow {
  readonly package: string;
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** Milliseconds of `import`, axios included. */
  readonly importMs: number;
  /** Beside the `import` of axios alone, in the same turn. */
  readonly toAxios: Spread;
}

export interface SizeFigures {
  readonly rows: readonly SizeRow[];
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;

export function reportSize({ rows }: SizeFigures): Report {
  const ours = rows.find((row) => row.package === 'axios-procore')!;
  return {
    tables: [
      {
        title: 'Size and start',
        text:
          'Each package is bundled for Node by esbuild, minified and gzipped, without axios, `axios-retry` and `jwt-decode`. ' +
          'The time of `import` is that of axios and the package in a new process without any loader, beside one of axios alone; the two take turns.',
        head: ['', 'minified', 'gzipped', 'ms of import', '× axios alone', 'quartiles'],
        rows: rows.map((row) => [
          row.package,
          kilobytes(row.minifiedBytes),
          kilobytes(row.gzippedBytes),
          row.importMs.toFixed(1),
          times(row.toAxios.median),
          row.toAxios.quartiles.map((value) => value.toFixed(2)).join(' – '),
        ]),
      },
    ],
    aims: [
      {
        what: 'size of the core, minified and gzipped',
        aim: 'at most 25 kB without axios, axios-retry and jwt-decode',
        measured: kilobytes(ours.gzippedBytes),
        isMet: ours.gzippedBytes <= 25_000,
      },
      {
        what: 'time of `import`',
        aim: 'at most 1.15 × axios alone',
        measured: times(ours.toAxios.median),
        isMet: Math.round(ours.toAxios.median * 100) <= 115,
      },
    ],
  };
}
