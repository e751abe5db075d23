import { expect, test } from 'vitest';
import { runs } from '../../../../bench/simulation/runs.js';
import { simulate, type Run } from '../../../../bench/simulation/simulate.js';

/** The runs of docs/pacing.md with a fortieth of their processes, limits and calls. */
const small = Object.entries(runs).map(([name, run]): [string, Run] => [
  name,
  {
    ...run,
    processes: 25,
    calls: 3_000,
    limits: run.limits.map(({ limit, windowMs }) => ({ limit: limit / 40, windowMs })),
  },
]);

test.each(small)('%s: every call ends, and no call is refused while nothing is lost', (_, run) => {
  const { finished, refusedCold, refusedWarm } = simulate(run);
  expect(finished).toBe(3_000);
  if (!run.lost && !run.stateLostEveryMs) expect([refusedCold, refusedWarm]).toEqual([0, 0]);
});

test('the same seed gives the same results', () => {
  const [, run] = small[0]!;
  expect(simulate(run)).toEqual(simulate(run));
});

test('eight processes with 400 calls ask at most once for five calls while over half of the limit is left', () => {
  const run: Run = {
    ...small[0]![1],
    processes: 8,
    calls: 400,
    limits: [{ limit: 3_600, windowMs: 3_600_000 }],
    startWithinMs: 100,
  };
  for (const seed of [1, 2, 3, 4, 5]) {
    const { questions, refusedCold, refusedWarm } = simulate({
      ...run,
      bursts: { calls: 50, restMs: 1 },
      seed,
    });
    expect([refusedCold, refusedWarm]).toEqual([0, 0]);
    expect(questions / 400, `seed ${seed}`).toBeLessThanOrEqual(0.2);
  }
});
