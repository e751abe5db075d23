// Runs the whole-plugin tests on every axios that we promise to work with, and ends with a table. Fails if any of them fails, or if
// the results differ from docs/compatibility.md. `npm run test:axios -- 0.21 fetch` runs those whose version or adapter begins so, and
// `npm run test:axios -- --boundaries` those beyond which axios behaves in another way.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { agrees, print } from './matrix-table.mjs';
import { succeeds } from './succeeds.mjs';

const require = createRequire(import.meta.url);
const vitest = join(require.resolve('vitest/package.json'), '../vitest.mjs');
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-axios-'));
const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url)));

/** Every axios among our dependencies; the fetch adapter came with 1.7. */
const copies = Object.keys(read('../package.json').devDependencies)
  .filter((name) => name === 'axios' || /^axios-\d/.test(name))
  .map((copy) => ({ copy, version: read(`../node_modules/${copy}/package.json`).version }))
  .sort((a, b) => compare(a.version, b.version));
const runs = copies.flatMap(({ copy, version }) => [
  { copy, version, adapter: 'http' },
  ...(compare(version, '1.7.0') >= 0 ? [{ copy, version, adapter: 'fetch' }] : []),
]);
/** What is new at each of them. The newest over http is what `npm test` runs on. */
const boundaries = {
  'axios-0.21 http': 'the oldest; aborts by a cancel token only',
  'axios-1.13.3 fetch': 'loses the answer of a status that is refused',
};
const onBoundaries = process.argv.includes('--boundaries');
const wanted = process.argv.slice(2).filter((word) => !word.startsWith('--'));
const chosen = runs.filter(
  ({ copy, version, adapter }) =>
    (!onBoundaries || Object.hasOwn(boundaries, `${copy} ${adapter}`)) &&
    wanted.every((word) => adapter.startsWith(word) || version.startsWith(word)),
);

const results = [];
try {
  // A run under way for each core, with one worker: a run with two is at its end a single file, and one core waits.
  const left = [...chosen.entries()];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) results[next[0]] = await run(next[1]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
print(
  ['axios', 'adapter', 'tests', 'passed', 'failed', 'http only', 'seconds', ''],
  results.map((result) => {
    const { version, adapter, counts, seconds, passed } = result;
    const { numTotalTests, numPassedTests, numFailedTests } = counts;
    const told = [version, adapter, numTotalTests, numPassedTests, numFailedTests];
    return [...told, httpOnly(result), seconds, passed ? 'ok' : 'FAILED'];
  }),
);
const expected = onBoundaries && wanted.length === 0 ? Object.keys(boundaries).length : 1;
const good = results.length >= expected && results.every(({ passed }) => passed);
const told = results.map(({ version, adapter, passed }) => [version, adapter, passed ? 'passes' : 'fails']);
process.exitCode =
  good && (chosen.length < runs.length || agrees('axios', ['axios', 'adapter', 'flow tests'], told)) ? 0 : 1;

async function run({ copy, version, adapter }) {
  const report = join(folder, `${copy}-${adapter}.json`);
  const startedAt = Date.now();
  // Without the record of durations, which runs beside one another would write over each other.
  const options = ['--maxWorkers=1', '--no-cache'];
  const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
  const went = await succeeds(
    `axios ${version}, ${adapter}`,
    process.execPath,
    [vitest, 'run', '--project', 'flow*', ...options, ...reporters],
    { env: { ...process.env, AXIOS: copy, ADAPTER: adapter } },
  );
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const counts = reportIn(report);
  // A run without a single test that passed has shown nothing, and nothing may be skipped.
  const passed = went && counts.numPassedTests > 0 && counts.numPendingTests === 0;
  return { copy, version, adapter, counts, titles: titlesIn(counts), seconds, passed };
}

/** How many tests are registered for the http adapter only; unknown where that was not run. */
function httpOnly({ copy, adapter, titles }) {
  const onHttp = results.find((one) => one.copy === copy && one.adapter === 'http');
  if (adapter === 'http' || !onHttp) return '';
  return onHttp.titles.filter((title) => !titles.includes(title)).length;
}

function titlesIn({ testResults = [] }) {
  return testResults.flatMap(({ assertionResults }) => assertionResults.map(({ fullName }) => fullName));
}

function reportIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numTotalTests: 0, numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  }
}

function compare(a, b) {
  return a.localeCompare(b, 'en', { numeric: true });
}
