import { isDoubtful, localMs, type Scales } from './evidence.js';
import { localExpiryMs, type HeldTokens } from './token-set.js';

/**
 * What a call may do with the token in hand. `fresh`: use it. `aging`: use it, and renew meanwhile. `expired`: wait for the renewal.
 * `missing`: there is none.
 */
export type Freshness = 'missing' | 'fresh' | 'aging' | 'expired';

/** Freshness at `nowMs`. */
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

/** Whichever testimony is believed: this is the answer for nearly every call, and takes no weighing. */
function isLongBeforeAnyEnd(
  { evidence, aheadMs, marginMs }: HeldTokens,
  nowMs: number,
  scales: Scales,
): boolean {
  const untilMs = nowMs + Math.max(aheadMs, marginMs);
  for (const testimony of evidence) if (localMs(testimony, scales) <= untilMs) return false;
  return true;
}

/** So long after a renewal or an adoption the account is not renewed again, unless a 401 asks for it: no input makes a renewal per call. */
const restMs = 5_000;
/** Less for a token that lives for less, which must be renewed before its end; but whatever is said of its life, it is this. */
const leastRestMs = 1_000;

/** How a pair came to be held: by a renewal of ours, from a store in the place of another pair, or as the first one of this process. */
export type Arrival = 'renewed' | 'adopted' | 'first';

/** What is given to a pair before its columns are believed. */
export interface Trial {
  /** Until then it is not renewed for its expiry. */
  readonly restsUntilMs: number;
  /** It is used until a call has shown whether it is alive: what the store says of its end may be wrong. */
  readonly isDoubtful: boolean;
}

/** Nothing: the application has brought it. */
export const noTrial: Trial = Object.freeze({ restsUntilMs: -Infinity, isDoubtful: false });

/**
 * The trial of a pair that has just come. One that has ended by its JWT, or by what the token endpoint told this process, cannot be tried;
 * `isRenewable`: where nothing could be renewed by mistake, no call is spent on finding out.
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

/** Whether a pair is used now whatever is said of its end; `isAlive`: the API has accepted it. */
export function isTried({ restsUntilMs, isDoubtful: is }: Trial, isAlive: boolean, nowMs: number): boolean {
  // Further off than it can be: the clock was set back.
  const rests = nowMs < restsUntilMs && restsUntilMs - nowMs <= restMs;
  return rests || (is && !isAlive);
}
