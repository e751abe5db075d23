import type { AuthorizationRequest, CodeRequest } from './authorization-url.js';
import type { ProcoreEvents } from '../observe/events.js';
import type { TokenSet } from '../store/store.js';
import type { TokenStatus } from '../token/told/status.js';

/** What `attachProcore` returns. */
export interface Procore {
  /**
   * An access token that is valid now, for sockets, other clients and legacy helpers. Renews if it must.
   *
   * @param account default `'default'`, or the `account` option where it is a string.
   * @throws the errors of a renewal: {@link ReauthenticationRequiredError}, {@link TokenRenewalError}, {@link ClientRejectedError},
   * {@link TokenStoreError}.
   */
  getAccessToken(account?: string): Promise<string>;
  /**
   * Takes tokens of a new authorisation: saves and uses them, and clears the need to re-authenticate. What is under way for the old ones
   * is neither saved nor used.
   *
   * @throws TokenStoreError when they could not be saved; they are used all the same and saved later.
   */
  setTokens(tokens: TokenSet, account?: string): Promise<void>;
  /**
   * Renews now, whatever the life that is left; joins a renewal under way. Waits for `renewal.totalMs`, and throws as
   * {@link Procore.getAccessToken}.
   */
  renew(account?: string): Promise<TokenSet>;
  /**
   * Where to send the browser of a user who is to authorise the app.
   *
   * @throws TypeError that names what is wrong: `state` and `redirectUri` are required.
   */
  authorizationUrl(request: AuthorizationRequest): string;
  /**
   * Exchanges the code that the browser came back with, saves the tokens and uses them, as {@link Procore.setTokens}. The code is
   * presented once: a second call with it joins the first, and a later one fails without a request.
   *
   * @throws ReauthenticationRequiredError when the code is no good (`code-invalid`), or when the answer was lost
   * (`code-response-lost`): send the user through the browser again. The tokens before, if there are any, stay in use.
   * @throws TokenRenewalError when the login host could not be asked: the code can be presented again.
   * @throws ClientRejectedError when the login host refuses the client.
   * @throws TokenStoreError when the tokens could not be saved; they are used all the same and saved later.
   * @throws TypeError for a wrong argument, or where there is no `clientSecret`.
   */
  exchangeCode(request: CodeRequest): Promise<TokenSet>;
  /**
   * Revokes the account's tokens at the login host and lets the store forget them. Waits for a renewal under way, so that the newest
   * pair is the one that is revoked. Calls made afterwards fail with {@link ReauthenticationRequiredError} (`no-tokens`).
   *
   * @throws TokenRenewalError when they could not be revoked, {@link ClientRejectedError} when the login host refuses the client:
   * nothing has changed, the tokens are kept.
   * @throws TokenStoreError when the store could not be read or locked: nothing has changed. Or when it could not forget them: they are
   * revoked, and no longer used.
   * @throws TypeError where there is no `clientSecret`.
   */
  revoke(account?: string): Promise<void>;
  /** State, expiry, last renewal; no secret. */
  status(account?: string): TokenStatus;
  /** The newest tokens while their save fails: the last chance to keep them by hand. */
  unsavedTokens(account?: string): TokenSet | undefined;
  /** Resolves when no renewal, exchange, revocation or late save is under way: await it before `process.exit` or the end of a Lambda. */
  idle(): Promise<void>;
  /** Listens to an event; returns the function that stops listening. */
  on<E extends keyof ProcoreEvents>(event: E, listener: (detail: ProcoreEvents[E]) => void): () => void;
  /** The instance behaves as before; a renewal or a late save under way goes on. */
  detach(): void;
}
