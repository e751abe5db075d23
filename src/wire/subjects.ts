import { decodeClaims, epochMs, subjectOf } from '../token/token-set.js';

/** Whose token a bearer is, while it lives. */
export interface Bearer {
  readonly subject: string;
  readonly expiresAtMs: number;
}

/** Why such a call is not sent. */
export const mixedUsers: string =
  'it was not sent: calls on this instance carry bearers of different users, and the plugin would send them all as one. Tell whose tokens a call uses: option "account", or { procore: { account } } on the call.';

/** The user behind a bearer that is a live JWT; undefined for anything else, which tells nothing. */
export function liveBearer(token: string, nowMs: number): Bearer | undefined {
  const expiresAtMs = epochMs(decodeClaims(token)?.['exp']);
  const subject = subjectOf(token);
  if (subject === undefined || expiresAtMs === undefined) return undefined;
  return expiresAtMs > nowMs ? { subject, expiresAtMs } : undefined;
}

/** Whether a bearer belongs to another user than the one seen before, who is still logged in. */
export function isAnotherUser(seen: Bearer | undefined, bearer: Bearer, nowMs: number): boolean {
  return seen !== undefined && seen.expiresAtMs > nowMs && seen.subject !== bearer.subject;
}
