import type { TokenSet } from '../store/store.js';
import type { KnownCompany } from './companies.js';
import type { Fault, FaultHandle } from './fault-types.js';
import type { Counters, LogEntry } from './log-types.js';
import type { Outage } from './outages.js';
import type { Routes } from './own-routes.js';
import type { RateLimits } from './rate-options.js';

/** How an emulator behaves; everything has a default. */
export interface EmulatorOptions {
  /**
   * The address that it listens on. `'0.0.0.0'` lets other machines and containers reach it: nothing that it serves is protected.
   *
   * @default '127.0.0.1'
   */
  host?: string | undefined;
  /** The port; 0 takes a free one. @default 0 */
  port?: number | undefined;
  /** The port of the storage that presigned URLs lead to; 0 takes a free one. @default 0 */
  storagePort?: number | undefined;
  /** The only client that the login host knows. @default 'emulator-client' */
  clientId?: string | undefined;
  /** @default 'emulator-secret' */
  clientSecret?: string | undefined;
  /** The lifetime of an access token in seconds, which is also its `expires_in`. @default 5400 */
  accessTokenLifetimeSeconds?: number | undefined;
  /**
   * Where the token endpoint looks for its fields. `'form'`: only in a form in the body. `'anywhere'`: also in JSON and in the query
   * string, as older code expects.
   *
   * @default 'form'
   */
  tokenFields?: 'form' | 'anywhere' | undefined;
  /**
   * What happens to the old pair when it is refreshed.
   *
   * `'A'`: the old access token becomes invalid as soon as the refresh succeeds, and its refresh token is answered with 400
   * `invalid_grant`.
   *
   * `'B'`: the old pair stays valid until the new access token is first used on the API. Until then each request with the old refresh token
   * is answered with yet another valid pair. The first of these pairs that is used stays valid; the old pair and all others become invalid.
   *
   * @default 'A'
   */
  spentTokens?: 'A' | 'B' | undefined;
  /** True: presenting a spent refresh token also revokes every pair of the same authorization. @default false */
  familyRevocation?: boolean | undefined;
  /**
   * True: all routes but `me` and `companies` answer 400 without the header `Procore-Company-Id`; for a `client_credentials` token these
   * two do as well. False: no route requires the header. @default true
   */
  requireCompanyHeader?: boolean | undefined;
  /** The redirect URIs that are registered with the app, exact; an empty array means any. @default [] */
  redirectUris?: string[] | undefined;
  /**
   * The companies and projects that there are. Any other company is answered with 403, any other project with 404. Absent: there are two
   * companies and five projects, and any other id is accepted as well.
   */
  companies?: KnownCompany[] | undefined;
  /**
   * Routes of your own, which come before those of the emulator and behind the same checks: of the token, the company header, the known
   * companies and the rate limits.
   *
   * @default {}
   * @example
   * const routes = {
   *   'GET /rest/v1.0/projects/:project_id/meetings': ({ params }) => [{ id: 1, project_id: params.project_id }],
   *   'POST /rest/v1.0/projects/:project_id/meetings': ({ json }) =>
   *     json?.title ? { id: 2, ...json } : Response.json({ errors: { title: ["can't be blank"] } }, { status: 422 }),
   * };
   */
  routes?: Routes | undefined;
  /** The rate limits of the API; an empty object means none. {@link Emulator.setRateLimits} changes them. @default {} */
  rateLimits?: RateLimits | undefined;
  /**
   * How many of the newest requests {@link Emulator.log} has, so that an emulator that runs for days does not grow with it; `Infinity` keeps
   * all. {@link Emulator.counters} count every request. @default 10000
   */
  maxLogEntries?: number | undefined;
  /**
   * The server's clock in milliseconds since 1970. Issue times, expiry, the log and the `Date` header use it, so a skewed `now` makes a
   * skewed server. Delays of faults run in real time. @default Date.now
   */
  now?: (() => number) | undefined;
}

/** A running emulator of Procore's login and API hosts, on one origin. */
export interface Emulator {
  /** The origin, such as `http://127.0.0.1:40123`. */
  readonly url: string;
  /** The origin of the storage that presigned URLs lead to. */
  readonly storageUrl: string;
  /** The value for the option `environment` of `attachProcore`. */
  readonly environment: { readonly loginUrl: string; readonly apiUrl: string; readonly allowHttp?: true };
  /** The id of the client that the login host knows. */
  readonly clientId: string;
  readonly clientSecret: string;
  /** The key that verifies the access tokens (ES512), as SPKI PEM. */
  readonly publicKeyPem: string;
  /** Issues a new pair, as after an authorization in the browser. `userId` (default 1) is the JWT's `sub`. */
  issue(options?: { userId?: number | undefined }): TokenSet;
  /**
   * Answers the consent page of this URL, for a test without a browser. Returns the URL that the browser would be redirected to and the
   * code in it; for the out-of-band redirect URI only the code. `userId` is 1 and `deny` false by default. Throws where the page would show
   * an error.
   *
   * @example
   * const { code } = emulator.authorize(procore.authorizationUrl({ redirectUri, state }), { userId: 2 });
   */
  authorize(
    url: string,
    answer?: { userId?: number | undefined; deny?: boolean | undefined },
  ): { url?: string; code?: string };
  /** Expires an access token now, or all of them. Refresh tokens keep working. Throws for an unknown token. */
  expire(accessToken?: string): void;
  /** Revokes an access token now, or all of them. Refresh tokens keep working. Throws for an unknown token. */
  revoke(accessToken?: string): void;
  /** Revokes the pair that an access or refresh token belongs to. Throws for an unknown token. */
  revokeGrant(token: string): void;
  /** Whether an access or refresh token would be accepted now. This does not count as a use of the token. */
  isLive(token: string): boolean;
  /** The bytes of an upload by its `upload_id` or `uuid`; undefined until it is complete. */
  file(uploadId: string): Uint8Array | undefined;
  /** Adds a fault. A request is struck by the first fault that matches it and has strikes left. */
  misbehave(fault: Fault): FaultHandle;
  /**
   * Sets other rate limits, or none. The count of a limit is kept unless its kind or window changes. Throws a `TypeError` for a wrong
   * value.
   */
  setRateLimits(limits: RateLimits | undefined): void;
  /**
   * Starts an outage: every API request is answered with its status and not carried out; requests to the login host are not affected.
   * Returns the function that ends it; `forMs` ends it by itself. Of several outages the latest answers. It comes before faults and rate
   * limits, and its answers count as calls. Throws a `TypeError` for a wrong value.
   *
   * @example
   * const end = emulator.outage({ retryAfterSeconds: 1 });
   */
  outage(outage?: Outage): () => void;
  /** Totals since the start. The object is updated, so copy it to compare. */
  readonly counters: Counters;
  /**
   * One entry for each request, in the order of arrival: of the newest `maxLogEntries`. The array and its entries are updated.
   */
  readonly log: readonly LogEntry[];
  /** Closes all sockets at once, with held and hanging requests, and frees the port. */
  close(): Promise<void>;
}
