/**
 * `npm run simulate`: fleets of a thousand processes under one limit, on a simulated clock; the same results each time. Writes
 * `bench/simulation/results.json` and the table in docs/pacing.md. Each run is made by a process of its own.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { writeResults } from './page.js';
import { runs } from './runs.js';
import { simulate, type Outcome } from './simulate.js';

const [, , only] = process.argv;

async function simulated(name: string): Promise<[string, Outcome]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    fileURLToPath(import.meta.url),
    name,
  ]);
  console.log(`${name}: ${stdout.trim()}`);
  return [name, JSON.parse(stdout) as Outcome];
}

if (only) console.log(JSON.stringify(simulate(runs[only]!)));
else await writeResults(Object.fromEntries(await Promise.all(Object.keys(runs).map(simulated))));
