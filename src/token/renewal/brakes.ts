import { afterFailure, doublingMs, isBackingOff, type Backoff } from '../../time/backoff.js';

/**
 * What holds back the renewals of one account for a 401, as a value. A route that always answers 401 must cost an exchange now and then, not
 * one per call.
 */
export interface Brakes {
  /** Renewals for a 401 of which no replay has been accepted yet. */
  brake: Backoff;
  /** While somebody else replaces the tokens. */
  replacing: Replacing;
}

/** Whether a 401 is returned as it is instead of being answered with a renewal. */
export function areBraked({ brake, replacing }: Brakes, nowMs: number): boolean {
  return isBackingOff(brake, nowMs) || isBackingOff(replacing, nowMs);
}

/** After a renewal for a 401, until one of its replays is accepted: the next one waits 5 s, doubling to 5 minutes. */
export function braked(brake: Backoff, nowMs: number): Backoff {
  return afterFailure(brake, nowMs, 0);
}

/** Renewals for a 401 that followed soon one after another, although each of them helped: somebody else replaces the tokens. */
export interface Replacing {
  readonly times: number;
  /** The last of them. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Nobody replaces the tokens. */
export const notReplacing: Replacing = Object.freeze({ times: 0, sinceMs: -Infinity, untilMs: -Infinity });

/** After so many in a row somebody else replaces the tokens. */
export const mostReplaced = 3;
const soonMs = 60_000;

/** After another renewal for a 401; from the third in a row on the next one waits: 5 s, doubling to 5 minutes. */
export function replacedAgain(before: Replacing, nowMs: number): Replacing {
  const sinceMs = nowMs - Math.max(before.sinceMs, before.untilMs);
  const times = sinceMs < soonMs ? before.times + 1 : 1;
  const waitMs = times < mostReplaced ? 0 : doublingMs(5_000, 5 * 60_000, times - mostReplaced);
  return { times, sinceMs: nowMs, untilMs: nowMs + waitMs };
}
