import type { ProcoreEvents } from './events.js';

/** The levels of the log. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** An event with its details. */
export type Told = {
  [E in keyof ProcoreEvents]: { event: E; detail: ProcoreEvents[E] };
}[keyof ProcoreEvents];

/** Waits that are longer than this are a matter for people. */
const longWaitMs = 5_000;

const usual: Readonly<Record<keyof ProcoreEvents, Level>> = Object.freeze({
  'token-renewed': 'info',
  'token-adopted': 'info',
  'token-renewal-failed': 'warn',
  'token-save-failed': 'error',
  'token-saved-late': 'info',
  'reauthentication-required': 'error',
  'request-waiting': 'debug',
  'request-retried': 'debug',
  'request-settled': 'debug',
  'pacing-together': 'info',
  warning: 'warn',
});
const atDebug: readonly Level[] = ['debug'];
const atInfo: readonly Level[] = ['info'];
const atEither: readonly Level[] = ['debug', 'info'];
const reads = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The level of an event: the story of each call is at debug, and at info what a person should see of it, namely a long wait (where it
 * begins, if its length is known by then, and where the call ends), a closed gate (told by the first call that waits at it, not by all of
 * them) and a write that is sent again.
 */
export function levelOf(told: Told, nowMs: number): Level {
  return isForPeople(told, nowMs) ? 'info' : usual[told.event];
}

/** The levels that an event may have; `waitedMs` is how long its call has waited by now. */
export function levelsOf(event: keyof ProcoreEvents, waitedMs: number): readonly Level[] {
  if (event === 'request-settled') return waitedMs > longWaitMs ? atInfo : atDebug;
  return event === 'request-waiting' || event === 'request-retried' ? atEither : [usual[event]];
}

function isForPeople({ event, detail }: Told, nowMs: number): boolean {
  if (event === 'request-settled') return detail.waitedMs > longWaitMs;
  if (event === 'request-retried') return !reads.has(detail.method);
  if (event !== 'request-waiting' || !detail.until) return false;
  const isAtGate = detail.reason === 'rate-limit' || detail.reason === 'unavailable';
  return (isAtGate && detail.before === 0) || detail.until.getTime() - nowMs > longWaitMs;
}
