import { localMs, type Scales } from './evidence.js';
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
