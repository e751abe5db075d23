import { expect, test } from 'vitest';
import { environments } from '../../../src/wire/environments.js';
import { checkRequestOptions, resolveOptions } from '../../../src/options/checks.js';
import { type ProcoreOptions } from '../../../src/options/options.js';
import { memoryTokenStore } from '../../../src/store/memory.js';
import type { TokenStore } from '../../../src/store/store.js';

const secret = 'c1ient-s3cret-of-the-app';
const good: ProcoreOptions = { clientId: 'id', clientSecret: secret, store: memoryTokenStore() };
const store = { load: () => null, save: () => undefined };

/** The TypeError that resolving throws. */
function refusal(options: object): Error {
  try {
    resolveOptions({ ...good, ...options });
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return error as Error;
  }
  throw new Error('expected a TypeError');
}

const notText = [null, '', '  ', 5, true, {}, [], () => 'x'];
const notFunction = [null, 'x', 5, true, {}, []];
const notDuration = [null, '5', 0, -1, NaN, Infinity, true, {}, [], 5n];
const notCount = [null, '3', -1, 1.5, NaN, Infinity, true, {}];
const notBoolean = [null, 'true', 0, 1, {}];
const notObject = [null, 'x', 5, true, [], () => ({})];
const notCompany = [
  null,
  '',
  'ACME',
  '12a',
  '-1',
  ' 1',
  '1\n',
  0,
  -1,
  1.5,
  NaN,
  2 ** 53,
  0n,
  true,
  {},
  [],
  '1'.repeat(21),
];
const notOrigin = [
  ...[
    '',
    'api.procore.com',
    'https://',
    'http://api.procore.com',
    'ftp://api.procore.com',
    'https://a.com/path',
  ],
  ...[
    'https://a.com?x=1',
    'https://a.com#x',
    'https://u:p@a.com',
    'http://127.0.0.1.evil.test',
    'http://localhost.evil.test',
  ],
  ...[null, 5, {}, []],
];

/** Every option, what it does not take, and what its message says that it takes. */
const table: [option: keyof ProcoreOptions, path: string, wrong: unknown[], takes: RegExp][] = [
  ['clientId', 'clientId', notText, /a non-empty string/],
  ['clientSecret', 'clientSecret', [null, '', ' ', 5, true, {}, []], /a non-empty string or a function/],
  [
    'environment',
    'environment',
    [null, '', 'Production', 'staging', 'toString', 5, true, []],
    /one of production, developer-sandbox/,
  ],
  ['origins', 'origins', [null, 'https://a.com', 5, {}, [''], [5], [null]], /an array of origins/],
  [
    'grant',
    'grant',
    [null, '', 'authorization_code', 'password', 5, true, {}],
    /'refresh_token' or 'client_credentials'/,
  ],
  [
    'store',
    'store',
    [null, 'x', 5, [], {}, { load: () => null }, { save: () => null }, { load: 1, save: 2 }],
    /a token store/,
  ],
  ['account', 'account', notText.slice(0, -1), /a non-empty string or a function/],
  ['companyId', 'companyId', notCompany, /a company id/],
  [
    'deprecatedEndpoints',
    'deprecatedEndpoints',
    [null, '/vapid', 5, {}, [5], [''], ['rest/v1.0/me'], ['https://api.procore.com/rest/v1.0/me'], ['GET']],
    /an array of routes that begin with "\/"/,
  ],
  ['redirectUri', 'redirectUri', notText, /a non-empty string/],
  ['renewal', 'renewal', notObject, /an object/],
  ['retry', 'retry', [null, true, 'x', 5, [], () => ({})], /false or an object/],
  ['rateLimit', 'rateLimit', [null, true, 'x', 5, []], /false or an object/],
  ['legacy', 'legacy', notObject, /an object/],
  ['maxWaitMs', 'maxWaitMs', notDuration, /a positive number of milliseconds/],
  ['deadlineMs', 'deadlineMs', notDuration, /a positive number of milliseconds/],
  ['exchange', 'exchange', notFunction, /a function/],
  ['replace', 'replace', notBoolean, /true or false/],
  [
    'logger',
    'logger',
    [null, 'x', 5, {}, [], () => undefined, { debug() {}, info() {}, warn() {} }],
    /debug, info, warn and error/,
  ],
];
const nested: [parent: keyof ProcoreOptions, option: string, wrong: unknown[], takes: RegExp][] = [
  ['renewal', 'background', notBoolean, /true or false/],
  ['renewal', 'aheadMs', [null, '5', -1, NaN, Infinity, true, {}], /a number of milliseconds from 0/],
  ['renewal', 'timeoutMs', notDuration, /a positive number/],
  ['renewal', 'answerTimeoutMs', notDuration, /a positive number/],
  ['renewal', 'totalMs', notDuration, /a positive number/],
  ['renewal', 'storeTimeoutMs', notDuration, /a positive number/],
  ['renewal', 'concurrency', [...notCount, 0], /a whole number from 1/],
  ['renewal', 'resendAfterLostAnswer', notCount, /a whole number from 0/],
  ['renewal', 'drain', [null, 'always', 0, 1, {}], /'learn', true or false/],
  ['renewal', 'drainMs', notDuration, /a positive number/],
  ['retry', 'retries', notCount, /a whole number from 0/],
  ['retry', 'baseDelayMs', notDuration, /a positive number/],
  ['retry', 'maxDelayMs', notDuration, /a positive number/],
  ['rateLimit', 'scope', [null, 'user', 5, true, {}], /one of account, account\+company, app, or a function/],
  [
    'rateLimit',
    'shared',
    [null, false, true, 'redis://h', 5, {}, [], () => 'x'],
    /what redisPacing\(client\) of axios-procore\/pacing\/redis returns/,
  ],
  ['legacy', 'takeOverRefresh', notBoolean, /true or false/],
  ['legacy', 'timeoutBoundsCall', notBoolean, /true or false/],
  ['environment', 'loginUrl', notOrigin, /an origin such as|a URL/],
  ['environment', 'apiUrl', notOrigin, /an origin such as|a URL/],
];
const partsOfStores: Record<
  Exclude<keyof TokenStore, 'load' | 'save'>,
  readonly [wrong: unknown[], takes: RegExp]
> = {
  lock: [notFunction, /a function/],
  remove: [notFunction, /a function/],
  lockMs: [notDuration, /a positive number/],
  renewsLock: [notBoolean, /true or false/],
  rowsMayVanish: [notBoolean, /true or false/],
  readsAreFresh: [notBoolean, /true or false/],
  notices: [[null, true, 5, 'x', {}, { listen: () => () => {} }], /announce, listen and isHeard/],
};
const storeParts = Object.entries(partsOfStores).map(([option, [wrong, takes]]) => ({
  option,
  wrong,
  takes,
}));
const urls = { loginUrl: 'https://login.example.com', apiUrl: 'https://api.example.com' };

const wrong = [
  ...table.flatMap(([option, path, values, takes]) =>
    values.map((value) => ({ path, value, takes, options: { [option]: value } })),
  ),
  ...nested.flatMap(([parent, option, values, takes]) =>
    values.map((value) => ({
      path: `${parent}.${option}`,
      value,
      takes,
      options: { [parent]: { ...(parent === 'environment' ? urls : {}), [option]: value } },
    })),
  ),
  ...storeParts.flatMap(({ option, wrong: values, takes }) =>
    values.map((value) => ({
      path: `store.${option}`,
      value,
      takes,
      options: { store: { ...store, [option]: value } },
    })),
  ),
  ...notOrigin
    .filter((value) => typeof value === 'string' && value !== '')
    .map((value) => ({
      path: 'origins[0]',
      value,
      takes: /an origin such as/,
      options: { origins: [value] },
    })),
].map((one) => ({ ...one, shown: typeof one.value === 'bigint' ? '5n' : JSON.stringify(one.value) }));

test.each(wrong)(
  '$path: $shown is refused with a TypeError that names option and what it takes',
  ({ path, takes, options }) => {
    const { message } = refusal(options);
    expect(message).toMatch(/^axios-procore: option "/);
    expect(message).toContain(`option "${path}" is `);
    expect(message).toMatch(takes);
  },
);

test('every option has a row in this table', () => {
  const rows = new Set(table.map(([option]) => option));
  // The message about an unknown option lists the known ones.
  const known = /known are (.*)\.$/.exec(refusal({ colour: 1 }).message)![1]!.split(', ');
  expect([...rows].sort()).toEqual([...known].sort());
  for (const parent of ['renewal', 'retry', 'rateLimit', 'legacy'] as const) {
    const parts = /known are (.*)\.$/.exec(refusal({ [parent]: { colour: 1 } }).message)![1]!.split(', ');
    expect(
      nested
        .filter(([of]) => of === parent)
        .map(([, option]) => option)
        .sort(),
    ).toEqual(parts.sort());
  }
});

test.each([
  [5, 'is 5 (number)'],
  ['staging', 'is a string of length 7'],
  [null, 'is null'],
  [[], 'is an array'],
  [true, 'is true (boolean)'],
  ['  ', 'is a string of white space'],
  ['x'.repeat(200), 'is a string of length 200'],
])('the message shows what it got: %j', (value, shown) => {
  expect(refusal({ environment: value }).message).toContain(shown);
});

test.each([
  ['clientSecret', { clientSecret: [secret] }],
  ['a misspelt client_secret', { client_secret: secret }],
  ['a misspelt refresh_token', { refresh_token: secret }],
  ['the place of a company id', { companyId: `${secret}-9f86d081884c7d659a2f` }],
  ['a connection string in place of a store', { store: `redis://user:${secret}@host` }],
  ['a connection string within a store', { store: { ...store, lock: `redis://user:${secret}@host` } }],
  ['an environment', { environment: secret }],
  ['a grant', { grant: secret }],
  ['a scope', { rateLimit: { scope: secret } }],
  ['the address of a Redis', { rateLimit: { shared: `redis://user:${secret}@host` } }],
  ['a drain', { renewal: { drain: secret } }],
  ['a logger', { logger: secret }],
  ['the path of an origin', { origins: [`https://example.com/${secret}`] }],
  ['what reads as a URL', { origins: [`id:${secret}`] }],
  ['URL credentials', { origins: [`https://user:${secret}@example.com`] }],
  [
    'URL credentials of an environment',
    { environment: { ...urls, apiUrl: `https://user:${secret}@example.com` } },
  ],
])('the message does not show the secret in %s', (_what, options) => {
  expect(refusal(options).message).not.toContain(secret);
});

test.each([
  ['the options', undefined],
  ['the options', null],
  ['the options', 'id'],
  ['the options', []],
])('%s as %j are refused', (_what, options) => {
  expect(() => resolveOptions(options as never)).toThrow(
    /option "options" is .*clientId, clientSecret and store/,
  );
});

test.each([
  ['clientId', { clientSecret: 'x', store }],
  ['clientSecret', { clientId: 'x', store }],
  ['store', { clientId: 'x', clientSecret: 'x' }],
])('%s is required', (option, options) => {
  expect(() => resolveOptions(options as never)).toThrow(`option "${option}" is missing`);
});

test('the message about a missing store names memoryTokenStore()', () => {
  expect(() => resolveOptions({ clientId: 'x', clientSecret: 'x' })).toThrow(/memoryTokenStore\(\)/);
});

test('a custom exchange needs no clientSecret, and client_credentials no store', () => {
  const exchange = () => Promise.resolve({ access_token: 'a' });
  expect(resolveOptions({ clientId: 'x', store, exchange }).exchange).toBe(exchange);
  expect(
    resolveOptions({ clientId: 'x', clientSecret: 'x', grant: 'client_credentials' }).store,
  ).toBeUndefined();
});

test('an unknown option is refused by its name, with the known ones', () => {
  expect(refusal({ clientID: 'x' }).message).toMatch(
    /option "clientID".*does not exist; known are clientId, clientSecret, .*\. Did you mean "clientId"\?$/,
  );
  expect(refusal({ renewal: { ahead: 5 } }).message).toMatch(
    /option "renewal\.ahead".*known are background, aheadMs/,
  );
});

test('what an unknown option has is not shown: it may be a secret whose name was misspelt', () => {
  for (const misspelt of ['clientSecert', 'clientKey', 'renewal'] as const) {
    const options = misspelt === 'renewal' ? { renewal: { key: secret } } : { [misspelt]: secret };
    const { message } = refusal(options);
    expect(message).toMatch(/ does not exist; known are /);
    expect(message).not.toContain(secret);
  }
  expect(() => checkRequestOptions({ bearer: secret })).toThrow(
    /^(?!.*c1ient).*"procore\.bearer" does not exist;/,
  );
});

test.each([
  ['no lockMs', {}],
  ['a lockMs of totalMs', { lockMs: 90_000 }],
  ['renewsLock: false', { renewsLock: false }],
])('a lock with %s is refused: it may end during a renewal', (_what, parts) => {
  expect(refusal({ store: { ...store, lock: () => Promise.resolve(), ...parts } }).message).toMatch(
    /"store\.lockMs".*more than renewal\.totalMs \(90000\)/,
  );
});

test.each([
  ['a lockMs above totalMs', { lockMs: 90_001 }, {}],
  ['renewsLock', { renewsLock: true }, {}],
  ['a lockMs above the totalMs that is set', { lockMs: 10_001 }, { renewal: { totalMs: 10_000 } }],
])('a lock with %s is taken', (_what, parts, options) => {
  const locking = { ...store, lock: (() => Promise.resolve()) as never, ...parts };
  expect(resolveOptions({ ...good, ...options, store: locking }).store).toBe(locking);
});

test('undefined never overrides a default', () => {
  const all = Object.fromEntries(table.map(([option]) => [option, undefined]));
  const settings = resolveOptions({
    ...all,
    ...good,
    renewal: { timeoutMs: undefined, drain: undefined },
    retry: { retries: undefined },
  });
  expect(settings).toEqual(resolveOptions(good));
});

test('the defaults are those of the documentation', () => {
  const settings = resolveOptions(good);
  expect(settings).toMatchObject({
    environment: environments.production,
    grant: 'refresh_token',
    maxWaitMs: 60_000,
    deadlineMs: undefined,
    retry: { retries: 4, baseDelayMs: 500, maxDelayMs: 30_000 },
    renewal: {
      background: true,
      aheadMs: undefined,
      timeoutMs: 15_000,
      answerTimeoutMs: 60_000,
      totalMs: 90_000,
      storeTimeoutMs: 5_000,
      concurrency: 8,
      resendAfterLostAnswer: 3,
      drain: 'learn',
      drainMs: 5_000,
    },
  });
  expect([...settings.allowedOrigins]).toEqual([
    'https://api.procore.com',
    'https://login.procore.com',
    'https://app.procore.com',
  ]);
});

test.each([
  'http://localhost:3000',
  'http://127.0.0.1:8080',
  'http://127.9.9.9',
  'http://[::1]:80',
  'https://a.com/',
])('%s may have the token when it is listed', (origin) => {
  expect([...resolveOptions({ ...good, origins: [origin] }).allowedOrigins]).toContain(
    new URL(origin).origin,
  );
});

test('environments are frozen, and settings share no object with the options', () => {
  expect(Object.isFrozen(environments)).toBe(true);
  for (const one of Object.values(environments)) expect(Object.isFrozen(one)).toBe(true);
  const retry = { retries: 1 };
  const renewal = { timeoutMs: 1 };
  const settings = resolveOptions({ ...good, retry, renewal, environment: urls });
  retry.retries = 2;
  renewal.timeoutMs = 2;
  expect(settings).toMatchObject({ retry: { retries: 1 }, renewal: { timeoutMs: 1 } });
  expect(Object.isFrozen(settings)).toBe(true);
  expect(Object.isFrozen(settings.renewal)).toBe(true);
});

const requestTable: [option: string, wrong: unknown[], takes: RegExp][] = [
  ['account', notText, /a non-empty string/],
  ['companyId', notCompany, /a company id/],
  ['auth', [null, true, 0, 'false'], /false, or nothing/],
  ['retry', [null, true, 'x', 5, []], /false or an object/],
  ['idempotent', notBoolean, /true or false/],
  [
    'idempotencyToken',
    [null, false, 0, 1n, '', ' a', 'a ', 'a\n', 'ä', []],
    /true, or a non-empty string of/,
  ],
  ['deadlineMs', notDuration, /a positive number/],
  ['body', notFunction, /a function/],
  ['retry.retries', notCount, /a whole number/],
  ['retry.baseDelayMs', notDuration, /a positive number/],
  ['retry.maxDelayMs', notDuration, /a positive number/],
];

test.each(
  requestTable.flatMap(([path, values, takes]) =>
    values.map((value) => ({
      path,
      value,
      takes,
      shown: typeof value === 'bigint' ? '5n' : JSON.stringify(value),
    })),
  ),
)('procore.$path: $shown on a call is refused with a TypeError', ({ path, value, takes }) => {
  const [outer, inner] = path.split('.') as [string, string?];
  const options = { [outer]: inner ? { [inner]: value } : value };
  expect(() => checkRequestOptions(options)).toThrow(TypeError);
  expect(() => checkRequestOptions(options)).toThrow(`option "procore.${path}" is `);
  expect(() => checkRequestOptions(options)).toThrow(takes);
});

test('an unknown option of a call is refused, and so is a procore that is no object', () => {
  expect(() => checkRequestOptions({ company: 1 })).toThrow(
    /"procore\.company".*known are account, companyId/,
  );
  for (const value of [null, 'x', 5, true, []])
    expect(() => checkRequestOptions(value)).toThrow(/option "procore"/);
  expect(() => checkRequestOptions({})).not.toThrow();
});
