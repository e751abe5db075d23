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
export function isBraked(brake: Brake, nowMs: number): boolean {
  // Further off than it can be: the clock was set back.
  return nowMs < brake.untilMs && brake.untilMs - nowMs <= longestMs;
}
