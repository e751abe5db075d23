import type { RateLimit } from 'axios-procore/emulator';
import type { SyncOptions } from './options.js';
import type { Part } from './sync.js';
import { plannedSurprises, type PlannedOutage } from './surprises.js';

/** The conditions that make a fleet's sync take its duration. */
export interface FleetConditions {
  readonly rateLimits: { readonly spike: RateLimit; readonly hourly: RateLimit };
  /** How long the server takes for one call. */
  readonly latencyMs: number;
  readonly outage: PlannedOutage;
}

/** The share of the duration for the calls. The rest is for the outage, and for calls that are sent again. */
const busyShare = 0.85;

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

/**
 * The conditions of a fleet. No rate limit is reached, because each process paces only its own calls, so that a limit that all share would
 * refuse some of them.
 */
export function fleetConditionsFor({ durationSeconds, concurrency, requests }: SyncOptions): FleetConditions {
  const latencyMs = (busyShare * durationSeconds * 1000 * concurrency) / requests;
  const { durationMs } = plannedSurprises.outage;
  // The outage lasts until each worker has started a call in it. A worker that is told to wait asks twice.
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
