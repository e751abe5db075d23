import { httpDateMs } from './http-date.js';

/** More than this nobody means, and far beyond it a `Date` is invalid. */
const longestMs = 365 * 24 * 60 * 60 * 1000;

/**
 * Procore's longest limit is that of an hour: a server that asks for more time than that is asked once an hour whether it is over, so that
 * one wrong number does not keep everybody away for ever.
 */
export const longestToldMs: number = 60 * 60 * 1000;

/** The wait that a `Retry-After` header asks for, in milliseconds, at most a year; undefined when it is absent, garbage or negative. */
export function retryAfterMs(header: unknown, serverNowMs: number): number | undefined {
  if (typeof header !== 'string' && typeof header !== 'number') return undefined;
  const text = String(header).trim();
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, longestMs);
  const atMs = httpDateMs(text);
  return atMs === undefined ? undefined : Math.min(Math.max(0, atMs - serverNowMs), longestMs);
}

/** Full jitter: anywhere between nothing and the exponential step (AWS Architecture Blog, "Exponential Backoff And Jitter"). */
export function fullJitterMs(retry: number, baseDelayMs: number, maxDelayMs: number, draw: number): number {
  return draw * Math.min(baseDelayMs * 2 ** (retry - 1), maxDelayMs);
}

/** On top of what the server asked for, never below: up to a tenth, at most a second. */
export function serverJitterMs(waitMs: number, draw: number): number {
  return draw * Math.min(Math.max(waitMs * 0.1, 100), 1_000);
}

/** What a server that turns calls away asks for: the later of `Retry-After` and, on a 429, the end of the limit's window; undefined: nothing. */
export function toldWaitMs(
  status: number,
  retryAfter: number | undefined,
  resetInMs: number | undefined,
): number | undefined {
  const askedMs = Math.max(retryAfter ?? 0, status === 429 ? (resetInMs ?? 0) : 0);
  return askedMs > 0 ? askedMs : undefined;
}

/** Below this a server that is asked again and again has not meant what it says: each answer costs it, too. */
const shortestAgainMs = 1_000;

/**
 * How long a call waits that a server turns away for the nth time in a row: as told. Never at once (Procore, "Rate Limiting": never retry a
 * 429 at once), and from the second time on no less than `ownMs`, the schedule of our own, where what is told is less than a second.
 */
export function patientWaitMs(toldMs: number, ownMs: number, refusals: number): number {
  if (toldMs >= shortestAgainMs || (toldMs > 0 && refusals <= 1)) return toldMs;
  return Math.max(toldMs, ownMs);
}
