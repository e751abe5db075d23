import type { Run } from './simulate.js';

/** What is simulated for docs/pacing.md: a thousand processes under one hourly and one spike limit, with clocks off by ten minutes. */
const fleet: Run = {
  seed: 14,
  kind: 'fixed',
  limits: [
    // Resets are told in whole seconds, so that a window of ten seconds that begins a little after one lasts eleven.
    { limit: 1_000, windowMs: 9_750 },
    { limit: 120_000, windowMs: 3_600_000 },
  ],
  processes: 1_000,
  calls: 1_000_000,
  concurrency: 4,
  startWithinMs: 10_000,
  skewMs: 600_000,
};
/** Each process makes fifty calls every 45 minutes: about a third of the hourly limit. */
const jobs: Partial<Run> = { startWithinMs: 2_700_000, bursts: { calls: 50, restMs: 2_700_000 } };
const quarter: Partial<Run> = { calls: 250_000 };
const faults: Partial<Run> = { crashEveryMs: 600_000, stoppedEveryMs: 1_200_000 };

/** The runs by their names in the table. */
export const runs: Record<string, Run> = {
  'jobs, a third of the limit, fixed windows': { ...fleet, ...jobs },
  'jobs, a third of the limit, sliding windows': { ...fleet, ...jobs, kind: 'sliding' },
  'backlog, fixed windows': fleet,
  'backlog, sliding windows': { ...fleet, ...quarter, kind: 'sliding' },
  'jobs, processes crash and stop': { ...fleet, ...jobs, ...quarter, ...faults },
  'backlog, processes crash and stop': { ...fleet, ...quarter, ...faults },
  'backlog, one message in a thousand is lost': { ...fleet, ...quarter, lost: 0.001 },
  'backlog, the common state is lost every ten minutes': { ...fleet, ...quarter, stateLostEveryMs: 600_000 },
};
