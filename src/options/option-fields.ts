import { isObject, type Field } from '../text/fields.js';
import { endpointsField } from '../wire/endpoints.js';
import { environments, type Environment } from '../wire/environments.js';
import {
  accountHint,
  companyHint,
  durationHint,
  environmentHint,
  grantHint,
  idempotencyTokenHint,
  loggerHint,
  missingLevels,
  oneOf,
  partsHint,
  sharedPacingHint,
  unsetHint,
} from './hints.js';
import type {
  LegacyOptions,
  ProcoreOptions,
  ProcoreRequestOptions,
  RateLimitOptions,
  RenewalOptions,
  RetryOptions,
} from './options.js';
import { storeHint } from '../store/store-hint.js';
import type { TokenStore } from '../store/store.js';
import { isCompanyId } from '../wire/company.js';

const isFunction = (value: unknown) => typeof value === 'function';
const isText = (value: unknown) => typeof value === 'string' && value.trim() !== '';
const isDuration = (value: unknown) => typeof value === 'number' && value > 0 && Number.isFinite(value);
const isCount = (value: unknown) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
const isPlaces = (value: unknown) => isCount(value) && value !== 0;
/** Without white space around it, which a server would take away (RFC 9110, section 5.5). */
const isHeaderValue = (value: unknown) =>
  typeof value === 'string' && /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value);
const isBoolean = (value: unknown) => typeof value === 'boolean';

/** A text that is not empty. */
export const text: Field = [isText, 'a non-empty string', unsetHint];
const duration: Field = [isDuration, 'a positive number of milliseconds', durationHint];
const count: Field = [isCount, 'a whole number from 0'];
const switched: Field = [isBoolean, 'true or false'];
const aFunction: Field = [isFunction, 'a function'];
const company: Field = [
  isCompanyId,
  'a company id: digits in a string, a positive bigint, or a positive safe integer',
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
  shared: [
    (value) => isObject(value) && isFunction(value['ask']),
    'what redisPacing(client) of axios-procore/pacing/redis returns',
    sharedPacingHint,
  ],
};
const environmentFields: Record<keyof Environment | 'allowHttp', Field> = {
  loginUrl: [isText, 'a URL'],
  apiUrl: [isText, 'a URL'],
  allowHttp: [(value) => typeof value === 'boolean', 'true or false'],
};
const isFalseOrObject = (value: unknown) => value === false || isObject(value);
/** The valid values of each option of `attachProcore`. */
export const optionFields: Record<keyof ProcoreOptions, Field> = {
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
  deprecatedEndpoints: endpointsField,
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
/** The valid values of each option of one call. */
export const requestFields: Record<keyof ProcoreRequestOptions, Field> = {
  account: [isText, 'a non-empty string', accountHint],
  companyId: company,
  auth: [
    (value) => value === false,
    'false, or nothing',
    () => 'Calls have the token without it; false leaves their own',
  ],
  retry: [isFalseOrObject, 'false or an object', partsHint('{ retries }'), { known: retryFields }],
  idempotent: switched,
  idempotencyToken: [
    (value) => value === true || isHeaderValue(value),
    'true, or a non-empty string of printable ASCII characters',
    idempotencyTokenHint,
  ],
  deadlineMs: duration,
  body: aFunction,
};
const noticeParts = ['announce', 'listen', 'isHeard'];
/** The valid values of what a store may have beside `load` and `save`. */
export const storeFields: Record<Exclude<keyof TokenStore, 'load' | 'save'>, Field> = {
  lock: aFunction,
  remove: aFunction,
  rowsMayVanish: switched,
  lockMs: duration,
  renewsLock: switched,
  readsAreFresh: switched,
  notices: [
    (value) =>
      noticeParts.every((part) => typeof (value as Record<string, unknown> | null)?.[part] === 'function'),
    'an object with announce, listen and isHeard',
  ],
};
