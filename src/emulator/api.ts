import { fingerprint } from './fingerprint.js';
import type { Refusal } from './log-types.js';
import { headerOf, notFound, text, type Arrival, type Endpoint, type Reply } from './message.js';
import type { Route } from './resources.js';
import type { TokenLedger } from './token-ledger.js';

const refusalTexts: Record<Refusal, string> = {
  missing: 'is invalid',
  unknown: 'is invalid',
  expired: 'expired',
  revoked: 'was revoked',
  replaced: 'was revoked',
};

/** Everything under `/rest/`: the bearer first, then the route, then the company header. */
export function createApi(ledger: TokenLedger, routes: readonly Route[], companyHeader: boolean): Endpoint {
  return {
    describe(request) {
      const bearer = bearerOf(request);
      const companyId = headerOf(request, 'procore-company-id');
      return {
        ...(bearer !== undefined && { accessToken: fingerprint(bearer) }),
        ...(companyId !== undefined && { companyId }),
      };
    },
    carryOut(request) {
      const caller = ledger.authenticate(bearerOf(request));
      if (typeof caller === 'string') return { reply: unauthorized(caller), note: { refusal: caller } };
      const path = /^\/rest\/v\d+\.\d+(\/.*)$/.exec(request.path)?.[1] ?? '';
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const route = routes.find((one) => one.method === method && one.pattern.test(path));
      if (route === undefined) return { reply: notFound() };
      // A service account belongs to no user, so nothing but the header says which company it means.
      const scoped = route.companyScoped || caller.refreshToken === undefined;
      if (companyHeader && scoped && !headerOf(request, 'procore-company-id')) {
        return { reply: text(400, 'Missing Procore-Company-Id header! Add it with the ID of the company.') };
      }
      return route.handle(request, caller, route.pattern.exec(path)?.slice(1) ?? []);
    },
  };
}

/** Like Procore's OAuth server: an empty HTML page; the reason is in the challenge only. */
function unauthorized(refusal: Refusal): Reply {
  const challenge = `Bearer realm="Procore API", error="invalid_token", error_description="The access token ${refusalTexts[refusal]}"`;
  return {
    status: 401,
    headers: { 'content-type': 'text/html; charset=utf-8', 'www-authenticate': challenge },
    body: '',
  };
}

function bearerOf(request: Arrival): string | undefined {
  return /^bearer +(\S+)$/i.exec(headerOf(request, 'authorization')?.trim() ?? '')?.[1];
}
