import { randomBytes } from 'node:crypto';
import type { Pair } from './token-ledger.js';

/** Procore: an authorisation code is good for ten minutes. */
const codeLifetimeMs = 10 * 60_000;

/** What presenting a code leads to; `pair` is what it was redeemed for, now or before. */
export type CodeRedemption =
  { kind: 'good'; pair: Pair } | { kind: 'spent'; pair: Pair } | { kind: 'unknown' };

/** Authorisation codes: single use, bound to the user who agreed and to the redirect URI that they were issued for. */
export interface Codes {
  issue(redirectUri: string, userId: number): string;
  /** Redeems a code; a wrong redirect URI leaves it unspent. */
  redeem(code: string, redirectUri: string, pairFor: (userId: number) => Pair): CodeRedemption;
}

interface Issued {
  readonly redirectUri: string;
  readonly userId: number;
  readonly expiresAtMs: number;
  pair?: Pair;
}

/** `now` in milliseconds. */
export function createCodes(now: () => number): Codes {
  const issued = new Map<string, Issued>();
  return {
    issue(redirectUri, userId) {
      const code = randomBytes(32).toString('hex');
      issued.set(code, { redirectUri, userId, expiresAtMs: now() + codeLifetimeMs });
      return code;
    },
    redeem(code, redirectUri, pairFor) {
      const entry = issued.get(code);
      if (entry === undefined) return { kind: 'unknown' };
      if (entry.pair) return { kind: 'spent', pair: entry.pair };
      if (entry.redirectUri !== redirectUri || now() >= entry.expiresAtMs) return { kind: 'unknown' };
      entry.pair = pairFor(entry.userId);
      return { kind: 'good', pair: entry.pair };
    },
  };
}
