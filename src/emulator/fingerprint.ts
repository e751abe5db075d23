import { createHash } from 'node:crypto';

/** The first 8 hex digits of the SHA-256 of a token, for logs in which the token must not appear. */
export function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8);
}
