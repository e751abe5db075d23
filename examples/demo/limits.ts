import type { RateLimit } from 'axios-procore/emulator';
import type { SyncOptions } from './options.js';

/** What keeps a sync from being done at once. */
export interface Conditions {
  readonly rateLimits: { readonly spike: Required<RateLimit>; readonly hourly: RateLimit };
  /** How long the server takes for one call. */
  readonly latencyMs: number;
}

/** Windows of the spike limit in a run, about. */
const windows = 6;
/** So much more than needed may leave in each window: an outage takes two seconds of the run, and its answers count. */
const headRoom = 1.2;
/**
 * After so much of each turn the limit is used up, as far as the server's pace goes. The rest is for the machine, which may have other
 * things to do: one that takes the whole turn for the calls of a window would not show that calls wait.
 */
const busyShare = 0.25;
/**
 * The reset is in whole seconds, rounded up, and the call that goes first then comes a little after the full second: a window of whole
 * seconds would always last one more.
 */
const shorterBySeconds = 0.25;

/** A spike limit that makes the sync take its duration, and an hourly one that it does not reach. */
export function conditionsFor({ durationSeconds, concurrency, requests }: SyncOptions): Conditions {
  const turnSeconds = Math.ceil(durationSeconds / windows);
  const limit = Math.ceil((headRoom * requests * turnSeconds) / durationSeconds);
  // One call goes first, the others follow in rounds.
  const rounds = 1 + Math.ceil(limit / concurrency);
  return {
    rateLimits: {
      spike: { limit, windowSeconds: turnSeconds - shorterBySeconds },
      hourly: { limit: 2 * requests },
    },
    latencyMs: (busyShare * turnSeconds * 1000) / rounds,
  };
}
