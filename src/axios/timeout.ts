/** The value of `config.timeout` in milliseconds, as axios's http adapter reads it; undefined for no timeout. */
export function timeoutMsOf(timeout: unknown): number | undefined {
  const ms = typeof timeout === 'number' || typeof timeout === 'string' ? parseInt(String(timeout), 10) : 0;
  return ms > 0 ? ms : undefined;
}

/**
 * The rest of a `timeout` after `elapsedMs`, at least 1 ms, because 0 would mean no timeout. Unchanged where no time has passed, or where
 * it is no timeout.
 */
export function timeoutAfter(timeout: unknown, elapsedMs: number): unknown {
  const ms = timeoutMsOf(timeout);
  return ms === undefined || elapsedMs <= 0 ? timeout : Math.max(1, ms - elapsedMs);
}
