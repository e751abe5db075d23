import type { Codes } from './codes.js';
import { json, text, type Endpoint } from './message.js';

/** The redirect URI of an application without a browser: the user copies the code from the page. */
const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

/** `GET /oauth/authorize`: the user agrees at once. Out of band, the page is the bare code as plain text. */
export function createAuthorize(codes: Codes, clientId: string): Endpoint {
  return {
    describe: () => ({}),
    carryOut(request) {
      const query = new URLSearchParams(request.query);
      const redirectUri = query.get('redirect_uri') ?? '';
      if (query.get('client_id') !== clientId) {
        return { reply: json(401, { error: 'invalid_client', error_description: 'Unknown client.' }) };
      }
      if (query.get('response_type') !== 'code' || !URL.canParse(redirectUri)) {
        const description = 'response_type must be "code" and redirect_uri an absolute URI.';
        return { reply: json(400, { error: 'invalid_request', error_description: description }) };
      }
      const code = codes.issue(redirectUri);
      if (redirectUri === outOfBand) return { reply: text(200, code) };
      const location = new URL(redirectUri);
      location.searchParams.set('code', code);
      const state = query.get('state');
      if (state !== null) location.searchParams.set('state', state);
      return { reply: { status: 302, headers: { location: location.href }, body: '' } };
    },
  };
}
