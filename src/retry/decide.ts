import type { ProblemKind } from '../failure/catalogue.js';
import { isTransient, type GaveUp } from '../failure/problem.js';
import type { RetryOptions } from '../options/options.js';
import { fullJitterMs } from '../time/backoff.js';
import { longestToldMs, patientWaitMs, serverJitterMs } from '../wire/server-wait.js';

/** A failed attempt, reduced to what the decision looks at. */
export interface FailedAttempt {
  readonly kind: ProblemKind;
  /** The server may have carried it out. */
  readonly mayHaveRun: boolean;
  /** The server turned it away before it ran: 429, and 503 with `Retry-After`. */
  readonly turnedAway: boolean;
  /** The wait that the server asked for; undefined when it named none. */
  readonly toldMs: number | undefined;
  /** How often in a row the server has turned the call away, this time included. */
  readonly refusals: number;
  readonly idempotent: boolean;
  /** The body can be sent a second time. */
  readonly replayable: boolean;
  /** Retries that counted so far. */
  readonly retries: number;
}

/** What a call allows itself. */
export interface RetryLimits {
  readonly retry: false | Readonly<Required<RetryOptions>>;
  /** A gate does the waiting for the server. */
  readonly paced: boolean;
  /** How long the call may wait for the server now. */
  readonly maxWaitMs: number;
  /** How long it has until its time is over; Infinity where nothing bounds it. */
  readonly leftMs: number;
}

/** Whether to send again, after what wait, and whether that is one of `retry.retries`. */
export type RetryDecision =
  /** A failure that no repetition mends. */
  | { readonly kind: 'return' }
  | { readonly kind: 'give-up'; readonly why: GaveUp }
  | { readonly kind: 'retry'; readonly waitMs: number; readonly counts: boolean };

const idempotentMethods = new Set(['get', 'head', 'options', 'put', 'delete']);

/** RFC 9110, section 9.2.2; `said` is what the application says of this call. */
export function isIdempotent(method: string, said: boolean | undefined): boolean {
  return said ?? idempotentMethods.has(method.toLowerCase());
}

/**
 * What is safe is repeated: what has certainly not run, and what may run twice. A wait that the server has asked for costs no retry, but
 * it must fit; `draw` in [0, 1) is the jitter.
 */
export function decideRetry(attempt: FailedAttempt, limits: RetryLimits, draw: number): RetryDecision {
  if (!isTransient(attempt.kind)) return { kind: 'return' };
  const { retry } = limits;
  if (!retry) return giveUp('disabled');
  if (attempt.mayHaveRun && !attempt.idempotent) return giveUp('may-have-run');
  if (!attempt.replayable) return giveUp('body-not-replayable');
  const { turnedAway } = attempt;
  const toldMs = turnedAway ? Math.min(attempt.toldMs ?? 0, longestToldMs) : 0;
  // Where the server names no wait, the attempt counts as a retry like any other.
  const counts = !turnedAway || attempt.toldMs === undefined;
  if (counts && attempt.retries >= retry.retries) return giveUp('retries-exhausted');
  if (limits.leftMs <= 0 || toldMs > limits.leftMs) return giveUp('deadline');
  if (toldMs > limits.maxWaitMs) return giveUp('wait-too-long');
  // Where calls are paced, the gate makes the server's wait: it has heard of the refusal.
  const waitMs = turnedAway && limits.paced ? 0 : waitFor(attempt, toldMs, retry, draw);
  if (waitMs > limits.leftMs) return giveUp('deadline');
  if (waitMs > limits.maxWaitMs) return giveUp('wait-too-long');
  return { kind: 'retry', waitMs, counts };
}

function waitFor(
  { turnedAway, retries, refusals }: FailedAttempt,
  toldMs: number,
  { baseDelayMs, maxDelayMs }: Readonly<Required<RetryOptions>>,
  draw: number,
): number {
  if (!turnedAway) return fullJitterMs(retries + 1, baseDelayMs, maxDelayMs, draw);
  const waitMs = patientWaitMs(
    toldMs,
    fullJitterMs(Math.max(retries + 1, refusals), baseDelayMs, maxDelayMs, 1),
    refusals,
  );
  return waitMs + serverJitterMs(waitMs, draw);
}

function giveUp(why: GaveUp): RetryDecision {
  return { kind: 'give-up', why };
}
