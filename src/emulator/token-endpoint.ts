import type { TokenSet } from '../store/store.js';
import type { Codes } from './codes.js';
import { fingerprint } from './fingerprint.js';
import type { LogEntry, TokenOutcome } from './log-types.js';
import { json, mediaTypeOf, type Arrival, type Endpoint, type Outcome } from './message.js';
import type { Pair, TokenLedger } from './token-ledger.js';

const grantTypes = ['refresh_token', 'authorization_code', 'client_credentials'] as const;

/** Parameters that are refused in a URL, because proxies and logs keep URLs. */
const bodyOnly = ['client_id', 'client_secret', 'refresh_token', 'code', 'grant_type'];

const descriptions = {
  invalid_request:
    'The request is missing a required parameter, includes an unsupported parameter value, or is otherwise malformed.',
  invalid_client:
    'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
  invalid_grant:
    'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.',
  unsupported_grant_type: 'The authorization grant type is not supported by the authorization server.',
};

/** The parts of the endpoint. */
export interface TokenEndpointParts {
  ledger: TokenLedger;
  codes: Codes;
  clientId: string;
  clientSecret: string;
  lifetimeSeconds: number;
  fields: 'form' | 'anywhere';
}

/** `POST /oauth/token`. Source: Procore, "OAuth 2.0 Authorization Code Grant" and "Client Credentials Grant". */
export function createTokenEndpoint(parts: TokenEndpointParts): Endpoint {
  const { ledger, codes } = parts;
  const formOf = parts.fields === 'form' ? strictFormOf : anyFormOf;

  function issued(pair: Pair, note: Partial<LogEntry> = {}): Outcome {
    const { accessToken, refreshToken } = pair;
    const fingerprints = {
      accessToken: fingerprint(accessToken),
      ...(refreshToken !== undefined && { refreshToken: fingerprint(refreshToken) }),
    };
    return {
      reply: json(200, tokenSetOf(pair, parts.lifetimeSeconds), { 'cache-control': 'no-store' }),
      note: { ...note, outcome: 'issued', issued: fingerprints },
    };
  }

  function refresh(form: URLSearchParams): Outcome {
    const presented = form.get('refresh_token');
    if (!presented) return refused('invalid_request', 'invalid-request');
    const redemption = ledger.redeem(presented);
    if (redemption.kind === 'spent') {
      return { ...refused('invalid_grant', 'spent'), revoked: redemption.revoked };
    }
    if (redemption.kind !== 'issued') return refused('invalid_grant', redemption.kind);
    const { accessToken, issuedAtMs, expiresAtMs, revokedAtMs } = redemption.replaced;
    const replaces = {
      accessToken: fingerprint(accessToken),
      issuedAtMs,
      expiresAtMs,
      ...(revokedAtMs !== undefined && { revokedAtMs }),
    };
    return issued(redemption.pair, { replaces });
  }

  function redeemCode(form: URLSearchParams): Outcome {
    const code = form.get('code');
    const redirectUri = form.get('redirect_uri');
    if (!code || !redirectUri) return refused('invalid_request', 'invalid-request');
    const redemption = codes.redeem(code, redirectUri, ledger.issue);
    if (redemption.kind === 'good') return issued(redemption.pair);
    const revoked = redemption.kind === 'spent' ? ledger.presentedAgain(redemption.pair) : 0;
    return { ...refused('invalid_grant', redemption.kind), revoked };
  }

  return {
    describe(request) {
      const form = formOf(request);
      const asked = form?.get('grant_type');
      if (!form || !asked) return {};
      const presented = form.get('refresh_token');
      return {
        grantType: grantTypes.find((type) => type === asked) ?? 'other',
        ...(presented && { presented: fingerprint(presented) }),
      };
    },
    carryOut(request) {
      const form = formOf(request);
      if (!form?.get('grant_type')) return refused('invalid_request', 'invalid-request');
      const grantType = grantTypes.find((type) => type === form.get('grant_type'));
      if (grantType === undefined) return refused('unsupported_grant_type', 'unsupported');
      if (form.get('client_id') !== parts.clientId || form.get('client_secret') !== parts.clientSecret) {
        return refused('invalid_client', 'invalid-client');
      }
      if (grantType === 'refresh_token') return refresh(form);
      if (grantType === 'authorization_code') return redeemCode(form);
      return issued(ledger.issue(1, { refreshable: false }));
    },
  };
}

/** A pair in the form of the token endpoint's answer. */
export function tokenSetOf(pair: Pair, lifetimeSeconds: number): TokenSet {
  return {
    access_token: pair.accessToken,
    token_type: 'Bearer',
    expires_in: lifetimeSeconds,
    ...(pair.refreshToken !== undefined && { refresh_token: pair.refreshToken }),
    created_at: Math.floor(pair.issuedAtMs / 1000),
  };
}

/** The fields of a form in the body; undefined for any other request. */
function strictFormOf(request: Arrival): URLSearchParams | undefined {
  if (mediaTypeOf(request) !== 'application/x-www-form-urlencoded') return undefined;
  const query = new URLSearchParams(request.query);
  return bodyOnly.some((name) => query.has(name)) ? undefined : new URLSearchParams(request.body);
}

/** The fields from the query string and from a form or JSON in the body. */
function anyFormOf(request: Arrival): URLSearchParams | undefined {
  const isForm = mediaTypeOf(request) === 'application/x-www-form-urlencoded';
  const body = isForm ? new URLSearchParams(request.body) : jsonFields(request.body);
  return new URLSearchParams([...new URLSearchParams(request.query), ...body]);
}

function jsonFields(body: string): [string, string][] {
  try {
    const fields = Object.entries(JSON.parse(body) as object);
    return fields.filter((field): field is [string, string] => typeof field[1] === 'string');
  } catch {
    return [];
  }
}

function refused(error: keyof typeof descriptions, outcome: TokenOutcome): Outcome {
  const body = { error, error_description: descriptions[error] };
  const status = error === 'invalid_client' ? 401 : 400;
  return { reply: json(status, body, { 'cache-control': 'no-store' }), note: { outcome } };
}
