import type { ProblemKind } from '../failure/catalogue.js';
import { isTransient, type GaveUp } from '../failure/problem.js';
import type { RetryOptions } from '../options/options.js';
import { fullJitterMs } from '../time/backoff.js';
import { longestServerWaitMs, serverJitterMs, throttledWaitMs } from '../wire/server-wait.js';

/** What the decision looks at of a failed attempt. */
export interface FailedAttempt {
  readonly kind: ProblemKind;
  /** The server may have carried it out. */
  readonly mayHaveRun: boolean;
  /** The server sent it away for a time, before it ran: 429, and 503 with `Retry-After`. */
  readonly throttled: boolean;
  /** The wait that the server asked for; undefined when it named none. */
  readonly serverWaitMs: number | undefined;
  /** How often in a row the server has throttled the call, this time included. */
  readonly timesThrottled: number;
  readonly idempotent: boolean;
  /** The body can be sent a second time. */
  readonly replayable: boolean;
  /** Retries that counted so far. */
  readonly retries: number;
}

/** How long a call may wait, and how often it may be sent. */
export interface RetryLimits {
  readonly retry: false | Readonly<Required<RetryOptions>>;
  /** A gate makes the waits for the server. */
  readonly paced: boolean;
  /** How long the call may wait for the server now. */
  readonly maxWaitMs: number;
  /** How long it has until its time is over; Infinity where nothing bounds it. */
  readonly leftMs: number;
}

/** Whether to send again, after what wait, and whether that is one of `retry.retries`. */
export type RetryDecision =
  /** The failure is not temporary. */
  | { readonly kind: 'return' }
  | { readonly kind: 'give-up'; readonly why: GaveUp }
  | { readonly kind: 'retry'; readonly waitMs: number; readonly counts: boolean };

const safeMethods = new Set(['get', 'head', 'options']);
const idempotentMethods = new Set([...safeMethods, 'put', 'delete']);

/** Whether a call with this method changes nothing (RFC 9110, section 9.2.1). */
export function isSafe(method: string): boolean {
  return safeMethods.has(method.toLowerCase());
}

/** Whether a call is idempotent: as the application says (`said`), else by its method (RFC 9110, section 9.2.2). */
export function isIdempotent(method: string, said: boolean | undefined): boolean {
  return said ?? idempotentMethods.has(method.toLowerCase());
}

/**
 * Decides whether a failed attempt is repeated: it is if it has certainly not run, or may run twice. A wait that the server has asked for
 * costs no retry, but it must fit into what the call allows itself. `draw` in [0, 1) is the jitter.
 */
export function decideRetry(attempt: FailedAttempt, limits: RetryLimits, draw: number): RetryDecision {
  if (!isTransient(attempt.kind)) return { kind: 'return' };
  const { retry } = limits;
  if (!retry) return giveUp('disabled');
  if (attempt.mayHaveRun && !attempt.idempotent) return giveUp('may-have-run');
  if (!attempt.replayable) return giveUp('body-not-replayable');
  const { throttled } = attempt;
  const serverWaitMs = throttled ? Math.min(attempt.serverWaitMs ?? 0, longestServerWaitMs) : 0;
  // Without a server wait, the retry counts like any other.
  const counts = !throttled || attempt.serverWaitMs === undefined;
  if (counts && attempt.retries >= retry.retries) return giveUp('retries-exhausted');
  if (limits.leftMs <= 0 || serverWaitMs > limits.leftMs) return giveUp('deadline');
  if (serverWaitMs > limits.maxWaitMs) return giveUp('wait-too-long');
  // Where calls are paced, the gate was told of the answer and makes the wait.
  const waitMs = throttled && limits.paced ? 0 : waitFor(attempt, serverWaitMs, retry, draw);
  if (waitMs > limits.leftMs) return giveUp('deadline');
  if (waitMs > limits.maxWaitMs) return giveUp('wait-too-long');
  return { kind: 'retry', waitMs, counts };
}

function waitFor(
  { throttled, retries, timesThrottled }: FailedAttempt,
  serverWaitMs: number,
  { baseDelayMs, maxDelayMs }: Readonly<Required<RetryOptions>>,
  draw: number,
): number {
  if (!throttled) return fullJitterMs(retries + 1, baseDelayMs, maxDelayMs, draw);
  const waitMs = throttledWaitMs(
    serverWaitMs,
    fullJitterMs(Math.max(retries + 1, timesThrottled), baseDelayMs, maxDelayMs, 1),
    timesThrottled,
  );
  return waitMs + serverJitterMs(waitMs, draw);
}

function giveUp(why: GaveUp): RetryDecision {
  return { kind: 'give-up', why };
}
