import type { FaultAction } from './fault-types.js';

/** Why the API refused an access token; `replaced` means that a refresh put another in its place. */
export type Refusal = 'missing' | 'expired' | 'revoked' | 'replaced' | 'unknown';

/**
 * How the token endpoint decided. `spent`: the refresh token or code had been redeemed, or a used sibling superseded it.
 * `revoked`: it was never redeemed, but its grant was revoked. `fault`: the request was never carried out. A request to revoke a token
 * ends as `revoked`, or as `unknown` where there was nothing to revoke.
 */
export type TokenOutcome =
  'issued' | 'spent' | 'revoked' | 'unknown' | 'invalid-client' | 'unsupported' | 'invalid-request' | 'fault';

/** One request. A token appears only as its fingerprint: the first 8 hex digits of its SHA-256. */
export interface LogEntry {
  /** When its headers arrived: milliseconds on the server's clock. */
  readonly atMs: number;
  /** When its answer went out; absent while there is none. */
  readonly answeredAtMs?: number;
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly kind: 'token' | 'authorize' | 'revoke' | 'info' | 'api' | 'other';
  /** Absent when no answer went out. An answer that was cut short has the status that its headers claimed. */
  readonly status?: number;
  /** The kind of the fault that struck it. */
  readonly fault?: FaultAction['kind'];
  /** API, info: the bearer that was presented. */
  readonly accessToken?: string;
  /** API: the value of `Procore-Company-Id`. */
  readonly companyId?: string;
  /** API, info: why the answer is a 401. */
  readonly refusal?: Refusal;
  /** API: true when it wrote something, heard or not; otherwise absent. */
  readonly wrote?: true;
  /** API: what the rate limits said when it arrived; absent without limits, and for a token that nobody knows. */
  readonly rateLimit?: {
    /** True: one call too many, so it was not carried out. */
    readonly limited: boolean;
    /** As in `X-Rate-Limit-Remaining`. */
    readonly remaining: number;
    /** As in `X-Rate-Limit-Limit`. */
    readonly limit: number;
  };
  /** API: true when it was the answer of an outage; otherwise absent. */
  readonly outage?: true;
  /** Token: the grant that was asked for. */
  readonly grantType?: 'refresh_token' | 'authorization_code' | 'client_credentials' | 'other';
  /** Token: the refresh token that was presented; revoke: the token; whatever came of it. */
  readonly presented?: string;
  /** Token, revoke: absent until it is decided. */
  readonly outcome?: TokenOutcome;
  /** Authorize: `asked` is the page, `refused` an error page. */
  readonly decision?: 'asked' | 'allowed' | 'denied' | 'refused';
  /** Token, issued by a refresh: the access token of the pair that was redeemed; times in milliseconds. */
  readonly replaces?: {
    readonly accessToken: string;
    readonly issuedAtMs: number;
    readonly expiresAtMs: number;
    /** When `revoke()` or the like had killed it, if so. */
    readonly revokedAtMs?: number;
  };
  /** Token, issued: the new pair. */
  readonly issued?: { readonly accessToken: string; readonly refreshToken?: string };
}

/** Running totals. */
export interface Counters {
  /** Every request that arrived, struck by a fault or not. */
  readonly requests: number;
  /** Those under `/rest/`. */
  readonly apiRequests: number;
  /** `POST /oauth/token`. */
  readonly tokenRequests: number;
  /** Answers of 401 to API requests, those of an `answer` fault included. */
  readonly unauthorized: number;
  /** Grants that the token endpoint answered with tokens, heard or not. */
  readonly exchanges: number;
  /** Codes that were issued: on the page, at once, or by `authorize()`. */
  readonly authorizations: number;
  /** `POST /oauth/revoke`. */
  readonly revokeRequests: number;
  /** Presentations of a spent refresh token that were carried out, and so refused. */
  readonly spentPresentations: number;
  /** Access tokens and pairs that were revoked: by hand, by a client, or with their family. */
  readonly revocations: number;
  /**
   * POSTs that really wrote, heard or not, after one with the same path, query and body (byte for byte) had written already,
   * whoever sent it. A request that was refused, limited, turned away by an outage or struck before it was carried out has written
   * nothing. Methods that may be repeated without harm never count.
   */
  readonly duplicateWrites: number;
  /** Answers by status. */
  readonly byStatus: Readonly<Record<number, number>>;
}
