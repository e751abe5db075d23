import { describe, expect, test } from 'vitest';
import { registrationFrom, slipIn, variableNames } from '../../../src/register/settings.js';

const secret = 'the-secret-of-the-app';
const full = {
  PROCORE_CLIENT_ID: 'id',
  PROCORE_CLIENT_SECRET: secret,
  PROCORE_TOKEN_FILE: '/var/lib/app/procore.json',
};
const urls = { PROCORE_LOGIN_URL: 'https://login.example.com', PROCORE_API_URL: 'https://api.example.com' };

/** What is said of wrong variables. */
function complaint(environment: Record<string, string>): string {
  const registration = registrationFrom(environment);
  if (registration.kind !== 'wrong') throw new Error(`it is ${registration.kind}`);
  expect(registration.what).not.toContain('\n');
  expect(registration.what).not.toContain(secret);
  return registration.what;
}

test('without a variable of its own it is off, whatever else there is', () => {
  expect(registrationFrom({})).toEqual({ kind: 'off' });
  expect(registrationFrom({ PATH: '/bin', PROCORE: '1', PROCORE_URL: 'x' })).toEqual({ kind: 'off' });
});

test('an empty variable counts as none', () => {
  const empty = Object.fromEntries(variableNames.map((name) => [name, '']));
  expect(registrationFrom(empty)).toEqual({ kind: 'off' });
  expect(registrationFrom({ PROCORE_CLIENT_ID: ' \t' })).toEqual({ kind: 'off' });
  expect(registrationFrom({ ...empty, ...full })).toEqual(registrationFrom(full));
});

test('three variables are enough', () => {
  expect(registrationFrom(full)).toEqual({
    kind: 'on',
    options: { clientId: 'id', clientSecret: secret },
    file: '/var/lib/app/procore.json',
    config: undefined,
  });
});

test('a service account needs no file', () => {
  const { PROCORE_TOKEN_FILE: _, ...client } = full;
  expect(registrationFrom({ ...client, PROCORE_GRANT: 'client_credentials' })).toMatchObject({
    kind: 'on',
    file: undefined,
    options: { grant: 'client_credentials' },
  });
});

test('each variable sets its option, without the white space around it', () => {
  const registration = registrationFrom({
    ...full,
    PROCORE_CLIENT_ID: ' id\n',
    PROCORE_ENVIRONMENT: 'monthly-sandbox',
    PROCORE_GRANT: 'refresh_token',
    PROCORE_COMPANY_ID: '562949953421401',
    PROCORE_REDIRECT_URI: 'urn:ietf:wg:oauth:2.0:oob',
    PROCORE_CONFIG: './procore.cjs',
  });
  expect(registration).toEqual({
    kind: 'on',
    options: {
      clientId: 'id',
      clientSecret: secret,
      environment: 'monthly-sandbox',
      grant: 'refresh_token',
      companyId: '562949953421401',
      redirectUri: 'urn:ietf:wg:oauth:2.0:oob',
    },
    file: '/var/lib/app/procore.json',
    config: './procore.cjs',
  });
});

test('the two URLs make an environment', () => {
  expect(registrationFrom({ ...full, ...urls })).toMatchObject({
    kind: 'on',
    options: { environment: { loginUrl: 'https://login.example.com', apiUrl: 'https://api.example.com' } },
  });
});

describe('one line names the variable', () => {
  test.each(Object.keys(full) as (keyof typeof full)[])('%s, if it is missing', (name) => {
    const { [name]: _, ...others } = full;
    expect(complaint(others)).toMatch(new RegExp(`^${name} is missing; it takes `));
  });

  test.each([
    ['PROCORE_ENVIRONMENT', 'Production', 'one of production, developer-sandbox'],
    ['PROCORE_GRANT', 'password', 'refresh_token or client_credentials'],
    ['PROCORE_COMPANY_ID', 'ACME', 'digits'],
    ['PROCORE_LOGIN_URL', 'login.procore.com', 'https://api.procore.com'],
    ['PROCORE_API_URL', 'file:///etc', 'https://api.procore.com'],
  ])('%s, if it is wrong', (name, value, takes) => {
    const said = complaint({ ...full, [name]: value });
    expect(said.startsWith(`${name} is ${JSON.stringify(value)}; it takes `)).toBe(true);
    expect(said).toContain(takes);
  });

  test.each(['PROCORE_ENVIRONMENT', 'PROCORE_GRANT', 'PROCORE_COMPANY_ID', 'PROCORE_API_URL'])(
    'and shows no secret that was put into %s',
    (name) => {
      const misplaced = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b';
      const said = complaint({ ...full, [name]: misplaced });
      expect(said).toMatch(new RegExp(`^${name} is .*; it takes `));
      expect(said).not.toContain(misplaced.slice(0, 8));
    },
  );

  test.each([
    'http://login.example.com',
    'https://login.example.com/oauth/token',
    'https://login.example.com?x=1',
    'https://login.example.com#x',
  ])('a URL that tokens cannot travel to: %s', (url) => {
    for (const name of ['PROCORE_LOGIN_URL', 'PROCORE_API_URL'])
      expect(complaint({ ...full, ...urls, [name]: url })).toMatch(
        new RegExp(`^${name} is .*; it takes an origin`),
      );
  });

  test.each([
    `https://user:${secret}@login.example.com`,
    `user:${secret}@login`,
    `https://login.example.com/?client_secret=${secret}`,
  ])('and does not repeat a URL that may have a password in it', (url) => {
    expect(complaint({ ...full, ...urls, PROCORE_LOGIN_URL: url })).toMatch(
      /^PROCORE_LOGIN_URL is of the wrong form; it takes an origin/,
    );
  });

  test('one URL without the other', () => {
    const { PROCORE_LOGIN_URL, PROCORE_API_URL } = urls;
    expect(complaint({ ...full, PROCORE_LOGIN_URL })).toMatch(/^PROCORE_API_URL is missing/);
    expect(complaint({ ...full, PROCORE_API_URL })).toMatch(/^PROCORE_LOGIN_URL is missing/);
  });

  test('an environment by name and by URL', () => {
    expect(complaint({ ...full, ...urls, PROCORE_ENVIRONMENT: 'production' })).toMatch(
      /PROCORE_ENVIRONMENT and PROCORE_LOGIN_URL are both set/,
    );
  });
});

test('with a module the rest may be missing: it may say it', () => {
  expect(registrationFrom({ PROCORE_CONFIG: './procore.cjs' })).toEqual({
    kind: 'on',
    options: {},
    file: undefined,
    config: './procore.cjs',
  });
});

test.each([
  ['PROCORE_CONFG', 'PROCORE_CONFIG'],
  ['PROCORE_CONFIGS', 'PROCORE_CONFIG'],
  ['PROCORE_CLIENTID', 'PROCORE_CLIENT_ID'],
  ['PROCORE_ENVIROMENT', 'PROCORE_ENVIRONMENT'],
  ['PROCORE_ENVIORNMENT', 'PROCORE_ENVIRONMENT'],
  ['PRECORE_GRANT', 'PROCORE_GRANT'],
  ['procore_token_file', 'PROCORE_TOKEN_FILE'],
])('%s is told of: %s is the name', (name, meant) => {
  expect(slipIn({ [name]: 'value', PATH: '/bin' })).toBe(`${name} is set and not read: is ${meant} meant?`);
});

test('names of the application’s own, empty ones, and those beside the one that is meant are left alone', () => {
  const own = { PROCORE_LOGIN: 'a', PROCORE_API: 'b', PROCORE_COMPANY: 'c', PROCORE_WEBHOOK_SECRET: 'd' };
  expect(slipIn({ ...own, PROCORE_CONFG: ' ', GRANT: 'e', PROCORE_GRANT: 'refresh_token' })).toBeUndefined();
  expect(slipIn({ PROCORE_REDIRECT_URL: 'a', PROCORE_REDIRECT_URI: 'a' })).toBeUndefined();
});
