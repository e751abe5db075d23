import { randomBytes } from 'node:crypto';
import type { Pair } from './token-ledger.js';

/** Authorization codes of Procore are valid for ten minutes. */
const codeLifetimeMs = 10 * 60_000;

/** The result of presenting a code. `pair` is the pair that the code was redeemed for, now or earlier. */
type CodeRedemption = { kind: 'good'; pair: Pair } | { kind: 'spent'; pair: Pair } | { kind: 'unknown' };

/** The authorization codes. A code can be used once, and is bound to its user and to the redirect URI of its request. */
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
