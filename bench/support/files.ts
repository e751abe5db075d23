/** `bench/results.json` and the page that is made of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';
import type { Results } from '../report/figures.js';
import { pageOf } from '../report/page.js';

const resultsFile: URL = new URL('../results.json', import.meta.url);
const pageFile: URL = new URL('../../docs/performance.md', import.meta.url);

export const readResults = (): Results => JSON.parse(readFileSync(resultsFile, 'utf8')) as Results;

/** The page of these results, as `npm run fix` would leave it. */
export async function formattedPage(results: Results): Promise<string> {
  const file = fileURLToPath(pageFile);
  return prettier.format(pageOf(results), { ...(await prettier.resolveConfig(file)), filepath: file });
}

export async function writeResults(results: Results): Promise<void> {
  // Four digits are more than a round tells from another.
  const rounded = JSON.stringify(results, (_, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value,
  );
  writeFileSync(resultsFile, await prettier.format(rounded, { parser: 'json' }));
  await writePage();
}

export async function writePage(): Promise<void> {
  writeFileSync(pageFile, await formattedPage(readResults()));
}
