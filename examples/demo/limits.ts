import type { RateLimit } from 'axios-procore/emulator';
import type { SyncOptions } from './options.js';

/** A limit on the calls of some seconds. */
export type SpikeLimit = { readonly [K in keyof RateLimit]-?: number };

/** The conditions that make a sync take its duration. */
export interface Conditions {
  readonly rateLimits: { readonly spike: SpikeLimit; readonly hourly: { readonly limit: number } };
  /** How long the server takes for one call. */
  readonly latencyMs: number;
}

/** The approximate number of windows of the spike limit in a run. */
const windows = 6;
/** The spike limit is higher than needed by this factor, because an outage takes two seconds of the run, and its answers count. */
const headRoom = 1.2;
/**
 * The share of each window after which the limit is used up, if only the server's delay counts. The rest is left for a slow machine: if the
 * calls took the whole window, the run would not show that calls wait.
 */
const busyShare = 0.25;
/**
 * Windows are shorter than whole seconds by this. The reset is rounded up to a whole second, and the first call of a window starts a little
 * after it, so a window of whole seconds would always last one second more.
 */
const shorterBySeconds = 0.25;

/** A spike limit that makes the sync take its duration, and an hourly one that it does not reach. */
export function conditionsFor({ durationSeconds, concurrency, requests }: SyncOptions): Conditions {
  const turnSeconds = Math.ceil(durationSeconds / windows);
  const limit = Math.ceil((headRoom * requests * turnSeconds) / durationSeconds);
  // In each window one call goes first, and the others follow in rounds of `concurrency`.
  const rounds = 1 + Math.ceil(limit / concurrency);
  return {
    rateLimits: {
      spike: { limit, windowSeconds: turnSeconds - shorterBySeconds },
      hourly: { limit: 2 * requests },
    },
    latencyMs: (busyShare * turnSeconds * 1000) / rounds,
  };
}

/** The same limit with a window twice as long. */
export function longerWindow({ limit, windowSeconds }: SpikeLimit): SpikeLimit {
  return { limit, windowSeconds: 2 * (windowSeconds + shorterBySeconds) - shorterBySeconds };
}
