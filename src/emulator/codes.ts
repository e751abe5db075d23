import { randomBytes } from 'node:crypto';

/** Procore: an authorisation code is good for ten minutes. */
const codeLifetimeMs = 10 * 60_000;

/** Authorisation codes: single use, bound to the redirect URI that they were issued for. */
export interface Codes {
  issue(redirectUri: string): string;
  /** Redeems a code; a wrong redirect URI leaves it unspent. */
  redeem(code: string, redirectUri: string): 'good' | 'spent' | 'unknown';
}

/** `now` in milliseconds. */
export function createCodes(now: () => number): Codes {
  const issued = new Map<string, { redirectUri: string; expiresAtMs: number; spent: boolean }>();
  return {
    issue(redirectUri) {
      const code = randomBytes(32).toString('hex');
      issued.set(code, { redirectUri, expiresAtMs: now() + codeLifetimeMs, spent: false });
      return code;
    },
    redeem(code, redirectUri) {
      const entry = issued.get(code);
      if (entry === undefined) return 'unknown';
      if (entry.spent) return 'spent';
      if (entry.redirectUri !== redirectUri || now() >= entry.expiresAtMs) return 'unknown';
      entry.spent = true;
      return 'good';
    },
  };
}
