/** Milliseconds of axios's `timeout`, as its http adapter reads it; undefined where it bounds nothing. */
export function timeoutMsOf(timeout: unknown): number | undefined {
  const ms = typeof timeout === 'number' || typeof timeout === 'string' ? parseInt(String(timeout), 10) : 0;
  return ms > 0 ? ms : undefined;
}

/**
 * What is left of a `timeout`, at least a millisecond: 0 would be none. As it was given where nothing is gone, or where it bounds nothing.
 */
export function timeoutAfter(timeout: unknown, elapsedMs: number): unknown {
  const ms = timeoutMsOf(timeout);
  return ms === undefined || elapsedMs <= 0 ? timeout : Math.max(1, ms - elapsedMs);
}
