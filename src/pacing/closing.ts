import { doublingMs } from '../time/backoff.js';
import {
  isThrottled,
  longestServerWaitMs,
  serverJitterMs,
  serverWaitMsOf,
  throttledWaitMs,
} from '../wire/server-wait.js';

/** The gate is closed, because the server has refused calls: no call passes until the wait is over, and then one call goes first. */
export interface Closing {
  /** The status of the answer that closed the gate. */
  readonly status: number;
  /** The end of the wait without jitter; local milliseconds since the epoch. */
  readonly waitEndsAtMs: number;
  /** When the first call may go; local milliseconds since the epoch. */
  readonly untilMs: number;
  /** How many calls that went first were refused as well. */
  readonly refusals: number;
  /** The number of the first call that has passed since the wait was over; undefined before. */
  readonly askedFrom: number | undefined;
  /** The call that goes first; the others wait for its answer. */
  readonly first: { readonly number: number; readonly sinceMs: number } | undefined;
}

/** An answer that refuses a call for a time. */
export interface Refusal {
  readonly status: number;
  readonly number: number;
  readonly retryAfterMs: number | undefined;
  /** The end of the limit's window; local milliseconds since the epoch. */
  readonly resetAtMs: number | undefined;
}

/** After this time without an answer to the call that went first, the next call goes. */
export const firstAnswerMs = 5_000;
/** The wait where the server names none. It is doubled for each call that went first and was refused. */
const baseWaitMs = 1_000;
const longestWaitMs = 30_000;

/** Whether this answer closes the gate: a 429, a 503 with `Retry-After`, or any 503 to a call that went first. */
export function isRefusal(
  closing: Closing | undefined,
  { status, number, retryAfterMs }: Omit<Refusal, 'resetAtMs'>,
): boolean {
  return isThrottled(status, retryAfterMs) || (status === 503 && wentFirst(closing, number));
}

/**
 * The gate after a refusal: closed until the later of `Retry-After` and, on a 429, the reset, but for an hour at most. Jitter (`draw` in
 * [0, 1)) is added to that.
 */
export function refused(
  closing: Closing | undefined,
  refusal: Refusal,
  nowMs: number,
  draw: number,
): Closing {
  const { status, number, retryAfterMs, resetAtMs } = refusal;
  const again = wentFirst(closing, number);
  const refusals = (closing?.refusals ?? 0) + (again ? 1 : 0);
  const askedMs = serverWaitMsOf(
    status,
    retryAfterMs,
    resetAtMs === undefined ? undefined : resetAtMs - nowMs,
  );
  const ownMs = doublingMs(baseWaitMs, longestWaitMs, refusals);
  const waitMs = Math.min(throttledWaitMs(askedMs ?? 0, ownMs, refusals + 1), longestServerWaitMs);
  const waitEndsAtMs = nowMs + waitMs;
  const untilMs = Math.ceil(waitEndsAtMs + serverJitterMs(waitMs, draw));
  if (again || !closing)
    return { status, waitEndsAtMs, untilMs, refusals, askedFrom: undefined, first: undefined };
  // Calls that were sent together are refused together: they have one wait, with one jitter.
  return waitEndsAtMs > closing.waitEndsAtMs ? { ...closing, status, waitEndsAtMs, untilMs } : closing;
}

/** Whether this call was sent after the wait was over, so that its answer says whether the gate opens. */
export function wentFirst(closing: Closing | undefined, number: number): boolean {
  return closing?.askedFrom !== undefined && number >= closing.askedFrom;
}

/** The gate after a call has passed whose answer says whether it opens. */
export function asked(closing: Closing, number: number, nowMs: number): Closing {
  return { ...closing, askedFrom: closing.askedFrom ?? number, first: { number, sinceMs: nowMs } };
}

/** The gate after a call has ended without an answer. If it went first, the next call goes. */
export function passedOn(closing: Closing | undefined, number: number): Closing | undefined {
  return closing?.first?.number === number ? { ...closing, first: undefined } : closing;
}
