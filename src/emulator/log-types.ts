import type { FaultAction } from './fault-types.js';

/** Why the API refused an access token; `replaced` means that a refresh has replaced it. */
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
  /** When the headers of the request arrived, in milliseconds on the server's clock. */
  readonly atMs: number;
  /** When the answer was sent; absent before that. */
  readonly answeredAtMs?: number;
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly kind: 'token' | 'authorize' | 'revoke' | 'info' | 'api' | 'storage' | 'other';
  /** Absent when no answer went out. An answer that was cut short has the status that its headers claimed. */
  readonly status?: number;
  /** The kind of the fault that struck it. */
  readonly fault?: FaultAction['kind'];
  /** API, info: the bearer token of the request. Storage: one that should not have been sent there. */
  readonly accessToken?: string;
  /** API: the value of `Procore-Company-Id`. */
  readonly companyId?: string;
  /** API, info: why the answer is a 401. */
  readonly refusal?: Refusal;
  /** API: the value of `Idempotency-Token`. */
  readonly idempotencyToken?: string;
  /** API: true when the answer was that of an earlier request with the same `Idempotency-Token`; otherwise absent. */
  readonly repeats?: true;
  /** API: true when the request wrote something, whether or not its answer arrived; otherwise absent. */
  readonly wrote?: true;
  /** API: the state of the rate limits when the request arrived; absent without limits, and for an unknown token. */
  readonly rateLimit?: {
    /** True where the call exceeded a limit and was not carried out. */
    readonly limited: boolean;
    /** As in `X-Rate-Limit-Remaining`. */
    readonly remaining: number;
    /** As in `X-Rate-Limit-Limit`. */
    readonly limit: number;
  };
  /** API: true when the answer was that of an outage; otherwise absent. */
  readonly outage?: true;
  /** Token: the grant type of the request. */
  readonly grantType?: 'refresh_token' | 'authorization_code' | 'client_credentials' | 'other';
  /** Token: the refresh token of the request. Revoke: the token of the request. Set whatever the outcome is. */
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
    /** When the access token had been revoked, if it had been. */
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
  /** Grants that the token endpoint answered with tokens, whether or not the answer arrived. */
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
   * POSTs that wrote although one with the same path, query and body (byte for byte) had written before, of any client, and whether or not
   * their answers arrived. A request that was refused, limited, answered by an outage or struck before it was carried out has written
   * nothing. Idempotent methods never count.
   */
  readonly duplicateWrites: number;
  /** Answers by status. */
  readonly byStatus: Readonly<Record<number, number>>;
}
