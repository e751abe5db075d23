/** A run of some seconds for the tests, of this package alone: what the servers have counted, and no time. */
import type { Run } from './measures/measure.js';
import { measureProcesses } from './measures/processes.js';
import { takeFar, takeTogether } from './measures/one-limit.js';
import { takeScenario, type Scenario } from './measures/scenario.js';
import { drain, herd, outage, steady } from './measures/scenarios.js';
import { findProgram } from '../examples/demo/programs.js';
import { onRedis } from './support/redis.js';

const run: Run = { rounds: 1, say: () => undefined };

async function countersOf(scenario: Scenario) {
  const [outcome] = await takeScenario({ ...scenario, contenders: ['axios-procore'] }, run);
  const { answered, failed, exchanges, spentPresentations, unauthorized, limited, duplicateWrites } =
    outcome!;
  return { answered, failed, exchanges, spentPresentations, unauthorized, limited, duplicateWrites };
}

/** Processes under one limit; undefined where no Redis is installed. */
async function countersOfOneLimit() {
  if (!findProgram('redis-server')) return undefined;
  return onRedis(async (redisUrl) => {
    const size = { processes: 3, calls: 60, limit: { limit: 20, windowSeconds: 2 } };
    const rows = await takeTogether(redisUrl, size);
    return {
      rows: rows.map(({ calls, answered, failed, limited }) => ({ calls, answered, failed, limited })),
      far: await takeFar(redisUrl, { processes: 3, calls: 900 }),
    };
  });
}

export async function takeShort() {
  const [ofHerd, ofSteady, ofDrain, ofOutage, ofFleets, oneLimit] = await Promise.all([
    countersOf(herd(300)),
    countersOf(steady(3_000)),
    // Windows so long that no machine is slow enough to carry calls from one into the next.
    countersOf(drain(100, { limit: 40, windowSeconds: 3 })),
    countersOf(outage(40, 1_000)),
    measureProcesses([1, 3], 20, run),
    countersOfOneLimit(),
  ]);
  return {
    herd: ofHerd,
    steady: ofSteady,
    drain: ofDrain,
    outage: ofOutage,
    oneLimit,
    processes: ofFleets.rows.map(({ processes, expiries, exchanges, spentPresentations, failed }) => ({
      processes,
      expiries,
      exchanges,
      spentPresentations,
      failed,
    })),
  };
}
