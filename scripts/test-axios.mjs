// Runs the whole-plugin tests on every axios that we promise to work with, and ends with a table. Fails if any of them fails.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';

const copies = ['axios', 'axios-1.6', 'axios-0.27'];
const require = createRequire(import.meta.url);
const vitest = join(require.resolve('vitest/package.json'), '../vitest.mjs');
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-axios-'));

const table = new Table({
  head: ['axios', 'tests', 'passed', 'failed', 'skipped', 'seconds', ''],
  style: { head: [], border: [], compact: true },
});
let good = true;
try {
  for (const copy of copies) good = run(copy) && good;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(table.toString());
process.exitCode = good ? 0 : 1;

function run(copy) {
  const { version } = JSON.parse(
    readFileSync(new URL(`../node_modules/${copy}/package.json`, import.meta.url)),
  );
  console.log(`\naxios ${version}`);
  const report = join(folder, `${copy}.json`);
  const startedAt = Date.now();
  const { status } = spawnSync(
    process.execPath,
    [
      vitest,
      'run',
      '--project',
      'flow',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { stdio: 'inherit', env: { ...process.env, AXIOS: copy } },
  );
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const result = reportIn(report);
  // A run without a single test that passed has shown nothing.
  const passed = status === 0 && result.numPassedTests > 0;
  table.push([
    version,
    result.numTotalTests,
    result.numPassedTests,
    result.numFailedTests,
    result.numPendingTests,
    seconds,
    passed ? 'ok' : 'FAILED',
  ]);
  return passed;
}

function reportIn(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { numTotalTests: 0, numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  }
}
