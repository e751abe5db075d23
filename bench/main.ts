/**
 * `npm run bench`: the package beside what else there is for an axios instance. A whole run writes `bench/results.json` and
 * `docs/performance.md`; `-- --help` has the options.
 */
import { availableParallelism } from 'node:os';
import axios from 'axios';
import { Command, InvalidArgumentError, Option } from 'commander';
import { measures } from './measures/index.js';
import type { Run } from './measures/measure.js';
import { reportOf, type Figures } from './report/figures.js';
import { printed } from './report/print.js';
import { takeShort } from './short.js';
import { readResults, writeResults } from './support/files.js';

const names = Object.keys(measures) as (keyof Figures)[];
const { rounds, only, keep, short } = new Command('bench')
  .option('--rounds <number>', 'how often each measure is taken', positive, 7)
  .addOption(new Option('--only <measure>', 'takes one measure, and writes no file').choices(names))
  .option('--keep', 'with --only: writes its figures in the place of those of the last whole run', false)
  .option('--short', 'some seconds: counts of this package alone as JSON, and no time', false)
  .allowExcessArguments(false)
  .parse()
  .opts<{ rounds: number; only?: keyof Figures; keep: boolean; short: boolean }>();

const run: Run = { rounds, say: (text) => void process.stderr.write(`${text}\n`) };
if (short) console.log(JSON.stringify(await takeShort()));
else if (only && keep) await keepOne(only);
else if (only) await take(only);
else await takeAll();

async function take<Name extends keyof Figures>(name: Name): Promise<Figures[Name]> {
  const figures = await measures[name](run);
  console.log(`\n${printed(reportOf(name, figures))}`);
  return figures;
}

async function keepOne(name: keyof Figures): Promise<void> {
  const figures = await take(name);
  const results = readResults();
  await writeResults({ ...results, figures: { ...results.figures, [name]: figures } });
}

async function takeAll(): Promise<void> {
  const startedAt = new Date();
  const figures: Partial<Record<keyof Figures, unknown>> = {};
  for (const name of names) figures[name] = await take(name);
  await writeResults({
    date: startedAt.toISOString().slice(0, 10),
    axios: axios.VERSION,
    node: process.version,
    cpus: availableParallelism(),
    rounds,
    minutes: Math.ceil((Date.now() - startedAt.getTime()) / 60_000),
    figures: figures as Figures,
  });
}

function positive(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}
