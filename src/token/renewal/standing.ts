import { retold, type ProcoreError } from '../../failure/errors.js';
import { afterFailure, isBackingOff, noBackoff, type Backoff } from '../../time/backoff.js';
import type { RenewalFailure } from '../told/failures.js';

/** What earlier renewals have shown, and for how long it counts. */
export interface Verdicts {
  /** Only a person can authorize the account anew. The store is read again all the same, at most once a second. */
  readonly dead?: { readonly error: ProcoreError; readonly checkedAtMs: number } | undefined;
  /** The client is set up wrongly: remembered for a minute, unless each call may come with another secret. */
  readonly rejected?: {
    readonly error: ProcoreError;
    readonly sinceMs: number;
    readonly untilMs: number;
    readonly secretMayChange: boolean;
  };
  /** Renewals without a verdict. */
  readonly undecided?: { readonly error: ProcoreError; readonly backoff: Backoff };
  /** The store could not be read or locked: the background leaves it alone for a while. */
  readonly store: Backoff;
}

/** Nothing has happened. */
export const noVerdicts: Verdicts = Object.freeze({ store: noBackoff });

/** Whether nothing is held against the next renewal. */
export function isClear({ dead, rejected, undecided, store }: Verdicts): boolean {
  return !dead && !rejected && !undecided && store === noBackoff;
}

const recheckMs = 1_000;
const rejectedMs = 60_000;

/** Who wants to renew: a call, or the application itself, which does not wait for a back-off. */
export type Wish = 'automatic' | 'asked';

/** Why a renewal that somebody waits for must not start now; undefined: it may. */
export function objection(verdicts: Verdicts, wish: Wish, nowMs: number): ProcoreError | undefined {
  const { dead, rejected, undecided } = verdicts;
  // After a clock was set back the second must not become an hour.
  if (dead && Math.abs(nowMs - dead.checkedAtMs) < recheckMs) return dead.error;
  if (isRejected(verdicts, nowMs) && !rejected?.secretMayChange) return rejected?.error;
  if (undecided && wish !== 'asked' && isBackingOff(undecided.backoff, nowMs)) return undecided.error;
  return undefined;
}

/** Whether the client was refused less than a minute ago. */
export function isRejected({ rejected }: Verdicts, nowMs: number): boolean {
  return rejected !== undefined && isBackingOff(rejected, nowMs);
}

/** Whether a renewal may start while calls go on without it. */
export function mayRenewInBackground(verdicts: Verdicts, nowMs: number): boolean {
  return (
    !isBackingOff(verdicts.store, nowMs) &&
    !isRejected(verdicts, nowMs) &&
    objection(verdicts, 'automatic', nowMs) === undefined
  );
}

/** After a renewal that failed; the error is the one that calls get from now on. */
export function afterRenewalFailure(
  verdicts: Verdicts,
  failure: RenewalFailure,
  nowMs: number,
  draw: number,
): { verdicts: Verdicts; error: ProcoreError } {
  const { verdict, error } = failure;
  switch (verdict) {
    case 'dead':
      return { verdicts: { ...verdicts, dead: { error, checkedAtMs: nowMs } }, error };
    case 'rejected':
      return {
        verdicts: {
          ...verdicts,
          rejected: {
            error,
            sinceMs: nowMs,
            untilMs: nowMs + rejectedMs,
            secretMayChange: failure.secretMayChange ?? false,
          },
        },
        error,
      };
    case 'undecided': {
      const backoff = afterFailure(verdicts.undecided?.backoff ?? noBackoff, nowMs, draw, failure.retryAtMs);
      const timed = retold(error, { retryAt: new Date(backoff.untilMs) });
      return { verdicts: { ...verdicts, undecided: { error: timed, backoff } }, error: timed };
    }
    case 'store':
    case 'garbage':
      return { verdicts: { ...verdicts, store: afterFailure(verdicts.store, nowMs, draw) }, error };
  }
}
