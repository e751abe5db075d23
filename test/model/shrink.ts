import { runScenario, type Verdict } from './run.js';
import type { Scenario } from './scenario.js';

/** What a broken promise is about: moments and names differ from one scenario to the next. */
const subjectOf = ({ broken }: Verdict) => broken[0]?.replace(/[\d.]+/g, '#').replace(/#.*/s, '');

/** The smallest scenario that still breaks the same promise: steps are left out as long as it does. */
export async function shrink(scenario: Scenario): Promise<{ scenario: Scenario; verdict: Verdict }> {
  let best = { scenario, verdict: await runScenario(scenario) };
  const subject = subjectOf(best.verdict);

  async function tries(smaller: Scenario): Promise<boolean> {
    const verdict = await runScenario(smaller);
    if (verdict.broken.length === 0 || subjectOf(verdict) !== subject) return false;
    best = { scenario: smaller, verdict };
    return true;
  }

  for (let size = scenario.steps.length; size >= 1; size = Math.floor(size / 2)) {
    for (let at = 0; at < best.scenario.steps.length;) {
      const { steps } = best.scenario;
      const without = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (!(await tries({ ...best.scenario, steps: without }))) at += size;
    }
  }
  for (const server of [{ skewMs: 0 }, { familyRevocation: false }] as const)
    await tries({ ...best.scenario, server: { ...best.scenario.server, ...server } });
  for (const store of [{ lagMs: 0 }, { columns: 'exact' }, { partial: 'nothing' }] as const)
    await tries({ ...best.scenario, store: { ...best.scenario.store, ...store } });
  return best;
}
