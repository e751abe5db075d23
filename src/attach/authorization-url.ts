import { checkAccount, checkObject, checkText } from '../options/argument-checks.js';
import { codeMistake, refusalIn, refusedText } from './code-mistakes.js';
import { kindOf } from '../text/words.js';
import type { Settings } from '../options/options.js';

/** The argument of {@link Procore.authorizationUrl}. */
export interface AuthorizationRequest {
  /** The redirect URI, as it was registered with the app; `urn:ietf:wg:oauth:2.0:oob` for an app without one. */
  redirectUri: string;
  /** A random text. Store it in the browser's session, and compare it with the `state` of the redirect (RFC 6749, section 10.12). */
  state: string;
}

/** The argument of {@link Procore.exchangeCode}. */
export interface CodeRequest {
  /** The parameter `code` of the URL that the browser was redirected to. */
  code: string;
  /** The redirect URI that the code was requested with. */
  redirectUri: string;
  /** The account that the tokens are saved to. */
  account?: string | undefined;
}

type Asked = Pick<Settings, 'clientId' | 'clientSecret' | 'environment' | 'grant'>;

/**
 * The URL of the authorization request (RFC 6749, section 4.1.1).
 *
 * @throws TypeError that names what is wrong, what was expected, and what to do.
 */
export function authorizationUrl(asked: Asked, request: AuthorizationRequest): string {
  checkGrant('authorizationUrl', asked);
  const { redirectUri, state } = checkObject('authorizationUrl', request, '{ redirectUri, state }');
  checkRedirectUri('authorizationUrl', redirectUri);
  // Without `state` an attacker could make the browser present the attacker's own code (RFC 6749, section 10.12).
  checkText('authorizationUrl', 'state', state, 'make a random text for each browser, and compare it later');
  const url = new URL('/oauth/authorize', asked.environment.loginUrl);
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: asked.clientId,
    redirect_uri: redirectUri as string,
    state: state as string,
  }).toString();
  return url.href;
}

/**
 * The request, after its checks.
 *
 * @throws TypeError that names what is wrong, what was expected, and what to do.
 */
export function checkedCode(asked: Asked, request: CodeRequest): CodeRequest {
  checkGrant('exchangeCode', asked);
  checkSecret('exchangeCode', asked, 'exchange the code yourself and hand the tokens to setTokens()');
  const given = checkObject('exchangeCode', request, '{ code, redirectUri, account }');
  const { code, redirectUri, account } = given;
  const refusal = refusalIn(given['error']);
  const mistake = refusal === undefined ? codeMistake(code) : refusedText(refusal);
  if (mistake !== undefined) throw new TypeError(`axios-procore: exchangeCode got ${mistake}.`);
  checkText(
    'exchangeCode',
    'code',
    code,
    'it is the parameter "code" of the URL that the browser came back to',
  );
  checkRedirectUri('exchangeCode', redirectUri);
  checkAccount('exchangeCode', account);
  return request;
}

/**
 * Checks that this attach can revoke tokens.
 *
 * @throws TypeError where there is no client secret to do it with.
 */
export function checkRevocation(asked: Asked): void {
  checkSecret('revoke', asked, 'revoke the tokens yourself and remove them from the store');
}

function checkGrant(method: string, { grant }: Asked): void {
  if (grant !== 'client_credentials') return;
  throw new TypeError(
    `axios-procore: ${method} is for the grant refresh_token; a client_credentials attach asks for its tokens by itself.`,
  );
}

function checkSecret(method: string, { clientSecret }: Asked, remedy: string): void {
  if (clientSecret !== undefined) return;
  throw new TypeError(
    `axios-procore: ${method} needs the option "clientSecret", and this attach has "exchange" only: ${remedy}.`,
  );
}

function checkRedirectUri(method: string, value: unknown): void {
  // A redirect URI must not have a fragment (RFC 6749, section 3.1.2). One with white space at its ends is not equal to the registered one.
  if (typeof value === 'string' && URL.canParse(value) && value.trim() === value && !value.includes('#'))
    return;
  throw new TypeError(
    `axios-procore: ${method} got ${kindOf(value)} as "redirectUri"; it takes the absolute URL that is registered with the app, without a fragment, or urn:ietf:wg:oauth:2.0:oob.`,
  );
}
