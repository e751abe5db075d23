import type { Papaparse } from './csv.js';
import type { Echarts } from './page/charts.js';
import packages from './packages.cjs';

/** Loads the package that reads and writes CSV. Throws an `Error` that says what to install. */
export function loadPapaparse(who: string, load: typeof packages.papaparse = packages.papaparse): Papaparse {
  return loaded(`${who}: reading and writing CSV`, 'papaparse', '^5', load()) as Papaparse;
}

/** Loads the package that draws charts. Throws an `Error` that says what to install. */
export function loadEcharts(who: string, load: typeof packages.echarts = packages.echarts): Echarts {
  return loaded(`${who}: drawing charts`, 'echarts', '^6', load()) as Echarts;
}

function loaded(
  what: string,
  name: string,
  version: string,
  result: ReturnType<typeof packages.papaparse>,
): unknown {
  if ('loaded' in result) return result.loaded;
  throw new Error(
    `${what} needs the package ${name}, and that is not installed or does not load. Run: npm install ${name}@${version}`,
    { cause: result.error },
  );
}
