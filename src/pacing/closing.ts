import { doublingMs } from '../time/backoff.js';
import { longestToldMs, patientWaitMs, serverJitterMs, toldWaitMs } from '../wire/server-wait.js';

/** The server has turned calls away: nobody leaves until it may be asked again, and then one call goes first. */
export interface Closing {
  /** Status that closed the gate. */
  readonly status: number;
  /** What the server asked for, without jitter; local milliseconds since the epoch. */
  readonly toldMs: number;
  /** When the first call may go; local milliseconds since the epoch. */
  readonly untilMs: number;
  /** How many calls that went first were turned away too. */
  readonly refusals: number;
  /** Number of the first call that went since; undefined before. */
  readonly askedFrom: number | undefined;
  /** The call that has the right to go first. */
  readonly first: { readonly number: number; readonly sinceMs: number } | undefined;
}

/** A call that was turned away. */
export interface Refusal {
  readonly status: number;
  readonly number: number;
  readonly retryAfterMs: number | undefined;
  /** End of the limit's window; local milliseconds since the epoch. */
  readonly resetAtMs: number | undefined;
}

/** How long the right to go first lasts without an answer. */
export const firstAnswerMs = 5_000;
/** Where the server names no wait: doubled for each call that went first in vain. */
const baseWaitMs = 1_000;
const longestWaitMs = 30_000;

/** Whether this answer turns calls away: 429; 503 that says when to come back; any 503 to a call that went first. */
export function isRefusal(
  closing: Closing | undefined,
  { status, number, retryAfterMs }: Omit<Refusal, 'resetAtMs'>,
): boolean {
  if (status === 429) return true;
  return status === 503 && (retryAfterMs !== undefined || wentFirst(closing, number));
}

/** Closed until the later of `Retry-After` and, on 429, the reset, at most an hour; jitter (`draw` in [0, 1)) on top, never below. */
export function refused(
  closing: Closing | undefined,
  refusal: Refusal,
  nowMs: number,
  draw: number,
): Closing {
  const { status, number, retryAfterMs, resetAtMs } = refusal;
  const again = wentFirst(closing, number);
  const refusals = (closing?.refusals ?? 0) + (again ? 1 : 0);
  const askedMs = toldWaitMs(status, retryAfterMs, resetAtMs === undefined ? undefined : resetAtMs - nowMs);
  const ownMs = doublingMs(baseWaitMs, longestWaitMs, refusals);
  const waitMs = Math.min(patientWaitMs(askedMs ?? 0, ownMs, refusals + 1), longestToldMs);
  const toldMs = nowMs + waitMs;
  const untilMs = Math.ceil(toldMs + serverJitterMs(waitMs, draw));
  if (again || !closing) return { status, toldMs, untilMs, refusals, askedFrom: undefined, first: undefined };
  // Calls that left together are turned away together: one wait, one jitter.
  return toldMs > closing.toldMs ? { ...closing, status, toldMs, untilMs } : closing;
}

/** Whether this call was sent when the gate might have opened: what it is answered says whether it does. */
export function wentFirst(closing: Closing | undefined, number: number): boolean {
  return closing?.askedFrom !== undefined && number >= closing.askedFrom;
}

/** A call leaves through the closed gate: it goes first. */
export function asked(closing: Closing, number: number, nowMs: number): Closing {
  return { ...closing, askedFrom: closing.askedFrom ?? number, first: { number, sinceMs: nowMs } };
}

/** A call is over without an answer: if it went first, the next one may. */
export function passedOn(closing: Closing | undefined, number: number): Closing | undefined {
  return closing?.first?.number === number ? { ...closing, first: undefined } : closing;
}
