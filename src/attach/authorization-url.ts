import { checkAccount, checkObject, checkText } from '../options/argument-checks.js';
import { codeMistake, refusalIn, refusedText } from './code-mistakes.js';
import { kindOf } from '../text/words.js';
import type { Settings } from '../options/options.js';

/** Where the browser goes: {@link Procore.authorizationUrl}. */
export interface AuthorizationRequest {
  /** Where the login host sends the browser back to, as it was registered with the app; `urn:ietf:wg:oauth:2.0:oob` for an app without one. */
  redirectUri: string;
  /** A random text that is bound to the browser's session, and compared when the browser comes back. */
  state: string;
}

/** What the browser came back with: {@link Procore.exchangeCode}. */
export interface CodeRequest {
  /** The parameter `code` of the URL that the browser came back to. */
  code: string;
  /** The one that the code was asked for with. */
  redirectUri: string;
  /** Whose tokens these become. */
  account?: string | undefined;
}

type Asked = Pick<Settings, 'clientId' | 'clientSecret' | 'environment' | 'grant'>;

/**
 * Where to send the browser (RFC 6749, section 4.1.1).
 *
 * @throws TypeError that names what is wrong, what was expected, and what to do.
 */
export function authorizationUrl(asked: Asked, request: AuthorizationRequest): string {
  checkGrant('authorizationUrl', asked);
  const { redirectUri, state } = checkObject('authorizationUrl', request, '{ redirectUri, state }');
  checkRedirectUri('authorizationUrl', redirectUri);
  // Without it anybody could hand the browser a code of their own (RFC 6749, section 10.12).
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
 * A code that can be exchanged.
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
 * Whether this attach can revoke tokens.
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
  // A fragment is not allowed (RFC 6749, section 3.1.2), and what a parser would trim is not what was registered.
  if (typeof value === 'string' && URL.canParse(value) && value.trim() === value && !value.includes('#'))
    return;
  throw new TypeError(
    `axios-procore: ${method} got ${kindOf(value)} as "redirectUri"; it takes the absolute URL that is registered with the app, without a fragment, or urn:ietf:wg:oauth:2.0:oob.`,
  );
}
