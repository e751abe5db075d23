import type { PacingStatus } from '../../pacing/status.js';
import { shortFingerprint } from '../pair/fingerprint.js';
import type { Freshness } from '../pair/freshness.js';
import type { Ledger } from '../pair/ledger.js';
import type { TokenEvents } from './token-events.js';

/** What `status()` shows of an account: no token, no secret. */
export interface TokenStatus {
  /** The account whose tokens these are. */
  account: string;
  /** `not-loaded`: no call has needed a token yet, or none for so long that the account was let go. */
  state: Freshness | 'not-loaded' | 'reauthentication-required';
  /** First 8 hex digits of the SHA-256 of the access token. */
  accessToken?: string;
  /** First 8 hex digits of the SHA-256 of the refresh token. */
  refreshToken?: string;
  /** When the access token expires, as far as that is known. */
  expiresAt?: Date;
  /** Last renewal or adoption by this process. */
  lastRenewal?: Date;
  /** A renewal is under way. */
  renewing: boolean;
  /** The newest pair is in memory only: see `unsavedTokens()`. */
  unsaved: boolean;
  /**
   * The rate limit of its calls. Missing before the first answer, with `rateLimit: false`, and where a function as `rateLimit.scope` decides
   * which calls share a limit.
   */
  pacing?: PacingStatus;
}

/** The status of one account; `stuck`: a person has to authorize it anew. */
export function statusOf(
  account: string,
  ledger: Ledger,
  shown: TokenEvents['shown'],
  {
    stuck,
    lastRenewalMs,
    renewing,
  }: { stuck: boolean; lastRenewalMs: number | undefined; renewing: boolean },
): TokenStatus {
  const { newest } = ledger;
  const refresh = newest?.held.refreshToken;
  return {
    account,
    state: stuck ? 'reauthentication-required' : newest ? ledger.freshness(newest) : 'not-loaded',
    ...(newest?.held.accessToken ? shown(newest) : {}),
    ...(refresh ? { refreshToken: shortFingerprint(refresh) } : {}),
    ...(lastRenewalMs === undefined ? {} : { lastRenewal: new Date(lastRenewalMs) }),
    renewing,
    unsaved: ledger.unsaved || ledger.isGone,
  };
}
