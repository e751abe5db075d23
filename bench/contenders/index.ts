import type { Connect } from './contender.js';

/** What is measured, and what it can do by itself. */
export interface Contender {
  readonly name: string;
  /** How it is set up, as its README says, in a sentence for the page. */
  readonly setUp: string;
  /** Whether it gets a new access token by itself. */
  readonly renews: boolean;
  /** Whether it repeats a call that a server turned away with a 503. */
  readonly retries: boolean;
  /** Whether it keeps within a rate limit. */
  readonly paces: boolean;
  /** Whether an axios adapter can stand in for the network. */
  readonly isAxios: boolean;
  /** Its code is loaded only where it is measured. */
  load(): Promise<Connect>;
}

/** In the order of the tables. */
export const contenders: readonly Contender[] = [
  {
    name: 'bare axios',
    setUp: 'An instance with `baseURL` and the company header, and no bearer.',
    renews: false,
    retries: false,
    paces: false,
    isAxios: true,
    load: async () => (await import('./bare.js')).connect,
  },
  {
    name: 'hand-written bearer',
    setUp: 'A request interceptor of three lines that sets `Authorization` from a variable.',
    renews: false,
    retries: false,
    paces: false,
    isAxios: true,
    load: async () => (await import('./bearer.js')).connect,
  },
  {
    name: 'axios-retry',
    setUp:
      '`axiosRetry(instance, { retries: 4, retryDelay: axiosRetry.exponentialDelay })`, and the bearer by hand.',
    renews: false,
    retries: true,
    paces: false,
    isAxios: true,
    load: async () => (await import('./retry.js')).connect,
  },
  {
    name: 'axios-auth-refresh + axios-retry',
    setUp:
      '`createAuthRefresh(instance, refreshAuthLogic)`, a request interceptor that sets the bearer, and `axiosRetry` with four retries and exponential delay.',
    renews: true,
    retries: true,
    paces: false,
    isAxios: true,
    load: async () => (await import('./auth-refresh.js')).connect,
  },
  {
    name: 'axios-token-interceptor',
    setUp:
      '`tokenProvider({ getToken: tokenProvider.tokenCache(…, { getMaxAge }) })`: the pair is cached for as long as `expires_in` says.',
    renews: true,
    retries: false,
    paces: false,
    isAxios: true,
    load: async () => (await import('./token-interceptor.js')).connect,
  },
  {
    name: 'axios-rate-limit',
    setUp:
      '`rateLimit(instance, { maxRequests, perMilliseconds })` with the limit of the server, and the bearer by hand.',
    renews: false,
    retries: false,
    paces: true,
    isAxios: true,
    load: async () => (await import('./rate-limit.js')).connect,
  },
  {
    name: '@procore/js-sdk',
    setUp:
      '`sdk.client(sdk.refresher(sdk.oauth(token), …), undefined, { apiHostname, defaultCompanyId })`, over the fetch of Node.',
    renews: true,
    retries: false,
    paces: false,
    isAxios: false,
    load: async () => (await import('./js-sdk.js')).connect,
  },
  {
    name: 'axios-procore',
    setUp:
      '`attachProcore(instance, { clientId, clientSecret, environment, store: memoryTokenStore(tokens) })`.',
    renews: true,
    retries: true,
    paces: true,
    isAxios: true,
    load: async () => (await import('./procore.js')).connect,
  },
];

export function contenderOf(name: string): Contender {
  const found = contenders.find((contender) => contender.name === name);
  if (!found) throw new Error(`There is no contender ${name}.`);
  return found;
}
