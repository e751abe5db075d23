import { fingerprint } from './fingerprint.js';
import { bearerOf, json, type Endpoint } from './message.js';
import { unauthorized } from './refusals.js';
import type { TokenLedger } from './token-ledger.js';

/** `GET /oauth/token/info`: describes the bearer token of the request, which does not count as a use of it. `now` is in milliseconds. */
export function createTokenInfo(parts: {
  ledger: TokenLedger;
  clientId: string;
  now: () => number;
}): Endpoint {
  const { ledger, clientId, now } = parts;
  return {
    describe(request) {
      const bearer = bearerOf(request);
      return bearer === undefined ? {} : { accessToken: fingerprint(bearer) };
    },
    carryOut(request) {
      const caller = ledger.look(bearerOf(request));
      if (typeof caller === 'string') return { reply: unauthorized(caller), note: { refusal: caller } };
      return {
        reply: json(200, {
          resource_owner_id: caller.refreshToken === undefined ? null : caller.userId,
          scope: [],
          expires_in: Math.floor((caller.expiresAtMs - now()) / 1000),
          application: { uid: clientId },
          created_at: Math.floor(caller.issuedAtMs / 1000),
        }),
      };
    },
  };
}
