import { isObject, wrongIn, wrongValue, type Fields, type Meant } from '../text/fields.js';
import { environments, legacyProductionOrigin, type Environment } from '../wire/environments.js';
import { meantBy, originHint, unsetHint } from './hints.js';
import { optionFields, requestFields, storeFields, text } from './option-fields.js';
import {
  legacyDefaults,
  rateLimitDefaults,
  renewalDefaults,
  retryDefaults,
  type ProcoreOptions,
  type ProcoreRequestOptions,
  type Settings,
} from './options.js';
import { isSecureOrigin, secureOriginTakes } from './secure-origin.js';
import type { TokenStore } from '../store/store.js';
import { ownValue, unpolluted } from '../wire/prototype-pollution.js';

/** The paths of all options, to find the one that was meant where a name was given at the wrong level. */
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

/** @throws TypeError with the message that all options have. */
function fail(option: string, value: unknown, takes: string, hint?: string): never {
  throw new TypeError(wrongValue('axios-procore', option, value, takes, hint));
}

/**
 * Checks the options and fills in the defaults.
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
    deprecatedEndpoints: [...(options.deprecatedEndpoints ?? [])],
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

/** A copy without a prototype, so that an option that is left out is not read from a polluted `Object.prototype`. */
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
  const allowHttp = ownValue(environment, 'allowHttp') === true;
  return frozen({
    loginUrl: secureOrigin('environment.loginUrl', ownValue(environment, 'loginUrl'), allowHttp),
    apiUrl: secureOrigin('environment.apiUrl', ownValue(environment, 'apiUrl'), allowHttp),
  });
}

function allowedOrigins(environment: Environment, further: readonly string[]): ReadonlySet<string> {
  const own = [environment.apiUrl, environment.loginUrl];
  if (environment.apiUrl === environments.production.apiUrl) own.push(legacyProductionOrigin);
  return new Set([...own, ...further.map((origin, index) => secureOrigin(`origins[${index}]`, origin))]);
}

function secureOrigin(name: string, value: unknown, allowHttp = false): string {
  let url: URL;
  try {
    url = new URL(value as string);
  } catch {
    return fail(name, value, secureOriginTakes, originHint(value));
  }
  if (isSecureOrigin(url, allowHttp)) return url.origin;
  return fail(name, value, secureOriginTakes, originHint(value));
}

/** The options that are set: one that is undefined does not override another. */
export function defined<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
