import { environments, legacyProductionOrigin, type Environment } from './environments.js';
import { kindOf } from './in-words.js';
import { redact } from './observe/redact.js';
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
import type { TokenStore } from './store/store.js';

/** Whether a value is valid, and what the option takes. */
type Check = readonly [valid: (value: unknown) => boolean, takes: string];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isFunction = (value: unknown) => typeof value === 'function';
const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isDuration = (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value);
const isCount = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isBoolean = (value: unknown) => typeof value === 'boolean';

const text: Check = [isText, 'a non-empty string'];
const duration: Check = [isDuration, 'a positive number of milliseconds'];
const count: Check = [isCount, 'a whole number from 0'];
const switched: Check = [isBoolean, 'true or false'];
const aFunction: Check = [isFunction, 'a function'];
const company: Check = [isCompanyId, 'a company id: digits in a string, or a positive safe integer'];

const renewalChecks: Record<keyof RenewalOptions, Check> = {
  background: switched,
  aheadMs: [(value) => value === 0 || isDuration(value), 'a number of milliseconds from 0'],
  timeoutMs: duration,
  answerTimeoutMs: duration,
  totalMs: duration,
  storeTimeoutMs: duration,
  resendAfterLostAnswer: count,
  drain: [(value) => value === 'learn' || isBoolean(value), "'learn', true or false"],
  drainMs: duration,
};
const retryChecks: Record<keyof RetryOptions, Check> = {
  retries: count,
  baseDelayMs: duration,
  maxDelayMs: duration,
};
const legacyChecks: Record<keyof LegacyOptions, Check> = { takeOverRefresh: switched };
const scopes = ['account', 'account+company', 'app'];
const optionChecks: Record<keyof ProcoreOptions, Check> = {
  clientId: text,
  clientSecret: [
    (value) => isText(value) || isFunction(value),
    'a non-empty string or a function that returns one',
  ],
  environment: [
    (value) => (typeof value === 'string' ? Object.hasOwn(environments, value) : isObject(value)),
    `one of ${Object.keys(environments).join(', ')}, or { loginUrl, apiUrl }`,
  ],
  origins: [(value) => Array.isArray(value) && value.every(isText), 'an array of origins'],
  grant: [
    (value) => value === 'refresh_token' || value === 'client_credentials',
    "'refresh_token' or 'client_credentials'",
  ],
  store: [
    (value) => isObject(value) && isFunction(value['load']) && isFunction(value['save']),
    'a token store: an object with the functions load(account) and save(tokens, account, previous)',
  ],
  account: [
    (value) => isText(value) || isFunction(value),
    'a non-empty string or a function of the request configuration',
  ],
  companyId: [
    (value) => isCompanyId(value) || isFunction(value),
    `${company[1]}, or a function that returns one`,
  ],
  redirectUri: text,
  renewal: [isObject, 'an object'],
  retry: [(value) => value === false || isObject(value), 'false or an object'],
  rateLimit: [(value) => value === false || isObject(value), 'false or an object'],
  legacy: [isObject, 'an object'],
  maxWaitMs: duration,
  deadlineMs: duration,
  exchange: aFunction,
  logger: [
    (value) =>
      (isObject(value) || isFunction(value)) &&
      ['debug', 'info', 'warn', 'error'].every((level) =>
        isFunction((value as Record<string, unknown>)[level]),
      ),
    'an object with the functions debug, info, warn and error',
  ],
  replace: switched,
};
const requestChecks: Record<keyof ProcoreRequestOptions, Check> = {
  account: text,
  companyId: company,
  auth: [(value) => value === false, 'false, or nothing'],
  retry: [(value) => value === false || isObject(value), 'false or an object'],
  idempotent: switched,
  deadlineMs: duration,
  body: aFunction,
};
const storeChecks: Record<'lock' | 'remove' | 'lockMs' | 'renewsLock', Check> = {
  lock: aFunction,
  remove: aFunction,
  lockMs: duration,
  renewsLock: switched,
};

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
export function resolveOptions(options: ProcoreOptions): Settings {
  if (!isObject(options)) fail('options', options, 'an object with clientId, clientSecret and store');
  checkAll('', options, optionChecks);
  const { renewal = {}, retry = {}, rateLimit = {}, legacy = {} } = options;
  checkAll('renewal.', renewal, renewalChecks);
  checkAll('legacy.', legacy, legacyChecks);
  if (retry !== false) checkAll('retry.', retry, retryChecks);
  if (rateLimit) {
    checkAll('rateLimit.', rateLimit, {
      scope: [
        (value) => scopes.includes(value as string) || isFunction(value),
        `one of ${scopes.join(', ')}, or a function`,
      ],
    });
  }
  if (options.clientId === undefined) fail('clientId', undefined, text[1]);
  if (options.clientSecret === undefined && !options.exchange) {
    fail('clientSecret', undefined, `${optionChecks.clientSecret[1]} (or give "exchange" instead)`);
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
  return Object.freeze({
    clientId: options.clientId,
    clientSecret: options.clientSecret,
    environment,
    allowedOrigins: allowedOrigins(environment, options.origins ?? []),
    grant,
    store: options.store,
    account: options.account,
    companyId: options.companyId,
    redirectUri: options.redirectUri,
    renewal: Object.freeze(settings),
    retry: retry === false ? false : Object.freeze({ ...retryDefaults, ...defined(retry) }),
    rateLimit: rateLimit === false ? false : Object.freeze({ ...rateLimitDefaults, ...defined(rateLimit) }),
    legacy: Object.freeze({ ...legacyDefaults, ...defined(legacy) }),
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
  checkAll('procore.', options, requestChecks);
  if (isObject(options['retry'])) checkAll('procore.retry.', options['retry'], retryChecks);
}

function checkAll(prefix: string, options: object, checks: Record<string, Check>): void {
  for (const [name, value] of Object.entries(options)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    // Without its value: it may be a secret whose name was misspelt.
    if (!check)
      throw wrong(
        prefix + name,
        kindOf(value),
        `nothing: there is no such option; known are ${Object.keys(checks).join(', ')}`,
      );
    // undefined never overrides a default.
    if (value !== undefined && !check[0](value)) fail(prefix + name, value, check[1]);
  }
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
  return Object.freeze({
    loginUrl: secureOrigin('environment.loginUrl', environment.loginUrl),
    apiUrl: secureOrigin('environment.apiUrl', environment.apiUrl),
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
    return fail(name, value, secureOriginTakes);
  }
  if (isSecureOrigin(url)) return url.origin;
  return fail(name, `${url.protocol}//${url.host}${url.pathname}`, secureOriginTakes);
}

/** The options that say something: undefined never overrides. */
export function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function fail(option: string, value: unknown, takes: string): never {
  throw wrong(option, show(option, value), takes);
}

function wrong(option: string, shown: string, takes: string): TypeError {
  return new TypeError(`axios-procore: option "${option}" is ${shown}; it takes ${takes}.`);
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function show(option: string, value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  // Nor may a connection string or a secret of the wrong form end up in a log.
  if (/secret|token|password/i.test(option) || (/store/i.test(option) && typeof value === 'string'))
    return value === '' ? 'an empty string' : `${kindOf(value)} of the wrong form`;
  if (typeof value === 'string') return JSON.stringify(shortened(redact(value)));
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'function') return 'a function';
  return `${typeof value === 'number' || typeof value === 'boolean' ? value : 'a value'} (${typeof value})`;
}
