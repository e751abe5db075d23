import { createHash } from 'node:crypto';

/** SHA-256 in hex: names a token without being one. */
export function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The first 8 hex digits: what events, logs and `status()` show. */
export function shortFingerprint(token: string): string {
  return fingerprint(token).slice(0, 8);
}
