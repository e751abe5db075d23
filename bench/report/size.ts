import type { Spread } from '../support/statistics.js';
import { times, type Report } from './report.js';

/** What it takes to load a package. */
export interface SizeRow {
  readonly package: string;
  readonly minifiedBytes: number;
  readonly gzippedBytes: number;
  /** Milliseconds of processor time of `import`, axios included. */
  readonly importMs: number;
  /** Beside the `import` of axios alone, in the same process. */
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
          'The time of `import` is the processor time of axios and then the package in a new process without any loader, beside that of axios alone in the same process; the packages take turns.',
        head: ['', 'minified', 'gzipped', 'CPU ms of import', '× axios alone', 'quartiles'],
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
        what: 'processor time of `import`',
        aim: 'at most 1.15 × axios alone',
        measured: times(ours.toAxios.median),
        isMet: Math.round(ours.toAxios.median * 100) <= 115,
      },
    ],
  };
}
