import { fingerprint } from './fingerprint.js';
import { json, mediaTypeOf, type Arrival, type Endpoint, type Outcome } from './message.js';
import type { TokenLedger } from './token-ledger.js';

/**
 * `POST /oauth/revoke`: revokes the pair that an access or refresh token belongs to. The answer to an unknown token is 200 as well (RFC
 * 7009, section 2.2). The answer to an unknown client is that of Doorkeeper, which Procore's server resembles.
 */
export function createRevoke(parts: {
  ledger: TokenLedger;
  clientId: string;
  clientSecret: string;
}): Endpoint {
  const { ledger, clientId, clientSecret } = parts;
  return {
    describe(request) {
      const token = formOf(request)?.get('token');
      return token ? { presented: fingerprint(token) } : {};
    },
    carryOut(request): Outcome {
      const form = formOf(request);
      if (!form)
        return {
          reply: json(400, {
            error: 'invalid_request',
            error_description: 'The fields belong into a form in the body.',
          }),
          note: { outcome: 'invalid-request' },
        };
      if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) {
        const description = 'You are not authorized to revoke this token';
        return {
          reply: json(403, { error: 'unauthorized_client', error_description: description }),
          note: { outcome: 'invalid-client' },
        };
      }
      const revoked = ledger.revokeToken(form.get('token') ?? '');
      return { reply: json(200, {}), revoked, note: { outcome: revoked > 0 ? 'revoked' : 'unknown' } };
    },
  };
}

function formOf(request: Arrival): URLSearchParams | undefined {
  if (mediaTypeOf(request) !== 'application/x-www-form-urlencoded') return undefined;
  // Parameters in the URL are refused, because a secret there ends up in logs.
  return request.query === '' ? new URLSearchParams(request.body) : undefined;
}
