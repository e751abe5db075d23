import type { AxiosRequestConfig } from 'axios';
import type { SharedPacing } from '../pacing/shared/exchange.js';
import type { Environment, EnvironmentName } from '../wire/environments.js';
import type { TokenSet, TokenStore } from '../store/store.js';

/** A Procore company's id: a string or a bigint, because ids can exceed 32 bits, or a safe integer. */
export type CompanyId = string | number | bigint;

/** The grants by which tokens are renewed (RFC 6749, sections 4.4 and 6). */
export type RenewalGrant = { type: 'refresh_token'; refresh_token: string } | { type: 'client_credentials' };

/** The application's own function for token requests: see `ProcoreOptions.exchange`. */
export type CustomExchange = (
  grant: RenewalGrant,
  context: { account: string; signal: AbortSignal },
) => Promise<TokenSet>;

/** An event and its details, as second argument beside the line that says the same in words. Dates are in ISO 8601. */
export interface LogFields {
  /** The name of the event, such as `token-renewed`. */
  readonly event: string;
  readonly [name: string]: string | number | boolean;
}

/**
 * Where the plugin writes: one line of text, and the same as fields. `console`, pino, winston, bunyan, log4js, loglevel and consola fit, and
 * see {@link LoggerWithLog}.
 */
export interface Logger {
  /** What happens all the time. */
  debug(message: string, fields: LogFields): void;
  /** What happens now and then in normal operation, such as a renewal. */
  info(message: string, fields: LogFields): void;
  /** What should be looked at. */
  warn(message: string, fields: LogFields): void;
  /** What needs somebody to act. */
  error(message: string, fields: LogFields): void;
  /** Lines of a level for which this returns false are not made; pino, winston and log4js have it. */
  isLevelEnabled?: ((level: 'debug' | 'info' | 'warn' | 'error') => boolean) | undefined;
}

/** A logger whose `log` does for `info`, as that of Nest. */
export type LoggerWithLog = Omit<Logger, 'info' | 'isLevelEnabled'> & {
  /** What `info` of a {@link Logger} is. */
  log(message: string, fields: LogFields): void;
  /** Lines of a level for which this returns false are not made. */
  isLevelEnabled?: ((level: 'debug' | 'log' | 'warn' | 'error') => boolean) | undefined;
};

/** Options of {@link attachProcore}. All times are in milliseconds. */
export interface ProcoreOptions {
  /** The app's client id. */
  clientId: string;
  /** The app's client secret, or a function that fetches it at every renewal. Required unless `exchange` is given. */
  clientSecret?: string | (() => string | Promise<string>) | undefined;
  /**
   * The environment of the tokens: a name of {@link environments}, or two origins. They are https, or http on loopback. `allowHttp: true`
   * lets them be http by any other name, such as `http://procore:4100` of an emulator in another container: the client secret and the tokens
   * then travel in the clear, and a warning says so. It never holds for Procore's own hosts.
   *
   * @default 'production'
   */
  environment?:
    EnvironmentName | { loginUrl: string; apiUrl: string; allowHttp?: boolean | undefined } | undefined;
  /** Further origins whose calls get the token, such as `https://procore-gateway.example.com`. @default [] */
  origins?: string[] | undefined;
  /** `'refresh_token'` for users, `'client_credentials'` for a service account. @default 'refresh_token' */
  grant?: 'refresh_token' | 'client_credentials' | undefined;
  /**
   * The store of the tokens. Required for `refresh_token`; give `memoryTokenStore()` where tokens may be lost at a restart.
   * `docs/stores.md` has the rules for a store of your own, and `storeContract` of `axios-procore/store-contract` tests them.
   */
  store?: TokenStore | undefined;
  /**
   * The account whose tokens a call uses: a name, or a function of the call's configuration. For a call for which the function returns
   * undefined, the plugin does nothing. With {@link accountBySubject} each user is an account. Without this option there is one account, and
   * a call that brings the bearer of another user is sent unchanged.
   *
   * @default 'default'
   */
  account?: string | ((config: AxiosRequestConfig) => string | undefined) | undefined;
  /**
   * The company that is sent as `Procore-Company-Id` where the call has no such header: an id, or a function of the call's configuration,
   * such as {@link companyFromRequest}.
   *
   * @default none
   */
  companyId?: CompanyId | ((config: AxiosRequestConfig) => CompanyId | undefined) | undefined;
  /**
   * Endpoints that you know to be deprecated, besides those under `/vapid/`: a route (`/rest/v1.0/projects/:project_id/rfis`), with a method
   * in front where only that one is deprecated, and with `/*` at the end for all routes below it. The first call of each such route is
   * warned of. `recordHealth` takes the same list.
   *
   * @default []
   */
  deprecatedEndpoints?: readonly string[] | undefined;
  /** The redirect URI that is sent along at a refresh, where Procore requires it. @default none */
  redirectUri?: string | undefined;
  /** How tokens are renewed. */
  renewal?: RenewalOptions | undefined;
  /** How failed calls are repeated. With `false` a call is repeated only after a 401. */
  retry?: false | RetryOptions | undefined;
  /** Which calls share a rate limit. With `false` calls are not paced, and each call that is throttled waits by itself. */
  rateLimit?: false | RateLimitOptions | undefined;
  /** How the application's own older code is treated. */
  legacy?: LegacyOptions | undefined;
  /** Milliseconds for any single wait of a call (rate limit, retry, token) and for the wait for the store's lock. @default 60000 */
  maxWaitMs?: number | undefined;
  /** Milliseconds for a whole call, with its waits and attempts. After that it rejects with a `DeadlineError`. @default none */
  deadlineMs?: number | undefined;
  /** Makes the token request in place of the plugin, and returns the answer as Procore has sent it. */
  exchange?: CustomExchange | undefined;
  /** Gets each event as a line of text and as fields. @default none: warnings and errors go to `process.emitWarning` */
  logger?: Logger | LoggerWithLog | undefined;
  /**
   * Detaches what is attached to the instance already, and goes on with its tokens and gates, for a module that runs again in the same
   * process (hot reload). @default false
   */
  replace?: boolean | undefined;
}

/** How tokens are renewed. All times are in milliseconds. */
export interface RenewalOptions {
  /** Whether calls go on with the old token while it is renewed ahead of its expiry. With `false` they wait. @default true */
  background?: boolean | undefined;
  /** How long before its expiry a token is renewed, at most half of its lifetime. @default 5 minutes or 10 % of the lifetime, whichever is less */
  aheadMs?: number | undefined;
  /** How long a call waits for a renewal. @default 15000 */
  timeoutMs?: number | undefined;
  /** How long one token request may take, whether or not a call still waits for it. @default 60000 */
  answerTimeoutMs?: number | undefined;
  /** How long one renewal may take, with all its token requests, waits and saves. @default 90000 */
  totalMs?: number | undefined;
  /** How long one load, save or release of the lock may take. @default 5000 */
  storeTimeoutMs?: number | undefined;
  /** How many token requests may be under way at once, for all accounts of this client in the process. @default 8 */
  concurrency?: number | undefined;
  /** How often the same refresh token is presented again after a lost answer. @default 3 */
  resendAfterLostAnswer?: number | undefined;
  /** Whether a renewal waits for the calls in flight: always, never, or once the server has invalidated an old token. @default 'learn' */
  drain?: 'learn' | boolean | undefined;
  /** How long a renewal waits for the calls in flight. @default 5000 */
  drainMs?: number | undefined;
}

/** How calls are paced by the rate-limit headers. */
export interface RateLimitOptions {
  /** Which calls share a rate limit. A function returns the name of the limit that a call counts against. @default 'account' */
  scope?: RateLimitScope | undefined;
  /**
   * What several processes under one limit know of it together: `redisPacing(client)` of `axios-procore/pacing/redis`. Without it each
   * process paces its own calls only. @default none
   */
  shared?: SharedPacing | undefined;
}

/** Which calls share a rate limit. */
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
   * Whether axios's own `timeout` bounds a whole call, with its waits and repetitions, as it does without the plugin. With `false` it bounds
   * each attempt, and `deadlineMs` the call. The earlier of `timeout` and `deadlineMs` ends the call.
   *
   * @default false
   */
  timeoutBoundsCall?: boolean | undefined;
}

/** How failed calls are repeated. */
export interface RetryOptions {
  /** How often a call is repeated. @default 4 */
  retries?: number | undefined;
  /** Milliseconds: the first wait is random between 0 and this number, which doubles for each further one. @default 500 */
  baseDelayMs?: number | undefined;
  /** Milliseconds: the longest wait. @default 30000 */
  maxDelayMs?: number | undefined;
}

/** Options of one call: `instance.get(url, { procore: { … } })`. */
export interface ProcoreRequestOptions {
  /** The account whose tokens this call uses. */
  account?: string | undefined;
  /** The company that this call sends as `Procore-Company-Id`. */
  companyId?: CompanyId | undefined;
  /** With `false` the call gets no token and leads to no renewal; its own `Authorization` header is sent. */
  auth?: false | undefined;
  /** How this call is repeated, where that differs from the option `retry`. With `false` it is repeated only after a 401. */
  retry?: false | RetryOptions | undefined;
  /** Whether the call may be carried out twice, where its method (RFC 9110, section 9.2.2) does not say so. */
  idempotent?: boolean | undefined;
  /**
   * The `Idempotency-Token` of a write: a text of printable ASCII characters, or `true` for a random one. It is the same on every attempt,
   * and the call counts as idempotent, unless `idempotent` says otherwise. A header of the call's own goes first. GET, HEAD and OPTIONS are
   * sent without it. Procore's ruby gem sends this header on POST and PATCH; the pages of today do not speak of it.
   */
  idempotencyToken?: string | true | undefined;
  /** Milliseconds for this call, with its waits and attempts. */
  deadlineMs?: number | undefined;
  /** Makes the body anew for each attempt, in place of `data`. Returns a stream, a form, bytes or a text, or a promise of one. */
  body?: (() => unknown) | undefined;
}

/** The options of pacing, with all defaults. */
export interface PacingSettings {
  readonly scope: RateLimitScope;
  readonly shared: SharedPacing | undefined;
}

/** The options with all defaults. They share no object with the application's own, except the store and functions. */
export interface Settings {
  readonly clientId: string;
  readonly clientSecret: ProcoreOptions['clientSecret'];
  readonly environment: Environment;
  readonly allowedOrigins: ReadonlySet<string>;
  readonly grant: 'refresh_token' | 'client_credentials';
  readonly store: TokenStore | undefined;
  readonly account: ProcoreOptions['account'];
  readonly companyId: ProcoreOptions['companyId'];
  readonly deprecatedEndpoints: readonly string[];
  readonly redirectUri: string | undefined;
  readonly renewal: Readonly<Required<Omit<RenewalOptions, 'aheadMs'>>> & {
    readonly aheadMs: number | undefined;
  };
  readonly retry: false | Readonly<Required<RetryOptions>>;
  readonly rateLimit: false | PacingSettings;
  readonly legacy: Readonly<Required<LegacyOptions>>;
  readonly maxWaitMs: number;
  readonly deadlineMs: number | undefined;
  readonly exchange: CustomExchange | undefined;
  readonly logger: Logger | LoggerWithLog | undefined;
  readonly replace: boolean;
}

/** The defaults of `renewal`; that of `aheadMs` depends on the token. */
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
/** The defaults of `legacy`. */
export const legacyDefaults: Settings['legacy'] = Object.freeze({
  takeOverRefresh: false,
  timeoutBoundsCall: false,
});
/** The defaults of `rateLimit`. */
export const rateLimitDefaults: PacingSettings = Object.freeze({
  scope: 'account',
  shared: undefined,
});
/** The defaults of `retry`. */
export const retryDefaults: Readonly<Required<RetryOptions>> = Object.freeze({
  retries: 4,
  baseDelayMs: 500,
  maxDelayMs: 30_000,
});
