import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { cleanCause } from '../text/clean-cause.js';
import { redact } from '../text/redact.js';
import { originalPrototypeOf } from './kinship.js';
import { syntheticResponse } from './synthetic.js';
import type { Problem } from './problem.js';

/** What went wrong, for code that switches. */
export type ProcoreErrorKind =
  | 'reauthentication-required'
  | 'token-renewal-failed'
  | 'client-rejected'
  | 'token-store-failed'
  | 'rate-limited'
  | 'deadline'
  | 'wrong-environment'
  | 'account-undecided';

/** Stable identifiers of the errors that this package raises itself. */
export type ProcoreErrorCode =
  | 'ERR_PROCORE_REAUTHENTICATION_REQUIRED'
  | 'ERR_PROCORE_TOKEN_RENEWAL_FAILED'
  | 'ERR_PROCORE_CLIENT_REJECTED'
  | 'ERR_PROCORE_TOKEN_STORE_FAILED'
  | 'ERR_PROCORE_RATE_LIMITED'
  | 'ERR_PROCORE_DEADLINE'
  | 'ERR_PROCORE_WRONG_ENVIRONMENT'
  | 'ERR_PROCORE_ACCOUNT_UNDECIDED';

/** Why nobody but a person can go on: see {@link ReauthenticationRequiredError}. */
export type ReauthenticationReason =
  | 'no-tokens'
  | 'no-refresh-token'
  | 'refresh-token-invalid'
  | 'refresh-response-lost'
  | 'code-invalid'
  | 'code-response-lost';

/** The call that an error is raised for. */
export interface FailedCall {
  readonly config: AxiosRequestConfig;
  /** Path without query: queries hold what nobody wants in a log. */
  readonly path: string;
  /** The real answer, if there was one. */
  readonly response?: AxiosResponse | undefined;
  readonly request?: unknown;
}

/** What an error of this package says beside its message. */
export interface ErrorDetails {
  readonly account?: string | undefined;
  readonly cause?: unknown;
  /** When another try can succeed. */
  readonly retryAt?: Date | undefined;
  /** HTTP status for handlers, where there is no answer; each class has its own default. */
  readonly status?: number | undefined;
  readonly reason?: ReauthenticationReason | undefined;
}

/** What an error is made of, once it is told of a call. */
interface ToldDetails extends ErrorDetails {
  readonly call?: FailedCall | undefined;
}

const brand = Symbol.for('axios-procore.error');
/** What {@link retold} makes the same error of again, whichever copy of the package made it first. */
const madeOf = Symbol.for('axios-procore.error-made-of');
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * What the errors of this package have in common. They are `isAxiosError` with the application's own `config`, a `status` and a
 * `response`, so that legacy handlers go on working; what is heavy or confidential is not enumerable and shows up in no log.
 */
export abstract class ProcoreErrorBase extends Error {
  abstract readonly code: ProcoreErrorCode;
  abstract readonly kind: ProcoreErrorKind;
  readonly isAxiosError = true;
  /** HTTP status of the answer, else the one that a handler should act on. */
  declare status: number;
  declare account?: string;
  /** When another try can succeed, as far as it is known. */
  declare retryAt?: Date;
  /** What went wrong with the call, why, and what to do; absent on errors of the handle's own methods. */
  declare procore?: Problem;
  declare config?: AxiosRequestConfig;
  declare request?: unknown;
  /** The real answer if there was one, else a synthetic one with the header `x-axios-procore: synthetic`. */
  declare response: AxiosResponse;

  constructor(summary: string, details: ErrorDetails = {}, syntheticStatus = 503) {
    const { call } = details as ToldDetails;
    super(call ? `${method(call.config)} ${call.path}: ${summary}` : summary);
    this.status = call?.response?.status ?? details.status ?? syntheticStatus;
    if (details.retryAt) this.retryAt = details.retryAt;
    if (details.account !== undefined) this.account = details.account;
    Object.defineProperty(this, brand, { value: true });
    const cause = cleanCause(details.cause);
    Object.defineProperty(this, madeOf, { value: { summary, details: { ...details, cause } } });
    hide(this, 'cause', cause);
    hide(this, 'config', call?.config);
    hide(this, 'request', call?.request);
    hide(this, 'response', call?.response ?? synthetic(this.status, this.message, details));
  }

  /** What `JSON.stringify` shows: no configuration, no headers, no body. */
  toJSON(): Record<string, unknown> {
    const { call, retryAt, reason } = detailsOf(this);
    return {
      name: this.name,
      message: this.message,
      code: this.code,
      kind: this.kind,
      status: this.status,
      ...(this.account === undefined ? {} : { account: this.account }),
      ...(reason ? { reason } : {}),
      ...(retryAt ? { retryAt: retryAt.toISOString() } : {}),
      ...(call ? { method: method(call.config), path: call.path } : {}),
    };
  }
}

/** Node prints errors with all they carry; ours print what `toJSON` shows, the stack, and a cause without its belongings. */
Object.defineProperty(ProcoreErrorBase.prototype, inspectCustom, {
  value(this: ProcoreErrorBase): string {
    const { name: _name, message: _message, ...rest } = this.toJSON();
    const shown = `${this.stack ?? this.message} ${JSON.stringify(rest)}`;
    if (this.cause === undefined) return shown;
    const cause =
      this.cause instanceof Error ? `${this.cause.name}: ${this.cause.message}` : typeof this.cause;
    return `${shown}\n  [cause]: ${redact(cause)}`;
  },
});

/** True for what a class of this package made, also where the error is one of the application's axios's as well. */
Object.defineProperty(ProcoreErrorBase, Symbol.hasInstance, {
  value(this: { prototype: object }, value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const made = originalPrototypeOf(value);
    return (
      made !== null && (made === this.prototype || Object.prototype.isPrototypeOf.call(this.prototype, made))
    );
  },
});

/** Nobody but a person can go on: the account must be authorised anew in a browser. */
export class ReauthenticationRequiredError extends ProcoreErrorBase {
  override readonly name = 'ReauthenticationRequiredError';
  readonly code = 'ERR_PROCORE_REAUTHENTICATION_REQUIRED';
  readonly kind = 'reauthentication-required';
  /**
   * `no-tokens`: the store has none. `no-refresh-token`: only an access token, and it has expired. `refresh-token-invalid`: spent
   * elsewhere or revoked. `refresh-response-lost`: redeemed, and the answer never arrived. From `exchangeCode`, `code-invalid`: used,
   * expired, or asked for with another redirect URI; `code-response-lost`: presented, and the answer never arrived.
   */
  readonly reason: ReauthenticationReason;

  constructor(summary: string, details: ErrorDetails & { reason: ReauthenticationReason }) {
    super(summary, details, 401);
    this.reason = details.reason;
  }
}

/** The renewal ended without a verdict; the refresh token is kept, and another try may succeed. */
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

/** The store could not be read, written or locked, or returned what is no token set. Nothing was redeemed. */
export class TokenStoreError extends ProcoreErrorBase {
  override readonly name = 'TokenStoreError';
  readonly code = 'ERR_PROCORE_TOKEN_STORE_FAILED';
  readonly kind = 'token-store-failed';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** The call was not sent: the limit opens later than the call may wait. */
export class RateLimitedError extends ProcoreErrorBase {
  override readonly name = 'RateLimitedError';
  readonly code = 'ERR_PROCORE_RATE_LIMITED';
  readonly kind = 'rate-limited';
  /** When calls may leave again. */
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

/** The call goes to another Procore environment than its tokens: it was not sent. */
export class WrongEnvironmentError extends ProcoreErrorBase {
  override readonly name = 'WrongEnvironmentError';
  readonly code = 'ERR_PROCORE_WRONG_ENVIRONMENT';
  readonly kind = 'wrong-environment';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** A call brings no bearer where there are tokens of several users: it was not sent, because many users must never run as one. */
export class AccountUndecidedError extends ProcoreErrorBase {
  override readonly name = 'AccountUndecidedError';
  readonly code = 'ERR_PROCORE_ACCOUNT_UNDECIDED';
  readonly kind = 'account-undecided';

  constructor(summary: string, details: ErrorDetails = {}) {
    super(summary, details);
  }
}

/** Any of the errors that this package raises itself: `code` tells which, and narrows. */
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
 * True for the errors that this package raises itself, whichever copy of it did.
 *
 * @example
 * if (isProcoreError(error) && error.code === 'ERR_PROCORE_REAUTHENTICATION_REQUIRED') sendToLogin(error.reason);
 */
export function isProcoreError(error: unknown): error is ProcoreError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** The same failure, told of one call: its method and path in the message, its `config` and answer on the error. */
export function forCall<E extends ProcoreError>(error: E, call: FailedCall): E {
  return retold(error, { call });
}

/** The same failure with more known about it. */
export function retold<E extends ProcoreError>(error: E, more: ToldDetails): E {
  const { summary, details } = (error as unknown as Made)[madeOf];
  const Same = error.constructor as new (summary: string, details: ToldDetails) => E;
  return new Same(summary, { ...details, ...more });
}

interface Made {
  readonly [madeOf]: { readonly summary: string; readonly details: ToldDetails };
}

function detailsOf(error: ProcoreErrorBase): ToldDetails {
  return (error as unknown as Made)[madeOf].details;
}

function hide(
  error: ProcoreErrorBase,
  name: 'cause' | 'config' | 'request' | 'response',
  value: unknown,
): void {
  if (value === undefined && name !== 'config') return;
  Object.defineProperty(error, name, { value, writable: true, configurable: true, enumerable: false });
}

function method(config: AxiosRequestConfig): string {
  return (config.method ?? 'get').toUpperCase();
}

function synthetic(
  status: number,
  message: string,
  { call, retryAt, status: told }: ToldDetails,
): AxiosResponse {
  // What stands for an answer of the API says when, as the API does.
  const saysWhen = retryAt && (status === 429 || told !== undefined);
  const headers: Record<string, string> = saysWhen ? { 'retry-after': retryAfterAt(retryAt) } : {};
  return syntheticResponse(call?.config, status, { message }, headers);
}

/** An HTTP date has whole seconds: rounded up, so that nobody comes back too early. */
function retryAfterAt(retryAt: Date): string {
  return new Date(Math.ceil(retryAt.getTime() / 1000) * 1000).toUTCString();
}
