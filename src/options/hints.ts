import { environments } from '../wire/environments.js';
import { isPromise } from '../text/words.js';
import type { Hint } from '../text/fields.js';
import { nearest } from '../text/nearest.js';

/** The names that other libraries give to an option, in lower case and without punctuation. */
const otherNames: Readonly<Record<string, string>> = {
  secret: '"clientSecret"',
  appsecret: '"clientSecret"',
  id: '"clientId"',
  appid: '"clientId"',
  env: '"environment"',
  sandbox: "\"environment\": 'developer-sandbox' or 'monthly-sandbox'",
  issandbox: "\"environment\": 'developer-sandbox' or 'monthly-sandbox'",
  usesandbox: "\"environment\": 'developer-sandbox' or 'monthly-sandbox'",
  baseurl: '"environment", or the "baseURL" of axios.create',
  host: '"environment"',
  apiurl: '"environment": { loginUrl, apiUrl }',
  loginurl: '"environment": { loginUrl, apiUrl }',
  authurl: '"environment": { loginUrl, apiUrl }',
  tokenurl: '"environment": { loginUrl, apiUrl }',
  tokenstore: '"store"',
  tokenstorage: '"store"',
  storage: '"store"',
  tokens: '"store", or setTokens() of the handle',
  token: '"store", or setTokens() of the handle',
  accesstoken: '"store", or setTokens() of the handle',
  refreshtoken: '"store", or setTokens() of the handle',
  load: '"store": { load, save }',
  save: '"store": { load, save }',
  lock: '"store": { load, save, lock }',
  user: '"account"',
  userid: '"account"',
  tenant: '"account"',
  company: '"companyId"',
  idempotencykey: '"idempotencyToken"',
  callbackurl: '"redirectUri"',
  redirecturl: '"redirectUri"',
  granttype: '"grant"',
  log: '"logger"',
  maxretries: '"retry": { retries }',
  attempts: '"retry": { retries }',
  maxattempts: '"retry": { retries }',
  retrydelay: '"retry": { baseDelayMs, maxDelayMs }',
  delay: '"retry": { baseDelayMs, maxDelayMs }',
  timeout:
    '"maxWaitMs" (each wait), "deadlineMs" (the whole call), or the "timeout" of axios.create (one attempt)',
  ratelimiting: '"rateLimit"',
  throttle: '"rateLimit"',
  refreshbefore: '"renewal": { aheadMs }',
  refresh: '"renewal"',
  ontokenrefresh: "the handle's on('token-renewed', …)",
  onrefresh: "the handle's on('token-renewed', …)",
};

/** The option that an unknown name means: one of these, one that other libraries call so, or one of another level. */
export function meantBy(
  given: string,
  own: readonly string[],
  elsewhere: readonly string[],
): string | undefined {
  const near = nearest(given, own);
  if (near !== undefined) return `"${near}"`;
  const plain = given.toLowerCase().replace(/[^a-z\d]/g, '');
  if (Object.hasOwn(otherNames, plain)) return otherNames[plain];
  const last = elsewhere.map((path) => path.split('.').at(-1)!);
  const other = nearest(given, last);
  return other === undefined ? undefined : `"${elsewhere[last.indexOf(other)]}"`;
}

/** The hint for a value that was read from an environment variable. */
export const unsetHint: Hint = (value) =>
  value === undefined || value === ''
    ? 'If it is read from an environment variable, that one is not set'
    : undefined;

/** The hint for one of several names. */
export function oneOf(known: readonly string[]): Hint {
  return (value) => {
    const meant = typeof value === 'string' ? nearest(value, known) : undefined;
    return meant === undefined ? undefined : `Did you mean '${meant}'?`;
  };
}

/** The hint for the option `environment`. */
export const environmentHint: Hint = (value) => {
  if (typeof value !== 'string') return undefined;
  if (/^(procore)?[-_ ]?sandbox$/i.test(value))
    return "Did you mean 'developer-sandbox' or 'monthly-sandbox'?";
  if (/^prod$/i.test(value)) return "Did you mean 'production'?";
  if (/^(https?:)?\/\//i.test(value)) return 'For hosts of your own give { loginUrl, apiUrl }';
  return oneOf(Object.keys(environments))(value);
};

/** The hint for the option `grant`. */
export const grantHint: Hint = (value) =>
  value === 'authorization_code'
    ? 'exchangeCode() of the handle presents the code, and the grant stays refresh_token'
    : oneOf(['refresh_token', 'client_credentials'])(value);

/** The hint for the name of an account: all users would share one account, and run as one user, if a wrong value were accepted. */
export const accountHint: Hint = (value) =>
  typeof value === 'number' || typeof value === 'bigint'
    ? 'Give String(user.id), a text of its own for each user'
    : 'Give a text of its own for each user, such as String(user.id)';

/** The hint for a company id. */
export const companyHint: Hint = (value) => {
  if (typeof value === 'number' && value > Number.MAX_SAFE_INTEGER)
    return 'Give it as a string or a bigint: the number has lost digits';
  if (typeof value === 'string' && value.trim() !== value) return 'Take away the white space around it';
  return undefined;
};

/** The hint for an idempotency token. */
export const idempotencyTokenHint: Hint = (value) => {
  if (typeof value === 'number' || typeof value === 'bigint') return 'Give it as a string';
  if (value === false || value === null) return 'To send none, leave it out';
  if (value === '') return 'Give a text of its own for each write, or true for a random one';
  if (typeof value === 'string' && value.trim() !== value) return 'Take away the white space around it';
  return undefined;
};

/** The hint for an origin. */
export const originHint: Hint = (value) => {
  if (typeof value !== 'string') return undefined;
  if (/^[\w-]+(\.[\w-]+)+(:\d+)?$/.test(value)) return 'Begin it with https://';
  if (!URL.canParse(value)) return undefined;
  const { origin, protocol } = new URL(value);
  const known = Object.values(environments).flatMap(({ loginUrl, apiUrl }) => [loginUrl, apiUrl]);
  if (known.includes(origin)) return `Did you mean '${origin}'?`;
  return protocol === 'http:'
    ? 'Tokens travel over https, but for the `allowHttp: true` of an environment of your own'
    : 'new URL(…).origin is what it takes';
};

/** The hint for a time in milliseconds. */
export const durationHint: Hint = (value) => {
  if (typeof value === 'string') return 'Give a number, in milliseconds';
  if (value === Infinity || value === 0 || value === null) return 'To have its default, leave it out';
  return undefined;
};

/** The hint for an option that takes an object of options, or false. */
export function partsHint(example: string): Hint {
  return (value) => {
    if (value === true || value === null) return 'To have its defaults, leave it out';
    return typeof value === 'number' || typeof value === 'string' ? `Give ${example}` : undefined;
  };
}

/** The hint for the option `rateLimit.shared`. */
export const sharedPacingHint: Hint = (value) => {
  if (typeof value === 'string') return 'Give redisPacing the client, not its address';
  if (typeof value === 'function') return 'Call it: redisPacing(client)';
  if (value === false || value === null) return 'Where each process paces its own calls, leave it out';
  if (typeof value !== 'object') return undefined;
  if (isPromise(value)) return 'Await it first';
  return typeof (value as { eval?: unknown }).eval === 'function'
    ? 'For a Redis client: redisPacing(client)'
    : undefined;
};

/** The hint for the option `logger`. */
export const loggerHint: Hint = (value) => {
  if (!value || (typeof value !== 'object' && typeof value !== 'function')) return undefined;
  if (isPromise(value)) return 'Await it first';
  const missing = missingLevels(value);
  return missing.length === 4 ? undefined : `It has no function ${missing.join(', ')}`;
};

/** What a logger lacks; `log` does for `info`, as Nest has it. */
export function missingLevels(logger: object): string[] {
  const has = (name: string) => typeof (logger as Record<string, unknown>)[name] === 'function';
  return ['debug', 'info', 'warn', 'error'].filter((name) => !has(name) && !(name === 'info' && has('log')));
}
