/** A run of some seconds for the tests, of this package alone: what the servers have counted, and no time. */
import type { Run } from './measures/measure.js';
import { measureProcesses } from './measures/processes.js';
import { takeScenario, type Scenario } from './measures/scenario.js';
import { drain, herd, outage, steady } from './measures/scenarios.js';

const run: Run = { rounds: 1, say: () => undefined };

async function countersOf(scenario: Scenario) {
  const [outcome] = await takeScenario({ ...scenario, contenders: ['axios-procore'] }, run);
  const { answered, failed, exchanges, spentPresentations, unauthorized, limited, duplicateWrites } =
    outcome!;
  return { answered, failed, exchanges, spentPresentations, unauthorized, limited, duplicateWrites };
}

export async function takeShort() {
  const [ofHerd, ofSteady, ofDrain, ofOutage, ofFleets] = await Promise.all([
    countersOf(herd(300)),
    countersOf(steady(3_000)),
    // Windows so long that no machine is slow enough to carry calls from one into the next.
    countersOf(drain(100, { limit: 40, windowSeconds: 3 })),
    countersOf(outage(40, 1_000)),
    measureProcesses([1, 3], 20, run),
  ]);
  return {
    herd: ofHerd,
    steady: ofSteady,
    drain: ofDrain,
    outage: ofOutage,
    processes: ofFleets.rows.map(({ processes, expiries, exchanges, spentPresentations, failed }) => ({
      processes,
      expiries,
      exchanges,
      spentPresentations,
      failed,
    })),
  };
}
