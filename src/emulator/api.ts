import { fingerprint } from './fingerprint.js';
import { createRemembered, idempotencyTokenOf } from './idempotency.js';
import { bearerOf, headerOf, notFound, type Endpoint } from './message.js';
import { companyHeaderMissing, unauthorized } from './refusals.js';
import type { Route } from './resources.js';
import type { TokenLedger } from './token-ledger.js';
import { createWrites } from './writes.js';

/**
 * Everything under `/rest/`. It checks the bearer token first, then the route, then the company header, then whether it was carried out
 * before with the same `Idempotency-Token`.
 */
export function createApi(ledger: TokenLedger, routes: readonly Route[], companyHeader: boolean): Endpoint {
  const writes = createWrites();
  const remembered = createRemembered();
  return {
    describe(request) {
      const bearer = bearerOf(request);
      const companyId = headerOf(request, 'procore-company-id');
      const idempotencyToken = idempotencyTokenOf(request);
      return {
        ...(bearer !== undefined && { accessToken: fingerprint(bearer) }),
        ...(companyId !== undefined && { companyId }),
        ...(idempotencyToken !== undefined && { idempotencyToken }),
      };
    },
    carryOut(request) {
      const caller = ledger.authenticate(bearerOf(request));
      if (typeof caller === 'string') return { reply: unauthorized(caller), note: { refusal: caller } };
      const path = /^\/rest\/v\d+\.\d+(\/.*)$/.exec(request.path)?.[1] ?? '';
      const method = request.method === 'HEAD' ? 'GET' : request.method;
      const route = routes.find(
        ({ methods, pattern }) => (methods === 'any' || methods.includes(method)) && pattern.test(path),
      );
      if (route === undefined) return { reply: notFound() };
      // A service account belongs to no user, so only the header tells its company.
      const asks = caller.refreshToken === undefined ? ['always', 'service-account'] : ['always'];
      if (companyHeader && asks.includes(route.company) && !headerOf(request, 'procore-company-id')) {
        return { reply: companyHeaderMissing() };
      }
      const parts = route.pattern.exec(path)?.slice(1) ?? [];
      const outcome = remembered.once(request, caller.userId, () => route.handle(request, caller, parts));
      return outcome.wrote ? { ...outcome, rewrote: writes.repeats(request) } : outcome;
    },
  };
}
