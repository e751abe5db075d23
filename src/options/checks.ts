import { isObject, wrongIn, wrongValue, type Field, type Fields, type Meant } from '../text/fields.js';
import { environments, legacyProductionOrigin, type Environment } from '../wire/environments.js';
import {
  accountHint,
  companyHint,
  durationHint,
  environmentHint,
  grantHint,
  loggerHint,
  meantBy,
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
  type RateLimitOptions,
  type RenewalOptions,
  type RetryOptions,
  type Settings,
} from './options.js';
import { storeHint } from '../store/store-hint.js';
import type { TokenStore } from '../store/store.js';
import { ownValue, unpolluted } from '../wire/prototype-pollution.js';

const isFunction = (value: unknown) => typeof value === 'function';
const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isDuration = (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value);
const isCount = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isPlaces = (value: unknown) => isCount(value) && value !== 0;
const isBoolean = (value: unknown) => typeof value === 'boolean';

const text: Field = [isText, 'a non-empty string', unsetHint];
const duration: Field = [isDuration, 'a positive number of milliseconds', durationHint];
const count: Field = [isCount, 'a whole number from 0'];
const switched: Field = [isBoolean, 'true or false'];
const aFunction: Field = [isFunction, 'a function'];
const company: Field = [
  isCompanyId,
  'a company id: digits in a string, or a positive safe integer',
  companyHint,
];

const renewalFields: Record<keyof RenewalOptions, Field> = {
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
const retryFields: Record<keyof RetryOptions, Field> = {
  retries: count,
  baseDelayMs: duration,
  maxDelayMs: duration,
};
const legacyFields: Record<keyof LegacyOptions, Field> = {
  takeOverRefresh: switched,
  timeoutBoundsCall: switched,
};
const scopes = ['account', 'account+company', 'app'];
const rateLimitFields: Record<keyof RateLimitOptions, Field> = {
  scope: [
    (value) => scopes.includes(value as string) || isFunction(value),
    `one of ${scopes.join(', ')}, or a function`,
    oneOf(scopes),
  ],
};
const environmentFields: Record<keyof Environment, Field> = {
  loginUrl: [isText, 'a URL'],
  apiUrl: [isText, 'a URL'],
};
const isFalseOrObject = (value: unknown) => value === false || isObject(value);
const optionFields: Record<keyof ProcoreOptions, Field> = {
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
    { known: environmentFields },
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
  renewal: [isObject, 'an object', partsHint('{ aheadMs }'), { known: renewalFields }],
  retry: [isFalseOrObject, 'false or an object', partsHint('{ retries }'), { known: retryFields }],
  rateLimit: [isFalseOrObject, 'false or an object', partsHint('{ scope }'), { known: rateLimitFields }],
  legacy: [isObject, 'an object', () => 'Give { takeOverRefresh: true }', { known: legacyFields }],
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
const requestFields: Record<keyof ProcoreRequestOptions, Field> = {
  account: [isText, 'a non-empty string', accountHint],
  companyId: company,
  auth: [
    (value) => value === false,
    'false, or nothing',
    () => 'Calls have the token without it; false leaves their own',
  ],
  retry: [isFalseOrObject, 'false or an object', partsHint('{ retries }'), { known: retryFields }],
  idempotent: switched,
  deadlineMs: duration,
  body: aFunction,
};
const storeFields: Record<'lock' | 'remove' | 'lockMs' | 'renewsLock' | 'readsAreFresh', Field> = {
  lock: aFunction,
  remove: aFunction,
  lockMs: duration,
  renewsLock: switched,
  readsAreFresh: switched,
};

/** The paths of all options, to find the one that was meant where a name stands at the wrong level. */
const paths = [
  ...Object.entries(optionFields).flatMap(([name, [, , , parts]]) =>
    Object.keys(parts?.known ?? {}).map((part) => `${name}.${part}`),
  ),
  ...Object.keys(optionFields),
];
const meant: Meant = (name, known) => meantBy(name, known, paths);

/** @throws TypeError that names the option, what it is and what it takes. */
function check(given: object, fields: Fields, path = ''): void {
  const wrong = wrongIn('axios-procore', given, fields, path, meant);
  if (wrong !== undefined) throw new TypeError(wrong);
}

/** @throws TypeError in the words of all options. */
function fail(option: string, value: unknown, takes: string, hint?: string): never {
  throw new TypeError(wrongValue('axios-procore', option, value, takes, hint));
}

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
  if (!isObject(given)) fail('options', given, 'an object with clientId, clientSecret and store');
  check(given, { known: optionFields });
  const options = unpolluted(given as ProcoreOptions);
  const { renewal = {}, retry = {}, rateLimit = {}, legacy = {} } = options;
  if (options.clientId === undefined) fail('clientId', undefined, text[1], unsetHint(undefined));
  if (options.clientSecret === undefined && !options.exchange) {
    const takes = `${optionFields.clientSecret[1]} (or give "exchange" instead)`;
    fail('clientSecret', undefined, takes, unsetHint(undefined));
  }
  const grant = options.grant ?? 'refresh_token';
  if (!options.store && grant === 'refresh_token') {
    fail(
      'store',
      undefined,
      `${optionFields.store[1]}; memoryTokenStore() where losing the tokens at a restart is meant`,
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
  check(options, { known: requestFields }, 'procore.');
}

/** Without a prototype: a setting that is left out is not what every object seems to have. */
function frozen<T extends object>(settings: T): Readonly<T> {
  return Object.freeze(Object.assign(Object.create(null) as T, settings));
}

function checkStore(store: TokenStore | undefined, totalMs: number): void {
  if (!store) return;
  check(store, { known: storeFields, isOpen: true }, 'store.');
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
