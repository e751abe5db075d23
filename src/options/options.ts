import type { AxiosRequestConfig } from 'axios';
import type { Environment, EnvironmentName } from '../wire/environments.js';
import type { TokenSet, TokenStore } from '../store/store.js';

/** A Procore company's id: a string, because ids can exceed 32 bits, or a safe integer. */
export type CompanyId = string | number;

/** The grants that renew (RFC 6749, sections 4.4 and 6). */
export type RenewalGrant = { type: 'refresh_token'; refresh_token: string } | { type: 'client_credentials' };

/** The application's own way to present a grant, see `ProcoreOptions.exchange`. */
export type CustomExchange = (
  grant: RenewalGrant,
  context: { account: string; signal: AbortSignal },
) => Promise<TokenSet>;

/** Where the plugin writes; `console`, pino and winston fit, and see {@link LoggerWithLog}. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** A logger whose `log` does for `info`, as that of Nest. */
export type LoggerWithLog = Omit<Logger, 'info'> & { log(message: string): void };

/** Options of {@link attachProcore}. All times in milliseconds. */
export interface ProcoreOptions {
  /** The app's client id. */
  clientId: string;
  /** The app's client secret, or a function that fetches it at every renewal. Required unless `exchange` is given. */
  clientSecret?: string | (() => string | Promise<string>) | undefined;
  /** Which Procore the tokens are for: a name of {@link environments}, or two origins (http on loopback only). @default 'production' */
  environment?: EnvironmentName | { loginUrl: string; apiUrl: string } | undefined;
  /** Further origins that may have the token, exact (`https://procore-gateway.example.com`). @default [] */
  origins?: string[] | undefined;
  /** `'refresh_token'` for users, `'client_credentials'` for a service account. @default 'refresh_token' */
  grant?: 'refresh_token' | 'client_credentials' | undefined;
  /**
   * Token store callbacks. Required for `refresh_token`; `memoryTokenStore()` says that losing the pair at a restart is meant.
   * `docs/stores.md` has the rules that a store of your own keeps to, and `storeContract` of `axios-procore/store-contract` tests them.
   */
  store?: TokenStore | undefined;
  /**
   * Whose tokens a call uses; a function may return undefined to leave the call alone, and {@link accountBySubject} makes accounts of the
   * users themselves. Without it there is one account, and a call that brings the bearer of anybody else goes out as it came.
   *
   * @default 'default'
   */
  account?: string | ((config: AxiosRequestConfig) => string | undefined) | undefined;
  /** Sent as `Procore-Company-Id` where the call has none. @default none */
  companyId?: CompanyId | ((config: AxiosRequestConfig) => CompanyId | undefined) | undefined;
  /** Sent along on refresh where Procore wants it. @default none */
  redirectUri?: string | undefined;
  /** How tokens are renewed. */
  renewal?: RenewalOptions | undefined;
  /** How failed calls are repeated. `false`: not at all, but for the replay of a 401. */
  retry?: false | RetryOptions | undefined;
  /** Which calls share a limit. `false`: calls are not paced, and those that the server turns away wait each for itself. */
  rateLimit?: false | RateLimitOptions | undefined;
  /** What the application still does for itself. */
  legacy?: LegacyOptions | undefined;
  /** Milliseconds for any single wait of a call (rate limit, retry, token) and for the wait for the store's lock. @default 60000 */
  maxWaitMs?: number | undefined;
  /** Milliseconds for the whole call, waits and attempts included; then it ends with a `DeadlineError`. @default none */
  deadlineMs?: number | undefined;
  /** Presents a grant in the application's own way instead of the token endpoint; returns the answer as Procore sent it. */
  exchange?: CustomExchange | undefined;
  /** Gets each event as a line of text. @default none: warnings and errors go to `process.emitWarning` */
  logger?: Logger | LoggerWithLog | undefined;
  /**
   * What is attached to the instance already is detached first, and this attach goes on with its tokens and gates: for a module that runs
   * again in the same process (hot reload). @default false
   */
  replace?: boolean | undefined;
}

/** How tokens are renewed. All times in milliseconds. */
export interface RenewalOptions {
  /** Renew while calls go on with the old token; `false`: calls wait. @default true */
  background?: boolean | undefined;
  /** How long before expiry, never over half the life. @default 5 minutes or 10 % of the life, whichever is less */
  aheadMs?: number | undefined;
  /** How long a call waits for a renewal. @default 15000 */
  timeoutMs?: number | undefined;
  /** How long one token request may take: it outlives its waiters. @default 60000 */
  answerTimeoutMs?: number | undefined;
  /** All token requests, waits and saves of one renewal. @default 90000 */
  totalMs?: number | undefined;
  /** One load, save or release of the lock. @default 5000 */
  storeTimeoutMs?: number | undefined;
  /** Token requests under way at once, over all accounts of this client in the process. @default 8 */
  concurrency?: number | undefined;
  /** How often the same token is presented again after a lost answer. @default 3 */
  resendAfterLostAnswer?: number | undefined;
  /** Whether calls in flight finish before a renewal: always, never, or once the server has shown that it matters. @default 'learn' */
  drain?: 'learn' | boolean | undefined;
  /** How long they may take. @default 5000 */
  drainMs?: number | undefined;
}

/** How calls are paced by the rate-limit headers. */
export interface RateLimitOptions {
  /** Which calls share a limit; a function names the limit that a call counts against. @default 'account' */
  scope?: RateLimitScope | undefined;
}

/** Which calls share a limit. */
export type RateLimitScope = 'account' | 'account+company' | 'app' | ((config: AxiosRequestConfig) => string);

/** How the application's own older code is treated. */
export interface LegacyOptions {
  /**
   * The application's own token requests on this instance are answered from the plugin's renewal, and the answer of an authorization code
   * is saved to the store. Until there are tokens, calls go out with the bearer that they bring.
   *
   * @default false
   */
  takeOverRefresh?: boolean | undefined;
  /**
   * axios's own `timeout` bounds a whole call, waits and repetitions included, as it does without the plugin; `false`: it bounds each
   * attempt, and `deadlineMs` the call. Of `timeout` and `deadlineMs` the earlier ends the call.
   *
   * @default false
   */
  timeoutBoundsCall?: boolean | undefined;
}

/** How failed calls are repeated. */
export interface RetryOptions {
  /** How often a call is repeated. @default 4 */
  retries?: number | undefined;
  /** Milliseconds; the first wait is random between 0 and this, and the bound doubles. @default 500 */
  baseDelayMs?: number | undefined;
  /** Milliseconds; the bound never exceeds this. @default 30000 */
  maxDelayMs?: number | undefined;
}

/** Options of one call: `instance.get(url, { procore: { … } })`. */
export interface ProcoreRequestOptions {
  /** Whose tokens this call uses. */
  account?: string | undefined;
  /** This call's `Procore-Company-Id`. */
  companyId?: CompanyId | undefined;
  /** `false`: no token, no renewal; the call's own `Authorization` stays. */
  auth?: false | undefined;
  /** `false`, or other numbers than those of the attach. */
  retry?: false | RetryOptions | undefined;
  /** `true`: the call may be repeated although its method says otherwise; `false`: it may not. */
  idempotent?: boolean | undefined;
  /** Milliseconds for the whole call, waits included. */
  deadlineMs?: number | undefined;
  /** Makes the body, anew for each attempt, in place of `data`: a stream, `form-data`, bytes or text, or a promise of one. */
  body?: (() => unknown) | undefined;
}

/** Options with every default in place; shares no object with what the application passed, but for store and functions. */
export interface Settings {
  readonly clientId: string;
  readonly clientSecret: ProcoreOptions['clientSecret'];
  readonly environment: Environment;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly grant: 'refresh_token' | 'client_credentials';
  readonly store: TokenStore | undefined;
  readonly account: ProcoreOptions['account'];
  readonly companyId: ProcoreOptions['companyId'];
  readonly redirectUri: string | undefined;
  readonly renewal: Readonly<Required<Omit<RenewalOptions, 'aheadMs'>>> & {
    readonly aheadMs: number | undefined;
  };
  readonly retry: false | Readonly<Required<RetryOptions>>;
  readonly rateLimit: false | Readonly<Required<RateLimitOptions>>;
  readonly legacy: Readonly<Required<LegacyOptions>>;
  readonly maxWaitMs: number;
  readonly deadlineMs: number | undefined;
  readonly exchange: CustomExchange | undefined;
  readonly logger: Logger | LoggerWithLog | undefined;
  readonly replace: boolean;
}

/** What `renewal` means where it says nothing; `aheadMs` depends on the token. */
export const renewalDefaults: Settings['renewal'] = Object.freeze({
  aheadMs: undefined,
  background: true,
  timeoutMs: 15_000,
  answerTimeoutMs: 60_000,
  totalMs: 90_000,
  storeTimeoutMs: 5_000,
  concurrency: 8,
  resendAfterLostAnswer: 3,
  drain: 'learn',
  drainMs: 5_000,
});
/** What `legacy` means where it says nothing. */
export const legacyDefaults: Settings['legacy'] = Object.freeze({
  takeOverRefresh: false,
  timeoutBoundsCall: false,
});
/** What `rateLimit` means where it says nothing. */
export const rateLimitDefaults: Readonly<Required<RateLimitOptions>> = Object.freeze({ scope: 'account' });
/** What `retry` means where it says nothing. */
export const retryDefaults: Readonly<Required<RetryOptions>> = Object.freeze({
  retries: 4,
  baseDelayMs: 500,
  maxDelayMs: 30_000,
});
