import { isDoubtful, localMs, type Scales } from './evidence.js';
import { localExpiryMs, type HeldTokens } from './token-set.js';

/**
 * What a call may do with the token in hand. `fresh`: use it. `aging`: use it, and renew meanwhile. `expired`: wait for the renewal.
 * `missing`: there is none.
 */
export type Freshness = 'missing' | 'fresh' | 'aging' | 'expired';

/** The freshness of the tokens at `nowMs`. */
export function freshnessOf(held: HeldTokens | undefined, nowMs: number, scales: Scales): Freshness {
  if (!held) return 'missing';
  if (!held.accessToken) return 'expired';
  if (isLongBeforeAnyEnd(held, nowMs, scales)) return 'fresh';
  const expiresAtMs = localExpiryMs(held, scales);
  if (expiresAtMs === undefined) return 'fresh';
  const leftMs = expiresAtMs - nowMs;
  if (leftMs < held.marginMs || leftMs <= 0) return 'expired';
  return leftMs <= held.aheadMs ? 'aging' : 'fresh';
}

/**
 * Whether every statement about the end of the token is far off, so that it does not matter which one is believed. This is so for nearly
 * every call, and quickly found out.
 */
function isLongBeforeAnyEnd(
  { evidence, aheadMs, marginMs }: HeldTokens,
  nowMs: number,
  scales: Scales,
): boolean {
  const untilMs = nowMs + Math.max(aheadMs, marginMs);
  for (const testimony of evidence) if (localMs(testimony, scales) <= untilMs) return false;
  return true;
}

/**
 * For so long after a renewal or an adoption the account is not renewed again, unless after a 401. So no value of any field leads to a
 * renewal for each call.
 */
const restMs = 5_000;
/** A token with a short life has to be renewed sooner, but never sooner than this, however short its life is said to be. */
const leastRestMs = 1_000;

/**
 * How a pair came: `renewed`, by a renewal of this process; `adopted`, from the store in the place of another pair; `first`, as the first
 * pair of this process.
 */
export type Arrival = 'renewed' | 'adopted' | 'first';

/** For how long a pair is used although what is known of its end says otherwise. */
export interface Trial {
  /** Until this moment the pair is not renewed because of its expiry. */
  readonly restsUntilMs: number;
  /** What the store says about its end may be wrong, so the pair is used until a call has shown whether it works. */
  readonly isDoubtful: boolean;
}

/** No trial: the application has brought the pair. */
export const noTrial: Trial = Object.freeze({ restsUntilMs: -Infinity, isDoubtful: false });

/**
 * The trial of a pair that has just come. A pair is not tried where it has certainly ended: by its JWT, or by the answer of the token endpoint to
 * this process. Nor is it tried where it cannot be renewed (`isRenewable`), because then no needless renewal can be avoided by it.
 */
export function trialOf(
  held: Pick<HeldTokens, 'evidence' | 'lifeMs' | 'aheadMs' | 'marginMs'>,
  { arrival, isRenewable }: { arrival: Arrival; isRenewable: boolean },
  nowMs: number,
  scales: Scales,
): Trial {
  const { evidence, lifeMs, aheadMs, marginMs } = held;
  const [best] = evidence;
  const isCertain = best?.source === 'exp' || best?.source === 'answer';
  const hasEnded = isCertain && localMs(best, scales) <= nowMs;
  const rests = arrival === 'renewed' || (arrival === 'adopted' && !hasEnded);
  const endsAtMs = localExpiryMs(held, scales) ?? Infinity;
  const isNearItsEnd = endsAtMs - nowMs <= Math.max(aheadMs, marginMs);
  return {
    restsUntilMs: rests ? nowMs + restOf(lifeMs) : -Infinity,
    isDoubtful: isRenewable && arrival !== 'renewed' && isNearItsEnd && isDoubtful(evidence, lifeMs, scales),
  };
}

function restOf(lifeMs = Infinity): number {
  return Math.max(leastRestMs, Math.min(restMs, 0.75 * lifeMs));
}

/** Whether the pair is used now, whatever is known of its end. `isAlive`: the API has accepted it. */
export function isTried({ restsUntilMs, isDoubtful: is }: Trial, isAlive: boolean, nowMs: number): boolean {
  // A moment that is further off than `restMs` means that the clock was set back; it does not count then.
  const rests = nowMs < restsUntilMs && restsUntilMs - nowMs <= restMs;
  return rests || (is && !isAlive);
}
