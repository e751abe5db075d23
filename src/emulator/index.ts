/**
 * A server for tests that behaves like Procore's login host and API. `docs/emulator.md` explains it.
 *
 * @module axios-procore/emulator
 */

import { isSecureOrigin } from '../options/secure-origin.js';
import { createAdmission } from './admission.js';
import { createApi } from './api.js';
import { createAuthorize } from './authorize.js';
import { check, isWhole, switched, type Field } from './checks.js';
import { createCodes } from './codes.js';
import { errorRoute } from './error-routes.js';
import { openServer, originSeen } from './listening.js';
import { createFaults } from './faults.js';
import { createJournal } from './journal.js';
import { createSigner } from './jwt.js';
import { resolveOptions } from './options.js';
import { createOutages } from './outages.js';
import { createRateLimiter } from './rate-limiter.js';
import { rateLimitFields, resolveRateLimits } from './rate-options.js';
import { headerOf } from './message.js';
import { ownRoutes } from './own-routes.js';
import { createPresigned } from './presigned.js';
import { createResources } from './resources.js';
import { createRevoke } from './revoke.js';
import { createServe, nowhere } from './serve.js';
import { createStorage } from './storage.js';
import { createTokenEndpoint, tokenSetOf } from './token-endpoint.js';
import { createTokenInfo } from './token-info.js';
import { createTokenLedger } from './token-ledger.js';
import type { Emulator, EmulatorOptions } from './types.js';
import { attachedBy, uploadRoutes } from './upload-routes.js';
import { createUploads } from './uploads.js';

export type { KnownCompany } from './companies.js';
export { errorShapes, type ErrorShape } from './error-shapes.js';
export type { EmulatedRequest, Fault, FaultAction, FaultHandle } from './fault-types.js';
export type { Counters, LogEntry, Refusal, TokenOutcome } from './log-types.js';
export type { Outage } from './outages.js';
export type { RouteHandler, RouteRequest, Routes } from './own-routes.js';
export type { RateLimit, RateLimits } from './rate-options.js';
export type { Emulator, EmulatorOptions } from './types.js';

const userId: Field = [(value) => isWhole(value, 1), 'a whole number from 1'];
const issueFields = { known: { userId } };
const answerFields = { known: { userId, deny: switched } };

/**
 * Starts an HTTP server on 127.0.0.1 that behaves like Procore's login and API hosts, and one for the storage of uploads.
 * Rejects with a `TypeError` for a wrong option, and with the system's error when the port is taken.
 *
 * @example
 * const emulator = await startEmulator();
 * const tokens = emulator.issue();
 * const answer = await fetch(`${emulator.url}/rest/v1.0/me`, {
 *   headers: { authorization: `Bearer ${tokens.access_token}` },
 * });
 * await emulator.close();
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const settings = resolveOptions(options);
  const { now, clientId, clientSecret, accessTokenLifetimeSeconds: lifetimeSeconds } = settings;
  const limiter = createRateLimiter(now, resolveRateLimits(settings.rateLimits));
  const { host } = settings;
  const server = await openServer(host, settings.port);
  const storage = await openServer(host, settings.storagePort).catch(async (error: unknown) => {
    await server.close();
    throw error;
  });
  const { url } = server;

  const signer = createSigner(url);
  const journal = createJournal(now, settings.maxLogEntries);
  const faults = createFaults();
  const outages = createOutages(now);
  const codes = createCodes(now);
  const ledger = createTokenLedger({
    now,
    lifetimeMs: lifetimeSeconds * 1000,
    spentTokens: settings.spentTokens,
    familyRevocation: settings.familyRevocation,
    sign: signer.sign,
  });
  const authorization = createAuthorize({ codes, clientId, redirectUris: [...settings.redirectUris] });
  const uploads = createUploads();
  const presigned = createPresigned(now);
  const { routes, companies } = createResources({
    now,
    companies: settings.companies,
    attached: attachedBy(uploads),
  });
  const ofEmulator = [
    ...routes,
    ...uploadRoutes({
      uploads,
      presigned,
      companies,
      storageOf: ({ request }) => storage.originFor(headerOf(request, 'host')),
    }),
    errorRoute,
  ];
  const endpoints = {
    token: createTokenEndpoint({
      ledger,
      codes,
      clientId,
      clientSecret,
      lifetimeSeconds,
      fields: settings.tokenFields,
    }),
    authorize: authorization.endpoint,
    revoke: createRevoke({ ledger, clientId, clientSecret }),
    info: createTokenInfo({ ledger, clientId, now }),
    api: createApi({
      ledger,
      companies,
      requireCompanyHeader: settings.requireCompanyHeader,
      originOf: (request) => originSeen(headerOf(request, 'host')) ?? url,
      routes: [...ownRoutes(settings.routes, ofEmulator), ...ofEmulator],
    }),
    storage: createStorage({ uploads, presigned }),
    other: nowhere,
  };
  const admit = createAdmission({ isKnown: ledger.isKnown, limiter, outages });
  const parts = { now, journal, faults, endpoints, admit };
  server.serve(createServe(parts));
  storage.serve(createServe(parts, () => 'storage'));

  return {
    url,
    storageUrl: storage.url,
    environment: { loginUrl: url, apiUrl: url, ...(!isSecureOrigin(new URL(url)) && { allowHttp: true }) },
    clientId,
    clientSecret,
    publicKeyPem: signer.publicKeyPem,
    counters: journal.counters,
    log: journal.log,
    issue(options = {}) {
      check('issue', options, issueFields);
      return tokenSetOf(ledger.issue(options.userId ?? 1), lifetimeSeconds);
    },
    authorize(asked, answer = {}) {
      check('authorize', answer, answerFields);
      const { userId = 1, deny = false } = answer;
      const decided = authorization.decide(asked, { userId, deny });
      if (decided.code !== undefined) journal.authorized();
      return decided;
    },
    expire: (accessToken) => void known('expire', ledger.expire(accessToken)),
    revoke: (accessToken) => journal.revoked(known('revoke', ledger.revoke(accessToken))),
    revokeGrant: (token) => journal.revoked(known('revokeGrant', ledger.revokeGrant(token))),
    isLive: ledger.isLive,
    file: uploads.bytesOf,
    misbehave: faults.add,
    setRateLimits(limits = {}) {
      check('setRateLimits', limits, rateLimitFields);
      limiter.set(resolveRateLimits(limits));
    },
    outage: outages.start,
    async close() {
      await Promise.all([server.close(), storage.close()]);
    },
  };
}

function known(method: string, struck: number | undefined): number {
  // A token of another emulator is an error of the test, which should fail here.
  if (struck === undefined) throw new Error(`${method}: this emulator has not issued that token.`);
  return struck;
}
