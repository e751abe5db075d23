import type { AuthorizationRequest, CodeRequest } from './authorization-url.js';
import type { ProcoreEvents } from '../observe/events.js';
import type { TokenSet } from '../store/store.js';
import type { TokenStatus } from '../token/told/status.js';

/** What `attachProcore` returns. */
export interface Procore {
  /**
   * Returns a valid access token, for sockets, other HTTP clients and legacy helpers. Renews it if necessary.
   *
   * @param account default `'default'`, or the `account` option where it is a string.
   * @throws the errors of a renewal: {@link ReauthenticationRequiredError}, {@link TokenRenewalError}, {@link ClientRejectedError},
   * {@link TokenStoreError}.
   */
  getAccessToken(account?: string): Promise<string>;
  /**
   * Saves and uses the tokens of a new authorization, and ends the state that needs one. The result of a renewal of the old tokens that is
   * under way is neither saved nor used.
   *
   * @throws TokenStoreError when the tokens could not be saved; they are used nevertheless, and saved later.
   */
  setTokens(tokens: TokenSet, account?: string): Promise<void>;
  /**
   * Renews now, even if the access token is still valid, or joins a renewal that is under way. Waits for `renewal.totalMs` at the most, and
   * throws the same errors as {@link Procore.getAccessToken}.
   */
  renew(account?: string): Promise<TokenSet>;
  /**
   * Returns the URL at which the user authorizes the app in a browser.
   *
   * @throws TypeError that names what is wrong: `state` and `redirectUri` are required.
   */
  authorizationUrl(request: AuthorizationRequest): string;
  /**
   * Exchanges an authorization code for tokens, saves and uses them as {@link Procore.setTokens} does. The code is presented once: a second
   * call with it joins the first, and a later one fails without a request.
   *
   * @throws ReauthenticationRequiredError when the code is no good (`code-invalid`), or when the answer was lost
   * (`code-response-lost`): send the user through the browser again. The tokens before, if there are any, stay in use.
   * @throws TokenRenewalError when the request could not be sent: the code can be presented again.
   * @throws ClientRejectedError when the login host refuses the client.
   * @throws TokenStoreError when the tokens could not be saved; they are used nevertheless, and saved later.
   * @throws TypeError for a wrong argument, or where there is no `clientSecret`.
   */
  exchangeCode(request: CodeRequest): Promise<TokenSet>;
  /**
   * Revokes the account's tokens at the login host and removes them from the store. Waits for a renewal that is under way first, so that
   * the newest pair is revoked. Later calls fail with {@link ReauthenticationRequiredError} (`no-tokens`).
   *
   * @throws TokenRenewalError when the tokens could not be revoked, and {@link ClientRejectedError} when the login host refuses the client.
   * In both cases the tokens are kept.
   * @throws TokenStoreError when the store could not be read or locked, and the tokens are kept; or when they were revoked and could not be
   * removed from the store, and are no longer used.
   * @throws TypeError where there is no `clientSecret`.
   */
  revoke(account?: string): Promise<void>;
  /** Returns state, expiry and last renewal of the account, and what is known of its rate limit, without any secret. */
  status(account?: string): TokenStatus;
  /** Returns the newest tokens while they could not be saved, so that the application can keep them itself; otherwise undefined. */
  unsavedTokens(account?: string): TokenSet | undefined;
  /** Resolves when no renewal, exchange, revocation or late save is under way. Await it before `process.exit` or the end of a Lambda. */
  idle(): Promise<void>;
  /** Listens to an event; returns the function that stops listening. */
  on<E extends keyof ProcoreEvents>(event: E, listener: (detail: ProcoreEvents[E]) => void): () => void;
  /** Detaches the plugin, so that the instance behaves as before. A renewal or a late save that is under way goes on. */
  detach(): void;
}
