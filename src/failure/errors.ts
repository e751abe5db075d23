import {
  isBranded,
  partsOf,
  ProcoreErrorBase,
  type ErrorDetails,
  type FailedCall,
  type ReauthenticationReason,
  type ToldDetails,
} from './error-base.js';

/** The user must authorize the application anew in a browser; no retry helps. */
export class ReauthenticationRequiredError extends ProcoreErrorBase {
  override readonly name = 'ReauthenticationRequiredError';
  readonly code = 'ERR_PROCORE_REAUTHENTICATION_REQUIRED';
  readonly kind = 'reauthentication-required';
  /**
   * `no-tokens`: the store has no tokens. `no-refresh-token`: there is only an access token, and it has expired. `refresh-token-invalid`:
   * the refresh token was redeemed elsewhere or revoked. `refresh-response-lost`: it was redeemed, and the answer with the new pair never
   * arrived. From `exchangeCode` only, `code-invalid`: the code was used before, has expired, or was requested with another redirect URI;
   * `code-response-lost`: the code was sent, and the answer never arrived.
   */
  readonly reason: ReauthenticationReason;

  constructor(summary: string, details: ErrorDetails & { reason: ReauthenticationReason }) {
    super(summary, details, 401);
    this.reason = details.reason;
  }
}

/** A renewal failed without an answer that decides over the refresh token. The token is kept, and another try may succeed. */
export class TokenRenewalError extends ProcoreErrorBase {
  override readonly name = 'TokenRenewalError';
  readonly code = 'ERR_PROCORE_TOKEN_RENEWAL_FAILED';
  readonly kind = 'token-renewal-failed';
  /** When the next automatic renewal may start; absent while one is under way. */
  declare retryAt?: Date;

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** The token endpoint refused the client itself: wrong id, secret, grant or redirect URI. */
export class ClientRejectedError extends ProcoreErrorBase {
  override readonly name = 'ClientRejectedError';
  readonly code = 'ERR_PROCORE_CLIENT_REJECTED';
  readonly kind = 'client-rejected';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** The store could not be read, written or locked, or returned something that is no token set. No refresh token was redeemed. */
export class TokenStoreError extends ProcoreErrorBase {
  override readonly name = 'TokenStoreError';
  readonly code = 'ERR_PROCORE_TOKEN_STORE_FAILED';
  readonly kind = 'token-store-failed';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** The call was not sent, because the rate limit ends later than the call may wait (`maxWaitMs`, deadline, timeout). */
export class RateLimitedError extends ProcoreErrorBase {
  override readonly name = 'RateLimitedError';
  readonly code = 'ERR_PROCORE_RATE_LIMITED';
  readonly kind = 'rate-limited';
  /** When calls may be sent again. */
  declare retryAt?: Date;

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details, 429);
  }
}

/** The call's `deadlineMs` has passed. */
export class DeadlineError extends ProcoreErrorBase {
  override readonly name = 'DeadlineError';
  readonly code = 'ERR_PROCORE_DEADLINE';
  readonly kind = 'deadline';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** The call was not sent, because it goes to another Procore environment than its tokens are for. */
export class WrongEnvironmentError extends ProcoreErrorBase {
  override readonly name = 'WrongEnvironmentError';
  readonly code = 'ERR_PROCORE_WRONG_ENVIRONMENT';
  readonly kind = 'wrong-environment';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/**
 * The call was not sent, because it has no bearer token that tells its user, and there are tokens of several users. Nobody's call may run
 * with another user's tokens.
 */
export class AccountUndecidedError extends ProcoreErrorBase {
  override readonly name = 'AccountUndecidedError';
  readonly code = 'ERR_PROCORE_ACCOUNT_UNDECIDED';
  readonly kind = 'account-undecided';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** Any of the errors that this package raises itself; `code` narrows the type. */
export type ProcoreError =
  | ReauthenticationRequiredError
  | TokenRenewalError
  | ClientRejectedError
  | TokenStoreError
  | RateLimitedError
  | DeadlineError
  | WrongEnvironmentError
  | AccountUndecidedError;

/** Base of these errors, for `instanceof`; {@link isProcoreError} also knows those of another copy of the package. */
export const ProcoreError: abstract new (summary: string, details?: ErrorDetails) => ProcoreError =
  ProcoreErrorBase as never;

/**
 * True for the errors that this package raises itself, also for those of another installed copy of it.
 *
 * @example
 * if (isProcoreError(error) && error.code === 'ERR_PROCORE_REAUTHENTICATION_REQUIRED') sendToLogin(error.reason);
 */
export function isProcoreError(error: unknown): error is ProcoreError {
  return isBranded(error);
}

/** A copy of the error for one call, with the call's method and path in the message, and its `config` and answer on the error. */
export function forCall<E extends ProcoreError>(error: E, call: FailedCall): E {
  return retold(error, { call });
}

/** A copy of the error with more details. */
export function retold<E extends ProcoreError>(error: E, more: ToldDetails): E {
  const { summary, details } = partsOf(error);
  const Same = error.constructor as new (summary: string, details: ToldDetails) => E;
  return new Same(summary, { ...details, ...more });
}
