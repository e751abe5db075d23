import { checkAll, fail, type Check } from './check.js';
import { environments, legacyProductionOrigin, type Environment } from '../wire/environments.js';
import { isPromise } from '../text/words.js';
import {
  accountHint,
  companyHint,
  durationHint,
  environmentHint,
  grantHint,
  loggerHint,
  missingLevels,
  oneOf,
  originHint,
  partsHint,
  unsetHint,
} from './hints.js';
import {
  legacyDefaults,
  rateLimitDefaults,
  renewalDefaults,
  retryDefaults,
  type CompanyId,
  type LegacyOptions,
  type ProcoreOptions,
  type ProcoreRequestOptions,
  type RenewalOptions,
  type RetryOptions,
  type Settings,
} from './options.js';
import { storeHint } from '../store/store-hint.js';
import type { TokenStore } from '../store/store.js';
import { ownValue, unpolluted } from '../wire/prototype-pollution.js';

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isPromise(value);
const isFunction = (value: unknown) => typeof value === 'function';
const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isDuration = (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value);
const isCount = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isPlaces = (value: unknown) => isCount(value) && value !== 0;
const isBoolean = (value: unknown) => typeof value === 'boolean';

const text: Check = [isText, 'a non-empty string', unsetHint];
const duration: Check = [isDuration, 'a positive number of milliseconds', durationHint];
const count: Check = [isCount, 'a whole number from 0'];
const switched: Check = [isBoolean, 'true or false'];
const aFunction: Check = [isFunction, 'a function'];
const company: Check = [
  isCompanyId,
  'a company id: digits in a string, or a positive safe integer',
  companyHint,
];

const renewalChecks: Record<keyof RenewalOptions, Check> = {
  background: switched,
  aheadMs: [(value) => value === 0 || isDuration(value), 'a number of milliseconds from 0', durationHint],
  timeoutMs: duration,
  answerTimeoutMs: duration,
  totalMs: duration,
  storeTimeoutMs: duration,
  concurrency: [isPlaces, 'a whole number from 1'],
  resendAfterLostAnswer: count,
  drain: [(value) => value === 'learn' || isBoolean(value), "'learn', true or false", oneOf(['learn'])],
  drainMs: duration,
};
const retryChecks: Record<keyof RetryOptions, Check> = {
  retries: count,
  baseDelayMs: duration,
  maxDelayMs: duration,
};
const legacyChecks: Record<keyof LegacyOptions, Check> = {
  takeOverRefresh: switched,
  timeoutBoundsCall: switched,
};
const scopes = ['account', 'account+company', 'app'];
const optionChecks: Record<keyof ProcoreOptions, Check> = {
  clientId: text,
  clientSecret: [
    (value) => isText(value) || isFunction(value),
    'a non-empty string or a function that returns one',
    unsetHint,
  ],
  environment: [
    (value) => (typeof value === 'string' ? Object.hasOwn(environments, value) : isObject(value)),
    `one of ${Object.keys(environments).join(', ')}, or { loginUrl, apiUrl }`,
    environmentHint,
  ],
  origins: [
    (value) => Array.isArray(value) && value.every(isText),
    'an array of origins',
    (value) => (typeof value === 'string' ? 'Put it into an array' : undefined),
  ],
  grant: [
    (value) => value === 'refresh_token' || value === 'client_credentials',
    "'refresh_token' or 'client_credentials'",
    grantHint,
  ],
  store: [
    (value) => isObject(value) && isFunction(value['load']) && isFunction(value['save']),
    'a token store: an object with the functions load(account) and save(tokens, account, previous)',
    storeHint,
  ],
  account: [
    (value) => isText(value) || isFunction(value),
    'a non-empty string or a function of the request configuration',
    accountHint,
  ],
  companyId: [
    (value) => isCompanyId(value) || isFunction(value),
    `${company[1]}, or a function that returns one`,
    companyHint,
  ],
  redirectUri: text,
  renewal: [isObject, 'an object', partsHint('{ aheadMs }')],
  retry: [(value) => value === false || isObject(value), 'false or an object', partsHint('{ retries }')],
  rateLimit: [(value) => value === false || isObject(value), 'false or an object', partsHint('{ scope }')],
  legacy: [isObject, 'an object', () => 'Give { takeOverRefresh: true }'],
  maxWaitMs: duration,
  deadlineMs: duration,
  exchange: aFunction,
  logger: [
    (value) => (isObject(value) || isFunction(value)) && missingLevels(value).length === 0,
    'an object with the functions debug, info, warn and error (or log for info)',
    loggerHint,
  ],
  replace: switched,
};
const requestChecks: Record<keyof ProcoreRequestOptions, Check> = {
  account: [isText, 'a non-empty string', accountHint],
  companyId: company,
  auth: [
    (value) => value === false,
    'false, or nothing',
    () => 'Calls have the token without it; false leaves their own',
  ],
  retry: [(value) => value === false || isObject(value), 'false or an object', partsHint('{ retries }')],
  idempotent: switched,
  deadlineMs: duration,
  body: aFunction,
};
const storeChecks: Record<'lock' | 'remove' | 'lockMs' | 'renewsLock' | 'readsAreFresh', Check> = {
  lock: aFunction,
  remove: aFunction,
  lockMs: duration,
  renewsLock: switched,
  readsAreFresh: switched,
};

/** Options that are not at the top, by their path. */
const elsewhere = [
  ...Object.keys(renewalChecks).map((name) => `renewal.${name}`),
  ...Object.keys(retryChecks).map((name) => `retry.${name}`),
  ...Object.keys(legacyChecks).map((name) => `legacy.${name}`),
  'rateLimit.scope',
  ...Object.keys(optionChecks),
];

/** True for what can stand in `Procore-Company-Id`. */
export function isCompanyId(value: unknown): value is CompanyId {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value > 0;
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

/**
 * Checks the options and puts the defaults in.
 *
 * @throws TypeError that names the option, what it got and what it takes.
 */
export function resolveOptions(given: ProcoreOptions): Settings {
  if (!isObject(given)) {
    const hint = isPromise(given) ? 'Await it first' : undefined;
    fail('options', given, 'an object with clientId, clientSecret and store', hint);
  }
  checkAll('', given, optionChecks, elsewhere);
  const options = unpolluted(given as ProcoreOptions);
  const { renewal = {}, retry = {}, rateLimit = {}, legacy = {} } = options;
  checkAll('renewal.', renewal, renewalChecks, elsewhere);
  checkAll('legacy.', legacy, legacyChecks, elsewhere);
  if (retry !== false) checkAll('retry.', retry, retryChecks, elsewhere);
  if (rateLimit) {
    checkAll('rateLimit.', rateLimit, {
      scope: [
        (value) => scopes.includes(value as string) || isFunction(value),
        `one of ${scopes.join(', ')}, or a function`,
        oneOf(scopes),
      ],
    });
  }
  if (options.clientId === undefined) fail('clientId', undefined, text[1], unsetHint(undefined));
  if (options.clientSecret === undefined && !options.exchange) {
    const takes = `${optionChecks.clientSecret[1]} (or give "exchange" instead)`;
    fail('clientSecret', undefined, takes, unsetHint(undefined));
  }
  const grant = options.grant ?? 'refresh_token';
  if (!options.store && grant === 'refresh_token') {
    fail(
      'store',
      undefined,
      `${optionChecks.store[1]}; memoryTokenStore() where losing the tokens at a restart is meant`,
    );
  }
  const settings = { ...renewalDefaults, ...defined(renewal) };
  checkStore(options.store, settings.totalMs);
  const environment = resolveEnvironment(options.environment ?? 'production');
  return frozen({
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    environment,
    allowedOrigins: allowedOrigins(environment, options.origins ?? []),
    grant,
    store: options.store,
    account: options.account,
    companyId: options.companyId,
    redirectUri: options.redirectUri,
    renewal: frozen(settings),
    retry: retry === false ? false : frozen({ ...retryDefaults, ...defined(retry) }),
    rateLimit: rateLimit === false ? false : frozen({ ...rateLimitDefaults, ...defined(rateLimit) }),
    legacy: frozen({ ...legacyDefaults, ...defined(legacy) }),
    maxWaitMs: options.maxWaitMs ?? 60_000,
    deadlineMs: options.deadlineMs,
    exchange: options.exchange,
    logger: options.logger,
    replace: options.replace ?? false,
  });
}

/**
 * Checks the options of one call.
 *
 * @throws TypeError that names the option, what it got and what it takes.
 */
export function checkRequestOptions(options: unknown): asserts options is ProcoreRequestOptions {
  if (!isObject(options)) fail('procore', options, 'an object (or nothing) on a request');
  checkAll('procore.', options, requestChecks, elsewhere);
  if (isObject(options['retry'])) checkAll('procore.retry.', options['retry'], retryChecks, elsewhere);
}

/** Without a prototype: a setting that is left out is not what every object seems to have. */
function frozen<T extends object>(settings: T): Readonly<T> {
  return Object.freeze(Object.assign(Object.create(null) as T, settings));
}

function checkStore(store: TokenStore | undefined, totalMs: number): void {
  if (!store) return;
  for (const [name, [valid, takes]] of Object.entries(storeChecks)) {
    const value = (store as unknown as Record<string, unknown>)[name];
    if (value !== undefined && !valid(value)) fail(`store.${name}`, value, takes);
  }
  if (store.lock && !store.renewsLock && !((store.lockMs ?? 0) > totalMs)) {
    fail(
      'store.lockMs',
      store.lockMs,
      `more than renewal.totalMs (${totalMs}), or store.renewsLock: true, for a lock that ends during a renewal is none`,
    );
  }
}

function resolveEnvironment(environment: NonNullable<ProcoreOptions['environment']>): Environment {
  if (typeof environment === 'string') return environments[environment];
  checkAll('environment.', environment, { loginUrl: [isText, 'a URL'], apiUrl: [isText, 'a URL'] });
  return frozen({
    loginUrl: secureOrigin('environment.loginUrl', ownValue(environment, 'loginUrl')),
    apiUrl: secureOrigin('environment.apiUrl', ownValue(environment, 'apiUrl')),
  });
}

function allowedOrigins(environment: Environment, further: readonly string[]): ReadonlySet<string> {
  const own = [environment.apiUrl, environment.loginUrl];
  if (environment.apiUrl === environments.production.apiUrl) own.push(legacyProductionOrigin);
  return new Set([...own, ...further.map((origin, index) => secureOrigin(`origins[${index}]`, origin))]);
}

/** What a token may travel to, in words. */
export const secureOriginTakes: string =
  'an origin such as https://api.procore.com, without path, query or credentials (http on loopback only)';

/** Tokens travel over https; plain http is for a server on this very machine. */
export function isSecureOrigin(url: URL): boolean {
  const loopback =
    url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
  const secure = url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
  return secure && !url.username && !url.password && !url.search && !url.hash && url.pathname === '/';
}

function secureOrigin(name: string, value: unknown): string {
  let url: URL;
  try {
    url = new URL(value as string);
  } catch {
    return fail(name, value, secureOriginTakes, originHint(value));
  }
  if (isSecureOrigin(url)) return url.origin;
  return fail(name, value, secureOriginTakes, originHint(value));
}

/** The options that say something: undefined never overrides. */
export function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
