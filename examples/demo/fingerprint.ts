import { createHash } from 'node:crypto';

/** A token as events and the emulator's log show it: the first 8 hex digits of its SHA-256. */
export function fingerprintOf(token: string): string {
  return createHash('sha256').update(token).digest('hex').slice(0, 8);
}
