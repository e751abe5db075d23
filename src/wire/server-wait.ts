import { httpDateMs } from './http-date.js';

/** The longest wait that is read from a header. A longer one is an error of the server, and far beyond it a `Date` is invalid. */
const longestMs = 365 * 24 * 60 * 60 * 1000;

/**
 * The longest time for which a server wait is obeyed without asking the server again: one hour, Procore's longest rate limit window. A
 * server that asks for more is asked again each hour, so that one wrong number does not stop all calls for ever.
 */
export const longestServerWaitMs: number = 60 * 60 * 1000;

/** The wait that a `Retry-After` header asks for, in milliseconds, at most a year; undefined when it is absent, garbage or negative. */
export function retryAfterMs(header: unknown, serverNowMs: number): number | undefined {
  if (typeof header !== 'string' && typeof header !== 'number') return undefined;
  const text = String(header).trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, longestMs);
  const atMs = httpDateMs(text);
  return atMs === undefined ? undefined : Math.min(Math.max(0, atMs - serverNowMs), longestMs);
}

/** Whether an answer with this status may ask for a wait: 429 "Too Many Requests" (RFC 6585) and 503 "Service Unavailable" (RFC 9110). */
export function mayThrottle(status: number): boolean {
  return status === 429 || status === 503;
}

/** Whether the server has throttled a call, which it has not carried out then: a 429, and a 503 with `Retry-After`. */
export function isThrottled(status: number, retryAfter: number | undefined): boolean {
  return status === 429 || (status === 503 && retryAfter !== undefined);
}

/**
 * A random wait that is added to the wait that the server asked for: up to a tenth of it, but up to 100 ms for a short one and a second for
 * a long one.
 */
export function serverJitterMs(waitMs: number, draw: number): number {
  return draw * Math.min(Math.max(waitMs * 0.1, 100), 1_000);
}

/**
 * The server wait of a throttled call in milliseconds: the longer of `Retry-After` and, on a 429, the time to the end of the rate limit's
 * window. Undefined where the server names neither.
 */
export function serverWaitMsOf(
  status: number,
  retryAfter: number | undefined,
  resetInMs: number | undefined,
): number | undefined {
  const askedMs = Math.max(retryAfter ?? 0, status === 429 ? (resetInMs ?? 0) : 0);
  return askedMs > 0 ? askedMs : undefined;
}

/** From the second time on, a server wait that is shorter than this is not taken literally: each further refusal costs the server as well. */
const shortestAgainMs = 1_000;

/**
 * How long a call waits that the server has throttled `times` times in a row: as long as the server says. If that is no time at all
 * (Procore, "Rate Limiting": a 429 must not be retried at once), or less than a second from the second time on, the call waits at least
 * `ownMs`, the package's own backoff.
 */
export function throttledWaitMs(serverWaitMs: number, ownMs: number, times: number): number {
  if (serverWaitMs >= shortestAgainMs || (serverWaitMs > 0 && times <= 1)) return serverWaitMs;
  return Math.max(serverWaitMs, ownMs);
}
