/**
 * Renewals for a 401 that have not been seen to help. A route that always answers 401 must cost an exchange now and then, not one
 * per call.
 */
export interface Brake {
  readonly unhelpful: number;
  readonly untilMs: number;
}

/** Nothing held against the next renewal. */
export const releasedBrake: Brake = Object.freeze({ unhelpful: 0, untilMs: 0 });

const firstMs = 5_000;
const longestMs = 5 * 60_000;

/** After a renewal for a 401, until one of its replays is accepted: 5 s, doubling to 5 minutes. */
export function braked(brake: Brake, nowMs: number): Brake {
  return {
    unhelpful: brake.unhelpful + 1,
    untilMs: nowMs + Math.min(firstMs * 2 ** brake.unhelpful, longestMs),
  };
}

/** Whether a 401 is returned as it is instead of being answered with a renewal. */
export function isBraked(brake: Pick<Brake, 'untilMs'>, nowMs: number): boolean {
  // Further off than it can be: the clock was set back.
  return nowMs < brake.untilMs && brake.untilMs - nowMs <= longestMs;
}

/** Renewals for a 401 that followed soon one after another, although each of them helped: somebody else replaces the tokens. */
export interface Driven {
  readonly times: number;
  readonly lastMs: number;
  readonly untilMs: number;
}

/** Nobody replaces the tokens. */
export const undriven: Driven = Object.freeze({ times: 0, lastMs: -Infinity, untilMs: -Infinity });

/** So many in a row are no chance any more. */
export const mostDriven = 3;
const soonMs = 60_000;

/** After another renewal for a 401; from the third in a row on the next one waits: 5 s, doubling to 5 minutes. */
export function driven(before: Driven, nowMs: number): Driven {
  const sinceMs = nowMs - Math.max(before.lastMs, before.untilMs);
  const times = sinceMs < soonMs ? before.times + 1 : 1;
  const waitMs = times < mostDriven ? 0 : Math.min(firstMs * 2 ** (times - mostDriven), longestMs);
  return { times, lastMs: nowMs, untilMs: nowMs + waitMs };
}

/** What holds back the renewals of one account for a 401, as a value. */
export interface Brakes {
  /** Until a replay is accepted. */
  brake: Brake;
  /** While somebody else replaces the tokens. */
  replacing: Driven;
}

/** Whether a renewal for a 401 is held back. */
export function areBraked({ brake, replacing }: Brakes, nowMs: number): boolean {
  return isBraked(brake, nowMs) || isBraked(replacing, nowMs);
}
