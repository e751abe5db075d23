/** All measures, in the order of the page. */
import type { Figures } from '../report/figures.js';
import { measureAccounts } from './accounts.js';
import type { Run } from './measure.js';
import { measureOneLimit } from './one-limit.js';
import { measureOverhead } from './overhead.js';
import { measureProcesses } from './processes.js';
import { measureQueued } from './queued.js';
import { takeScenario } from './scenario.js';
import { drain, herd, herdOfSdk, outage, steady } from './scenarios.js';
import { measureSharedTokens } from './shared-tokens.js';
import { measureSize } from './size.js';

type Measures = { readonly [Name in keyof Figures]: (run: Run) => Promise<Figures[Name]> };

export const measures: Measures = {
  overhead: measureOverhead,
  async herd(run) {
    const calls = 10_000;
    const all = await takeScenario(herd(calls), run);
    return { calls, rows: [...all, ...(await takeScenario(herdOfSdk(calls / 10), run))] };
  },
  steady: async (run) => ({ calls: 1_200, rows: await takeScenario(steady(6_000), run) }),
  drain: async (run) => ({
    calls: 600,
    rows: await takeScenario(drain(600, { limit: 200, windowSeconds: 2 }), run),
  }),
  outage: async (run) => ({ calls: 200, rows: await takeScenario(outage(200, 2_000), run) }),
  accounts: (run) => measureAccounts([1, 100, 10_000, 100_000], run),
  queued: (run) => measureQueued([100, 1_000, 10_000, 100_000], run),
  processes: (run) => measureProcesses([1, 2, 4, 8, 16], 100, run),
  oneLimit: measureOneLimit,
  sharedTokens: measureSharedTokens,
  size: measureSize,
};
