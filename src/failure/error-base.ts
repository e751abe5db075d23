import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { cleanCause } from '../text/clean-cause.js';
import { redact } from '../text/redact.js';
import { originalPrototypeOf } from './error-prototypes.js';
import { syntheticResponse } from './synthetic.js';
import type { Problem } from './problem.js';

/** The kinds of errors that this package raises itself. */
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

/** Why the user must authorize the application anew: see {@link ReauthenticationRequiredError}. */
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
  /** The path without the query, which may contain confidential values. */
  readonly path: string;
  /** The real answer, if there was one. */
  readonly response?: AxiosResponse | undefined;
  readonly request?: unknown;
}

/** The facts that an error of this package has beside its message. */
export interface ErrorDetails {
  readonly account?: string | undefined;
  readonly cause?: unknown;
  /** When another try can succeed. */
  readonly retryAt?: Date | undefined;
  /** The HTTP status that the error shows where there was no answer; each class has a default. */
  readonly status?: number | undefined;
  readonly reason?: ReauthenticationReason | undefined;
}

/** The facts of an error that was raised for one call. */
export interface ToldDetails extends ErrorDetails {
  readonly call?: FailedCall | undefined;
}

const brand = Symbol.for('axios-procore.error');
/**
 * The key of the summary and details that an error was made of. `retold` makes a copy of the error from them, in any copy of the package.
 */
const madeOf = Symbol.for('axios-procore.error-made-of');
const inspectCustom = Symbol.for('nodejs.util.inspect.custom');

/**
 * The common base of the errors of this package. They have `isAxiosError`, the application's own `config`, a `status` and a `response`, so
 * that existing handlers of axios errors work. Properties that are large or confidential are not enumerable, so that loggers do not print
 * them.
 */
export abstract class ProcoreErrorBase extends Error {
  abstract readonly code: ProcoreErrorCode;
  abstract readonly kind: ProcoreErrorKind;
  readonly isAxiosError = true;
  /** The HTTP status of the answer; without an answer, 401 where the user must log in, 429 for a rate limit, and 503 otherwise. */
  declare status: number;
  declare account?: string;
  /** When another try can succeed, as far as that is known. */
  declare retryAt?: Date;
  /** The classification of the failed call; absent on errors of the handle's own methods. */
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

  /** The fields that `JSON.stringify` shows. The configuration, headers and bodies are left out. */
  toJSON(): Record<string, unknown> {
    const { call, retryAt, reason } = partsOf(this).details;
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

/**
 * How `console.log` and `util.inspect` print these errors: the fields of `toJSON`, the stack, and the cause without its own properties. By
 * default Node would print every property, the configuration with its tokens among them.
 */
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

/** Makes `instanceof` hold for errors whose prototype was replaced by a copy, so that they are the application's `AxiosError` as well. */
Object.defineProperty(ProcoreErrorBase, Symbol.hasInstance, {
  value(this: { prototype: object }, value: unknown): boolean {
    if (typeof value !== 'object' || value === null) return false;
    const made = originalPrototypeOf(value);
    return (
      made !== null && (made === this.prototype || Object.prototype.isPrototypeOf.call(this.prototype, made))
    );
  },
});

/** Whether an error is of this package, or of another copy of it. */
export function isBranded(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}

/** The summary and details that an error of any copy of the package was made of. */
export function partsOf(error: object): { readonly summary: string; readonly details: ToldDetails } {
  return (error as { readonly [madeOf]: ReturnType<typeof partsOf> })[madeOf];
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
  // The synthetic response has a `Retry-After` header where an answer of the API would have one.
  const saysWhen = retryAt && (status === 429 || told !== undefined);
  const headers: Record<string, string> = saysWhen ? { 'retry-after': retryAfterAt(retryAt) } : {};
  return syntheticResponse(call?.config, status, { message }, headers);
}

/** An HTTP date has whole seconds; it is rounded up so that a client that waits for it does not come too early. */
function retryAfterAt(retryAt: Date): string {
  return new Date(Math.ceil(retryAt.getTime() / 1000) * 1000).toUTCString();
}
