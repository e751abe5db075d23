import { createAnswers } from './answers.js';
import type { Call, Route } from './call.js';
import { companyOf, type Companies } from './companies.js';
import { fingerprint } from './fingerprint.js';
import { createRemembered, idempotencyTokenOf } from './idempotency.js';
import { bearerOf, headerOf, type Arrival, type Endpoint, type Outcome } from './message.js';
import { companyHeaderMissing, unauthorized } from './refusals.js';
import { createRouter } from './router.js';
import type { Pair, TokenLedger } from './token-ledger.js';
import { createWrites } from './writes.js';

/** The parts that the API is made of. */
export interface ApiParts {
  readonly ledger: TokenLedger;
  /** The first that matches answers. */
  readonly routes: readonly Route[];
  readonly companies: Companies;
  readonly requireCompanyHeader: boolean;
  /** The origin of this server, as the client of a request reaches it. */
  originOf(request: Arrival): string;
}

/**
 * Everything under `/rest/`. It checks the bearer token first, then the route, then the company header, then whether company and project are
 * known, then whether the request was carried out before with the same `Idempotency-Token`.
 */
export function createApi(parts: ApiParts): Endpoint {
  const { ledger, companies } = parts;
  const find = createRouter(parts.routes);
  const writes = createWrites();
  const remembered = createRemembered();

  function callOf(request: Arrival, caller: Pair, params: Call['params']): Call {
    const answers = createAnswers(request, parts.originOf(request));
    return { request, caller, params, companyId: companyOf(request, params), answers };
  }

  /** A service account belongs to no user, so only the header tells its company. */
  function asksForCompany({ company }: Route, caller: Pair): boolean {
    const isServiceAccount = caller.refreshToken === undefined;
    return company === 'always' || (company === 'service-account' && isServiceAccount);
  }

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
    admits: (request) => typeof ledger.authenticate(bearerOf(request)) !== 'string',
    async carryOut(request): Promise<Outcome> {
      const caller = ledger.authenticate(bearerOf(request));
      if (typeof caller === 'string') return { reply: unauthorized(caller), note: { refusal: caller } };
      const { route, params = {} } = find(request.method, request.path) ?? {};
      const call = callOf(request, caller, params);
      if (route === undefined || !(route.isOwn || hasIds(params)))
        return { reply: call.answers.refused(404, 'Not Found') };
      if (
        parts.requireCompanyHeader &&
        asksForCompany(route, caller) &&
        !headerOf(request, 'procore-company-id')
      )
        return { reply: companyHeaderMissing() };
      const refusal = companies.refusal(call);
      if (refusal) return { reply: refusal };
      const outcome = await remembered.once(request, caller.userId, () => route.handle(call));
      return outcome.wrote ? { ...outcome, rewrote: writes.repeats(request) } : outcome;
    },
  };
}

/** Whether the version and the ids in a path are those of Procore. */
function hasIds({ version = '1.0', ...params }: Call['params']): boolean {
  const ids = Object.entries(params).filter(([name]) => /^(?:\w+_)?id$/.test(name));
  return /^\d+\.\d+$/.test(version) && ids.every(([, value]) => /^\d+$/.test(value));
}
