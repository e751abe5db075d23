import type { TokenSet } from '../store/store.js';
import type { Fault, FaultHandle } from './fault-types.js';
import type { Counters, LogEntry } from './log-types.js';
import type { Outage } from './outages.js';
import type { RateLimits } from './rate-options.js';

/** How an emulator behaves; everything has a default. */
export interface EmulatorOptions {
  /** The port on 127.0.0.1; 0 takes a free one. @default 0 */
  port?: number | undefined;
  /** The only client that the login host knows. @default 'emulator-client' */
  clientId?: string | undefined;
  /** @default 'emulator-secret' */
  clientSecret?: string | undefined;
  /** Life of an access token in seconds, as told in `expires_in`. @default 5400 */
  accessTokenLifetimeSeconds?: number | undefined;
  /**
   * Where the token endpoint looks for its fields. `'form'`: in a form in the body, and nowhere else. `'anywhere'`: also in JSON and in
   * the query string, as older servers do and older code relies on.
   *
   * @default 'form'
   */
  tokenFields?: 'form' | 'anywhere' | undefined;
  /**
   * What becomes of the old pair when it is refreshed.
   *
   * `'A'`: the old access token dies the moment the refresh succeeds, and its refresh token answers 400 `invalid_grant`.
   *
   * `'B'`: the old pair lives until the new access token is first used on the API. Until then each presentation of
   * the old refresh token answers yet another pair, and all of these are good; the first one that is used wins, and
   * everything it does not descend from dies.
   *
   * @default 'A'
   */
  spentTokens?: 'A' | 'B' | undefined;
  /** True: presenting a spent refresh token also revokes every pair that came of the same authorisation. @default false */
  familyRevocation?: boolean | undefined;
  /**
   * False: no route asks for `Procore-Company-Id`. True: all but `me` and `companies` answer 400 without it,
   * and to a `client_credentials` token those two do as well. @default true
   */
  requireCompanyHeader?: boolean | undefined;
  /** The redirect URIs that are registered with the app, exact; an empty array means any. @default [] */
  redirectUris?: string[] | undefined;
  /** The rate limits of the API; an empty object means none. {@link Emulator.setRateLimits} changes them. @default {} */
  rateLimits?: RateLimits | undefined;
  /**
   * The server's clock in milliseconds since 1970: issue times, expiry, the log and the `Date` header follow it,
   * so a skewed server is a skewed `now`. Delays of faults run on real time. @default Date.now
   */
  now?: (() => number) | undefined;
}

/** A running emulator of Procore's login and API hosts, on one origin. */
export interface Emulator {
  /** The origin, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** To hand to `attachProcore({ environment })`. */
  readonly environment: { readonly loginUrl: string; readonly apiUrl: string };
  /** The client that the login host knows. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** The key that verifies the access tokens (ES512), as SPKI PEM. */
  readonly publicKeyPem: string;
  /** A fresh pair, as after an authorisation in the browser, in the wire shape. `userId` (default 1) is the JWT's `sub`. */
  issue(options?: { userId?: number | undefined }): TokenSet;
  /**
   * What comes of a person's answer to the page behind this URL, for a test without a browser: where the browser would be sent, and
   * the code in it; out of band the code alone. `userId` is 1 and `deny` false by default. Throws where the page would show an error.
   *
   * @example
   * const { code } = emulator.authorize(procore.authorizationUrl({ redirectUri, state }), { userId: 2 });
   */
  authorize(
    url: string,
    answer?: { userId?: number | undefined; deny?: boolean | undefined },
  ): { url?: string; code?: string };
  /** Ends the life of an access token now, or of every live one. Refresh tokens keep working. Throws for an unknown token. */
  expire(accessToken?: string): void;
  /** Revokes an access token now, or every live one. Refresh tokens keep working. Throws for an unknown token. */
  revoke(accessToken?: string): void;
  /** Kills the whole pair that an access or refresh token belongs to. Throws for an unknown token. */
  revokeGrant(token: string): void;
  /** Whether an access or refresh token would be accepted right now; asking does not count as a use. */
  isLive(token: string): boolean;
  /** Adds a fault. Of all faults, the first one that matches a request and has strikes left takes it. */
  misbehave(fault: Fault): FaultHandle;
  /**
   * Puts other rate limits in force, or none. What a limit has counted stays counted, unless its kind or window changes.
   * Throws a `TypeError` for a value that makes no sense.
   */
  setRateLimits(limits: RateLimits | undefined): void;
  /**
   * From now on every API request (none of the login host) is answered with the outage's status, and not carried out. Returns how
   * to end it; `forMs` ends it by itself. Of several outages the latest answers. It comes before faults and rate limits, and its
   * answers count as calls. Throws a `TypeError` for a value that makes no sense.
   *
   * @example
   * const end = emulator.outage({ retryAfterSeconds: 1 });
   */
  outage(outage?: Outage): () => void;
  /** Running totals since the start; the object is live, so copy it to compare. */
  readonly counters: Counters;
  /** One entry per request, in the order of arrival; the array and its entries are live. */
  readonly log: readonly LogEntry[];
  /** Ends open sockets at once, held and hanging requests included, and frees the port. */
  close(): Promise<void>;
}
