/** `bench/simulation/results.json` and the table in docs/pacing.md that is made of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import { runs } from './runs.js';
import type { Outcome } from './simulate.js';

export type Results = Record<string, Outcome>;

const resultsFile: URL = new URL('results.json', import.meta.url);
const pageFile: URL = new URL('../../docs/pacing.md', import.meta.url);
const [begins, ends] = ['<!-- simulation -->\n', '<!-- /simulation -->'];

export const readResults = (): Results => JSON.parse(readFileSync(resultsFile, 'utf8')) as Results;
export const readPage = (): string => readFileSync(pageFile, 'utf8');

/** The page with the table of these results, as `npm run fix` would leave it. */
export async function pageWith(page: string, results: Results): Promise<string> {
  const [before, after] = [page.indexOf(begins), page.indexOf(ends)];
  if (before < 0 || after < 0) throw new Error(`docs/pacing.md lacks ${begins.trim()} or ${ends}`);
  const text = `${page.slice(0, before)}${begins}\n${tableOf(results)}\n\n${page.slice(after)}`;
  const filepath = fileURLToPath(pageFile);
  return prettier.format(text, { ...(await prettier.resolveConfig(filepath)), filepath });
}

export async function writeResults(results: Results): Promise<void> {
  const rounded = JSON.stringify(results, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  );
  writeFileSync(resultsFile, await prettier.format(rounded, { parser: 'json' }));
  writeFileSync(pageFile, await pageWith(readPage(), readResults()));
}

const heads = [
  'run',
  'calls',
  '429s',
  'use',
  'median wait',
  'longest wait',
  'unfairness',
  'questions per call',
];

function tableOf(results: Results): string {
  const rows = Object.keys(runs).map((name) => rowOf(name, results[name]!));
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function rowOf(name: string, outcome: Outcome): string[] {
  const { finished, refusedCold, refusedWarm, used, medianWaitMs, worstWaitMs, unfairness, questions } =
    outcome;
  return [
    name,
    finished.toLocaleString('en'),
    String(refusedCold + refusedWarm),
    // The hourly limit ends a backlog, the spike limit none of these.
    `${Math.round(100 * used[1]!)} %`,
    wait(medianWaitMs),
    wait(worstWaitMs),
    name.startsWith('jobs') ? '–' : unfairness.toFixed(2),
    (questions / finished).toFixed(2),
  ];
}

function wait(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  return ms < 120_000 ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / 60_000)} min`;
}
