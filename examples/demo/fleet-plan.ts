import type { RateLimit } from 'axios-procore/emulator';
import type { SyncOptions } from './options.js';
import { plannedSurprises, type PlannedOutage } from './surprises.js';

/** One worker's part of a sync. */
export interface Part {
  /** The number of its first call. */
  readonly from: number;
  readonly count: number;
  readonly concurrency: number;
}

/** What keeps a fleet's sync from being done at once. */
export interface FleetConditions {
  readonly rateLimits: { readonly spike: RateLimit; readonly hourly: RateLimit };
  /** How long the server takes for one call. */
  readonly latencyMs: number;
  readonly outage: PlannedOutage;
}

/** The rest is for the outage, and for calls that are sent again. */
const busyShare = 0.85;

/** Calls and concurrency in equal parts, as far as whole numbers go; who may have one call more in flight has more calls. */
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

/** Each process paces itself by what it is told and knows nothing of the others' calls: a limit that binds would refuse some of them. */
export function fleetConditionsFor({ durationSeconds, concurrency, requests }: SyncOptions): FleetConditions {
  const latencyMs = (busyShare * durationSeconds * 1000 * concurrency) / requests;
  const { durationMs } = plannedSurprises.outage;
  // Each worker starts some call meanwhile, and it lasts until each has; whoever is told to wait asks twice.
  const downMs = Math.max(durationMs, Math.ceil(1.5 * latencyMs));
  return {
    rateLimits: {
      spike: { limit: 5 * requests, windowSeconds: 10 },
      hourly: { limit: 20 * requests },
    },
    latencyMs,
    outage: { durationMs: downMs, retryAfterMs: 1000 * Math.ceil((downMs * 2) / 3 / 1000) },
  };
}
