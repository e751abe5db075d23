/** The wait that a `Retry-After` header asks for, in milliseconds; undefined when it is absent, garbage or negative. */
export function retryAfterMs(header: unknown, serverNowMs: number): number | undefined {
  const text = typeof header === 'number' ? String(header) : header;
  if (typeof text !== 'string' || text.trim() === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text.trim())) return Number(text.trim()) * 1000;
  if (!/[a-z]{3}/i.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isFinite(atMs) ? Math.max(0, atMs - serverNowMs) : undefined;
}

/** Full jitter: anywhere between nothing and the exponential step (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
export function fullJitterMs(retry: number, baseDelayMs: number, maxDelayMs: number, draw: number): number {
  return draw * Math.min(baseDelayMs * 2 ** (retry - 1), maxDelayMs);
}

/** On top of what the server asked for, never below: up to a tenth, at most a second. */
export function serverJitterMs(waitMs: number, draw: number): number {
  return draw * Math.min(Math.max(waitMs * 0.1, 100), 1_000);
}
