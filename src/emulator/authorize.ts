import type { Codes } from './codes.js';
import { codePage, consentPage, refusalPage } from './consent.js';
import { headerOf, json, mediaTypeOf, text, type Arrival, type Endpoint, type Outcome } from './message.js';

/** The redirect URI of an application without a browser: the user copies the code from the page. */
const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

/** The decision of the user. */
interface Decision {
  readonly userId: number;
  readonly deny: boolean;
}

/** The result of a decision: the URL that the browser is redirected to, or only the code for the out-of-band redirect URI. */
interface Decided {
  readonly url?: string;
  readonly code?: string;
}

type Asked =
  | { kind: 'good'; redirectUri: string; state: string | null }
  | { kind: 'refused'; status: 400 | 401; error: string; description: string };

/** The authorization endpoint. */
export interface Authorization {
  readonly endpoint: Endpoint;
  /** Does what the page would do when the user answers it. Throws where the page would show an error. */
  decide(url: string, decision: Decision): Decided;
}

/**
 * `GET /oauth/authorize`. A browser gets a page. For any other client, which cannot press a button, user 1 agrees at once. With the
 * out-of-band redirect URI the answer is the code, on a page or as text.
 */
export function createAuthorize(parts: {
  codes: Codes;
  clientId: string;
  /** The registered redirect URIs; an empty list allows any. */
  redirectUris: readonly string[];
}): Authorization {
  const { codes, clientId, redirectUris } = parts;

  /** Checks a request. For an unregistered redirect URI it must not redirect (RFC 6749, section 4.1.2.1). */
  function judge(asked: URLSearchParams): Asked {
    const redirectUri = asked.get('redirect_uri') ?? '';
    const refused = (status: 400 | 401, error: string, description: string): Asked => ({
      kind: 'refused',
      status,
      error,
      description,
    });
    if (asked.get('client_id') !== clientId) return refused(401, 'invalid_client', 'Unknown client.');
    if (!URL.canParse(redirectUri) || redirectUri.includes('#'))
      return refused(400, 'invalid_request', 'redirect_uri must be an absolute URI without a fragment.');
    if (redirectUris.length > 0 && !redirectUris.includes(redirectUri))
      return refused(400, 'invalid_redirect_uri', 'redirect_uri is not registered with this app.');
    if (asked.get('response_type') !== 'code')
      return refused(400, 'invalid_request', 'response_type must be "code".');
    return { kind: 'good', redirectUri, state: asked.get('state') };
  }

  function settle({ redirectUri, state }: Asked & { kind: 'good' }, { userId, deny }: Decision): Decided {
    const code = deny ? undefined : codes.issue(redirectUri, userId);
    if (redirectUri === outOfBand) return code === undefined ? {} : { code };
    const url = new URL(redirectUri);
    if (code !== undefined) url.searchParams.set('code', code);
    else {
      url.searchParams.set('error', 'access_denied');
      url.searchParams.set(
        'error_description',
        'The resource owner or authorization server denied the request.',
      );
    }
    if (state !== null) url.searchParams.set('state', state);
    return { url: url.href, ...(code !== undefined && { code }) };
  }

  function answer(decided: Decided, { isBrowser, isPost }: { isBrowser: boolean; isPost: boolean }): Outcome {
    const note = { decision: decided.code === undefined ? 'denied' : 'allowed' } as const;
    if (decided.url !== undefined) {
      const status = isPost ? 303 : 302;
      return {
        reply: { status, headers: { location: decided.url, 'cache-control': 'no-store' }, body: '' },
        note,
      };
    }
    if (decided.code === undefined)
      return { reply: refusalPage(200, 'Denied', 'The app has no access.'), note };
    return { reply: isBrowser ? codePage(decided.code) : text(200, decided.code), note };
  }

  return {
    endpoint: {
      describe: () => ({}),
      carryOut(request) {
        const isPost = request.method === 'POST';
        const isBrowser = (headerOf(request, 'accept') ?? '').includes('text/html');
        const params = new URLSearchParams(isPost ? formIn(request) : request.query);
        const asked = judge(params);
        if (asked.kind === 'refused') {
          const { status, error, description } = asked;
          const reply = isBrowser
            ? refusalPage(status, error, description)
            : json(status, { error, error_description: description });
          return { reply, note: { decision: 'refused' } };
        }
        if (!isPost && isBrowser)
          return { reply: consentPage(clientId, asked.redirectUri, params), note: { decision: 'asked' } };
        const decision = {
          userId: isPost ? Number(params.get('user_id') ?? 1) : 1,
          deny: isPost && params.get('decision') !== 'allow',
        };
        if (!Number.isSafeInteger(decision.userId) || decision.userId < 1) {
          const reply = refusalPage(400, 'invalid_request', 'user_id must be a whole number from 1.');
          return { reply, note: { decision: 'refused' } };
        }
        return answer(settle(asked, decision), { isBrowser, isPost });
      },
    },
    decide(url, decision) {
      if (!URL.canParse(url)) throw new TypeError('authorize takes the URL that authorizationUrl() returns.');
      const asked = judge(new URL(url).searchParams);
      if (asked.kind === 'refused') throw new Error(`authorize: ${asked.error}: ${asked.description}`);
      return settle(asked, decision);
    },
  };
}

function formIn(request: Arrival): string {
  return mediaTypeOf(request) === 'application/x-www-form-urlencoded' ? request.body : '';
}
