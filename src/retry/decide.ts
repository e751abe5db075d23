/** A failed attempt, reduced to what the decision looks at. */
export interface FailedAttempt {
  readonly method: string;
  /** Status of the answer, if there was one. */
  readonly status: number | undefined;
  /** True when no connection was made. */
  readonly notSent: boolean;
  /** What `Retry-After` asked for. */
  readonly retryAfterMs: number | undefined;
  /** The application says that repeating does no harm. */
  readonly idempotent: boolean | undefined;
  readonly replayable: boolean;
}

/** Whether to send again, and after whose wait. */
export type RetryDecision = { kind: 'no' } | { kind: 'backoff' } | { kind: 'server'; waitMs: number };

const idempotentMethods = new Set(['get', 'head', 'options', 'put', 'delete']);

/** What is safe is repeated: what was certainly not run, and what may run twice (RFC 9110, section 9.2.2). */
export function decideRetry(attempt: FailedAttempt): RetryDecision {
  if (!attempt.replayable) return { kind: 'no' };
  if (attempt.notSent) return { kind: 'backoff' };
  if (attempt.status !== 503) return { kind: 'no' };
  // Procore, "Rate Limiting": a 503 with Retry-After was turned away before it ran.
  if (attempt.retryAfterMs !== undefined) return { kind: 'server', waitMs: attempt.retryAfterMs };
  return (attempt.idempotent ?? idempotentMethods.has(attempt.method.toLowerCase()))
    ? { kind: 'backoff' }
    : { kind: 'no' };
}
