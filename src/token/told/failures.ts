import { logIn } from '../../failure/catalogue.js';
import {
  ClientRejectedError,
  ReauthenticationRequiredError,
  TokenRenewalError,
  TokenStoreError,
  type ProcoreError,
} from '../../failure/errors.js';
import type { ReauthenticationReason } from '../../failure/error-base.js';
import type { GrantType } from '../pair/comparison.js';

/** A renewal that failed. */
export interface RenewalFailure {
  readonly kind: 'failed';
  /** `undecided`: no verdict, the token is kept. `store`: nothing was redeemed; `garbage`: nor will it be the next time. */
  readonly verdict: 'undecided' | 'store' | 'garbage' | 'dead' | 'rejected';
  readonly error: ProcoreError;
  /** The next call may come with another client secret. */
  readonly secretMayChange?: true | undefined;
  /** Not before: the server said so. */
  readonly retryAtMs?: number;
}

/** What the failures of one account's renewals are called. */
export interface Failures {
  dead(reason: Exclude<ReauthenticationReason, 'no-tokens'>, why?: string, cause?: unknown): RenewalFailure;
  /** The store has none; `before`: it had some. */
  noTokens(before: boolean): RenewalFailure;
  /** The row that held the pair in hand is no longer in the store. */
  gone(): RenewalFailure;
  /** `secretMayChange`: a function gives the secret, and is asked again at the next call. */
  rejected(why: string, secretMayChange?: true): RenewalFailure;
  undecided(why: string, retryAtMs?: number, cause?: unknown): RenewalFailure;
  store(why: string, cause?: unknown, garbage?: boolean): RenewalFailure;
  /** Somebody else has redeemed the token and could not save the new pair so far. */
  elsewhere(): RenewalFailure;
}

const causes: Record<Exclude<ReauthenticationReason, 'no-tokens'>, string> = {
  'no-refresh-token': 'its access token is no longer good, and the store has no refresh token for it',
  'refresh-token-invalid': 'its refresh token is spent or revoked',
  'refresh-response-lost': 'its refresh token was redeemed and the answer never arrived',
  'code-invalid': 'the authorization code is used or expired, or was asked for with another redirectUri',
  'code-response-lost':
    'the authorization code was presented, the answer never arrived, and a code works once',
};

/**
 * Words the failures of one account. `why` holds no secret. `takesOver`: the tokens of the application's own log-in are taken over, and it
 * may have no handle to hand others to.
 */
export function failuresOf(
  account: string,
  grant: GrantType,
  takesOver: () => boolean = () => false,
): Failures {
  const remedy = () =>
    takesOver()
      ? "Send its user through the application's own log-in: its tokens are taken over from there"
      : `Send its user through the browser (${logIn}), or hand new tokens to setTokens()`;
  const name = JSON.stringify(account);
  const kept = grant === 'refresh_token' ? `; the refresh token of account ${name} is kept` : '';
  return {
    noTokens(before) {
      const summary = before
        ? `account ${name} must be authorized anew: its tokens have been revoked or removed. ${remedy()}.`
        : `account ${name} is not authorized yet: the store has no tokens for it. ${remedy()}.`;
      const error = new ReauthenticationRequiredError(summary, { account, reason: 'no-tokens' });
      return { kind: 'failed', verdict: 'dead', error };
    },
    gone() {
      const summary = `account ${name} must be authorized anew: the store had its tokens and no longer has them, so somebody has deleted them. Nothing was redeemed or written; unsavedTokens() has them. ${remedy()}, or put the row back.`;
      const error = new ReauthenticationRequiredError(summary, { account, reason: 'no-tokens' });
      return { kind: 'failed', verdict: 'dead', error };
    },
    dead(reason, why, cause) {
      const detail = why ? ` (asked for a token, ${why})` : '';
      const summary = `account ${name} must be authorized anew: ${causes[reason]}${detail}. ${remedy()}.`;
      return {
        kind: 'failed',
        verdict: 'dead',
        error: new ReauthenticationRequiredError(summary, { account, reason, cause }),
      };
    },
    rejected(why, secretMayChange) {
      const summary = `the token endpoint refused this client: asked for a token, ${why}. Check clientId, clientSecret, redirectUri and environment${kept}.`;
      const error = new ClientRejectedError(summary, { account });
      return { kind: 'failed', verdict: 'rejected', error, secretMayChange };
    },
    undecided(why, retryAtMs, cause) {
      const summary = `the tokens of account ${name} could not be renewed: asked for a token, ${why}${kept}.`;
      const error = new TokenRenewalError(summary, { account, cause });
      return {
        kind: 'failed',
        verdict: 'undecided',
        error,
        ...(retryAtMs === undefined ? {} : { retryAtMs }),
      };
    },
    elsewhere() {
      const summary = `the tokens of account ${name} have been renewed by another process, which could not save them so far. Repair the store.`;
      return { kind: 'failed', verdict: 'store', error: new TokenStoreError(summary, { account }) };
    },
    store(why, cause, garbage = false) {
      const summary = `the token store failed for account ${name}: ${why}. Nothing was redeemed; once the store works, calls go on.`;
      const error = new TokenStoreError(summary, { account, cause });
      return { kind: 'failed', verdict: garbage ? 'garbage' : 'store', error };
    },
  };
}
