import { conditionsFor, type Conditions } from './limits.js';
import type { SyncOptions } from './options.js';
import type { Part } from './sync.js';
import { plannedSurprises, type PlannedOutage } from './surprises.js';

/** The conditions that make a fleet's sync take its duration. */
export interface FleetConditions extends Conditions {
  readonly outage: PlannedOutage;
}

/** Divides calls and concurrency into parts that are as equal as possible. A worker with a higher concurrency gets more calls. */
export function partsOf(
  { requests, concurrency }: Pick<SyncOptions, 'requests' | 'concurrency'>,
  workers: number,
): Part[] {
  const callBefore = (slot: number) => Math.round((requests * slot) / concurrency);
  const slotBefore = (worker: number) => Math.round((concurrency * worker) / workers);
  return Array.from({ length: workers }, (_, worker) => {
    const [first, next] = [slotBefore(worker), slotBefore(worker + 1)];
    const from = callBefore(first);
    return { from, count: callBefore(next) - from, concurrency: next - first };
  });
}

/** The conditions of a fleet. All workers share the limits. */
export function fleetConditionsFor(options: SyncOptions): FleetConditions {
  const { rateLimits, latencyMs } = conditionsFor(options);
  const { durationMs } = plannedSurprises.outage;
  // The outage is long enough for a worker to start a call in it. A worker that is told to wait asks twice.
  const downMs = Math.max(durationMs, Math.ceil(1.5 * latencyMs));
  return {
    rateLimits,
    latencyMs,
    outage: { durationMs: downMs, retryAfterMs: 1000 * Math.ceil((downMs * 2) / 3 / 1000) },
  };
}
