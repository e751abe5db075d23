import { longestServerWaitMs } from '../wire/server-wait.js';

/** A wait that begins with `firstMs` and doubles each time, up to `longestMs`; `times` counts from 0. */
export function doublingMs(firstMs: number, longestMs: number, times: number): number {
  return Math.min(firstMs * 2 ** times, longestMs);
}

/** How often in a row something has failed, and when it may be tried again. */
export interface Backoff {
  readonly failures: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The state without failures: the next try may start at any time. */
export const noBackoff: Backoff = Object.freeze({ failures: 0, sinceMs: 0, untilMs: 0 });

const firstMs = 5_000;
const longestMs = 5 * 60_000;

/**
 * The state after one more failure. The wait starts at 5 s, doubles up to 5 minutes, and gets up to 20 % longer at random. `serverUntilMs`,
 * a moment that the server named, replaces its end if it is later, but by no more than an hour from now.
 */
export function afterFailure(backoff: Backoff, nowMs: number, draw: number, serverUntilMs = 0): Backoff {
  const waitMs = doublingMs(firstMs, longestMs, backoff.failures) * (1 + 0.2 * draw);
  const untilMs = Math.min(serverUntilMs, nowMs + longestServerWaitMs);
  return { failures: backoff.failures + 1, sinceMs: nowMs, untilMs: Math.max(nowMs + waitMs, untilMs) };
}

/** Corrections of a clock by up to a minute are ordinary. They only make a wait longer. */
const correctedMs = 60_000;

/**
 * Whether the next try has to wait. Where the clock was set back by more than a minute since the wait began, it does not: the wait could
 * last for hours.
 */
export function isBackingOff(
  { sinceMs, untilMs }: Pick<Backoff, 'sinceMs' | 'untilMs'>,
  nowMs: number,
): boolean {
  return nowMs < untilMs && sinceMs - nowMs <= correctedMs;
}

/** The wait between two token requests of one renewal: 0.5, 1, 2 s and so on to 8 s, up to 20 % longer at random. */
export function resendDelayMs(attempt: number, draw: number): number {
  return doublingMs(500, 8_000, attempt) * (1 + 0.2 * draw);
}

/** The wait between two tries of a store operation: 50 ms, doubling to 2 s, with a random factor between 0.5 and 1. */
export function storeRetryDelayMs(attempt: number, draw: number): number {
  return doublingMs(50, 2_000, attempt) * (0.5 + 0.5 * draw);
}

/** The wait between two late saves (a save that failed is repeated later): 1 s, doubling to a minute, with a random factor of 0.8 to 1. */
export function lateSaveDelayMs(attempt: number, draw: number): number {
  return doublingMs(1_000, 60_000, attempt) * (0.8 + 0.2 * draw);
}

/**
 * The wait before a retry with full jitter: a random part of `baseDelayMs`, doubled for each retry, up to `maxDelayMs` (AWS Architecture
 * Blog, "Exponential Backoff And Jitter"). The first retry is number 1.
 */
export function fullJitterMs(retry: number, baseDelayMs: number, maxDelayMs: number, draw: number): number {
  return draw * doublingMs(baseDelayMs, maxDelayMs, retry - 1);
}

/**
 * The waits before each reading of the store, one after another, when another process has redeemed the refresh token and may still be
 * saving the new pair.
 */
export const reloadAfterMs: readonly number[] = [0, 250, 500, 1_000, 2_000, 4_000];

/**
 * The waits before each repeated reading of the store, one after another, under a lock that was free when it was asked for. Its last holder
 * may have saved a pair a moment before, and a store whose reads lag (a replica) may not show it yet.
 */
export const afterReleaseMs: readonly number[] = [250, 500, 1_000];
/**
 * The same waits where the lock was held by another when it was asked for. They are not longer than that, because a lock that has to wait
 * for a free connection of a small pool looks as if it were held.
 */
export const afterContentionMs: readonly number[] = [...afterReleaseMs, 2_000];
