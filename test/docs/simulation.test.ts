import { expect, test } from 'vitest';
import { pageWith, readPage, readResults } from '../../bench/simulation/page.js';
import { runs } from '../../bench/simulation/runs.js';

test('docs/pacing.md has the table of bench/simulation/results.json; `npm run simulate` writes both', async () => {
  expect(readPage()).toBe(await pageWith(readPage(), readResults()));
});

test('the results are those of the runs as they are now, and every call of each has ended', () => {
  const calls = Object.entries(runs).map(([name, run]) => [name, run.calls]);
  expect(Object.entries(readResults()).map(([name, { finished }]) => [name, finished])).toEqual(calls);
});

test('no run that loses neither messages nor the common state has seen a 429', () => {
  const refused = Object.entries(runs).flatMap(([name, { lost, stateLostEveryMs }]) => {
    const { refusedCold, refusedWarm } = readResults()[name]!;
    return lost || stateLostEveryMs ? [] : [[name, refusedCold + refusedWarm]];
  });
  expect(refused).toEqual(refused.map(([name]) => [name, 0]));
  expect(refused.length).toBeGreaterThan(4);
});
