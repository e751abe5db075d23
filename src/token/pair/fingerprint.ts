import { createHash } from 'node:crypto';

/** The SHA-256 of a token in hex, by which the token is named and compared without being kept. */
export function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The first 16 hex digits of a fingerprint, by which saved sets name tokens: 64 bits are enough to tell the tokens of one account apart. */
export function savedFingerprint(token: string): string {
  return ofSaved(fingerprint(token));
}

/** As {@link savedFingerprint}, of a whole fingerprint. */
export function ofSaved(tokenFingerprint: string): string {
  return tokenFingerprint.slice(0, 16);
}

/** The first 8 hex digits of a fingerprint, which events, logs and `status()` show. */
export function shortFingerprint(token: string): string {
  return fingerprint(token).slice(0, 8);
}
