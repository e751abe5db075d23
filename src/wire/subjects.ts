import { decodeClaims, epochMs } from '../token/token-set.js';

/** Whose token a bearer is, while it lives. */
export interface Bearer {
  readonly subject: string;
  readonly expiresAtMs: number;
}

/** The user behind a bearer that is a live JWT; undefined for anything else, which tells nothing. */
export function liveBearer(token: string, nowMs: number): Bearer | undefined {
  const claims = decodeClaims(token);
  const subject = claims?.['sub'];
  const expiresAtMs = epochMs(claims?.['exp']);
  if ((typeof subject !== 'string' && typeof subject !== 'number') || expiresAtMs === undefined)
    return undefined;
  return expiresAtMs > nowMs ? { subject: String(subject), expiresAtMs } : undefined;
}

/** Whether a bearer belongs to another user than the one seen before, who is still logged in. */
export function isAnotherUser(seen: Bearer | undefined, bearer: Bearer, nowMs: number): boolean {
  return seen !== undefined && seen.expiresAtMs > nowMs && seen.subject !== bearer.subject;
}
