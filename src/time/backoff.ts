import { longestToldMs } from '../wire/server-wait.js';

/** Renewals that ended without a verdict, and when the next automatic one may start. */
export interface Backoff {
  readonly failures: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** No failure: renew at will. */
export const noBackoff: Backoff = Object.freeze({ failures: 0, sinceMs: 0, untilMs: 0 });

const firstMs = 5_000;
const longestMs = 5 * 60_000;

/** After another failure: 5 s, doubling to 5 minutes, up to 20 % more by chance; a moment that the server named counts if it is later, at most an hour. */
export function afterFailure(backoff: Backoff, nowMs: number, draw: number, toldUntilMs = 0): Backoff {
  const waitMs = Math.min(firstMs * 2 ** backoff.failures, longestMs) * (1 + 0.2 * draw);
  const toldMs = Math.min(toldUntilMs, nowMs + longestToldMs);
  return { failures: backoff.failures + 1, sinceMs: nowMs, untilMs: Math.max(nowMs + waitMs, toldMs) };
}

/** Whether it is too early. A clock that was set back must not make hours of minutes. */
export function isBackingOff({ sinceMs, untilMs }: Backoff, nowMs: number): boolean {
  return nowMs >= sinceMs && nowMs < untilMs;
}

/** Between two presentations in one renewal: 0.5, 1, 2 s and so on to 8 s, up to 20 % more by chance. */
export function resendDelayMs(attempt: number, draw: number): number {
  return Math.min(500 * 2 ** attempt, 8_000) * (1 + 0.2 * draw);
}

/** Between two tries of the store: 50 ms, doubling to 2 s, full of chance in its upper half. */
export function storeRetryDelayMs(attempt: number, draw: number): number {
  return Math.min(50 * 2 ** attempt, 2_000) * (0.5 + 0.5 * draw);
}

/** Between two late saves: 1 s, doubling to a minute. */
export function lateSaveDelayMs(attempt: number, draw: number): number {
  return Math.min(1_000 * 2 ** attempt, 60_000) * (0.8 + 0.2 * draw);
}

/** When the store is read again for what a winner elsewhere may still be saving: each wait follows the one before. */
export const reloadAfterMs: readonly number[] = [0, 250, 500, 1_000, 2_000, 4_000];

/**
 * When the store is read again under a lock that nobody was seen to hold a moment ago: who held it last may have saved right before, and
 * reads may show that late. Each wait follows the one before.
 */
export const afterReleaseMs: readonly number[] = [250, 500, 1_000];
/** The same where somebody was seen to hold it. No longer, for a lock that takes one of few connections looks held as well. */
export const afterContentionMs: readonly number[] = [...afterReleaseMs, 2_000];
