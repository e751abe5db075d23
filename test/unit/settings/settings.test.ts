import { describe, expect, test } from 'vitest';
import { registrationFrom, type Registration } from '../../../src/settings/settings.js';
import { variableNames } from '../../../src/settings/variables.js';

const secret = 'the-secret-of-the-app';
const full = {
  PROCORE_CLIENT_ID: 'id',
  PROCORE_CLIENT_SECRET: secret,
  PROCORE_TOKEN_FILE: '/var/lib/app/procore.json',
};
const urls = { PROCORE_LOGIN_URL: 'https://login.example.com', PROCORE_API_URL: 'https://api.example.com' };
const place = { home: '/home/app', platform: 'linux' };

type On = Registration & { kind: 'on' };
const read = (environment: Record<string, string>) => registrationFrom(environment, place);

function registered(environment: Record<string, string>): On {
  const registration = read(environment);
  if (registration.kind !== 'on') throw new Error('it is off');
  for (const text of [...registration.notes, ...registration.faults.map(({ what }) => what)]) {
    expect(text).not.toContain('\n');
    expect(text).not.toContain(secret);
  }
  return registration;
}

/** What ends the process. */
const complaint = (environment: Record<string, string>): string =>
  registered(environment)
    .faults.map(({ what }) => what)
    .join('. ');

/** The environment, where nothing ends the process, and how many lines are said. */
function environmentOf(environment: Record<string, string>): [On['options']['environment'], number] {
  const { options, faults, notes } = registered({ ...full, ...environment });
  expect(faults).toEqual([]);
  return [options.environment, notes.length];
}

test('without a variable of its own it is off, whatever else there is', () => {
  expect(read({})).toEqual({ kind: 'off' });
  expect(read({ PATH: '/bin', PROCORE: '1', PROCORE_URL: 'x' })).toEqual({ kind: 'off' });
});

test('what an application has for itself is no reason to attach, or to end it: nothing can be redeemed', () => {
  expect(read({ PROCORE_ENVIRONMENT: 'sandbox', PROCORE_API_URL: 'x', PROCORE_COMPANY_ID: 'ACME' })).toEqual({
    kind: 'off',
  });
  expect(complaint({ AXIOS_PROCORE_ENVIRONMENT: 'production' })).toContain('PROCORE_CLIENT_ID is missing');
});

test('an empty variable counts as none', () => {
  const empty = Object.fromEntries(variableNames.map((name) => [name, '']));
  expect(read(empty)).toEqual({ kind: 'off' });
  expect(read({ PROCORE_CLIENT_ID: ' \t', PROCORE_CONFIG: '""' })).toEqual({ kind: 'off' });
  expect(read({ ...empty, ...full })).toEqual(read(full));
});

test('three variables are enough', () => {
  expect(registered(full)).toEqual({
    kind: 'on',
    options: { clientId: 'id', clientSecret: secret },
    file: { name: 'PROCORE_TOKEN_FILE', path: '/var/lib/app/procore.json', mayBeShown: true },
    config: undefined,
    faults: [],
    notes: [],
    read: Object.keys(full),
    misplaced: [],
  });
});

test('a service account needs no file', () => {
  const { PROCORE_TOKEN_FILE: _, ...client } = full;
  for (const grant of ['client_credentials', 'client-credentials', 'CLIENT_CREDENTIALS']) {
    const { options, faults } = registered({ ...client, PROCORE_GRANT: grant });
    expect([options.grant, faults]).toEqual(['client_credentials', []]);
  }
});

test.each([
  ['white space', (value: string) => ` ${value}\t`],
  ['the line ending of Windows', (value: string) => `${value}\r\n`],
  ['double quotes, as docker --env-file keeps them', (value: string) => `"${value}"`],
  ['single quotes', (value: string) => `'${value}'\r`],
])('each variable sets its option, without %s around it', (_what, around) => {
  const given = {
    ...full,
    PROCORE_ENVIRONMENT: 'monthly-sandbox',
    PROCORE_GRANT: 'refresh_token',
    PROCORE_COMPANY_ID: '562949953421401',
    PROCORE_REDIRECT_URI: 'urn:ietf:wg:oauth:2.0:oob',
    PROCORE_CONFIG: './procore.cjs',
  };
  const wrapped = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, around(value)]));
  expect(registered(wrapped)).toMatchObject({
    options: {
      clientId: 'id',
      clientSecret: secret,
      environment: 'monthly-sandbox',
      grant: 'refresh_token',
      companyId: '562949953421401',
      redirectUri: 'urn:ietf:wg:oauth:2.0:oob',
    },
    file: { path: '/var/lib/app/procore.json' },
    config: { path: './procore.cjs' },
    faults: [],
    notes: [],
  });
});

describe('a name that begins with AXIOS_ goes first', () => {
  const own: Record<string, [theirs: string, ours: string]> = {
    CLIENT_ID: ['theirs', 'ours'],
    CLIENT_SECRET: ['theirs', 'ours'],
    ENVIRONMENT: ['production', 'monthly-sandbox'],
    LOGIN_URL: ['https://login.procore.com', 'https://login.ours.example.com'],
    API_URL: ['https://api.procore.com', 'https://api.ours.example.com'],
    GRANT: ['refresh_token', 'client_credentials'],
    TOKEN_FILE: ['/theirs.json', '/ours.json'],
    COMPANY_ID: ['1', '2'],
    REDIRECT_URI: ['https://theirs.example.com', 'https://ours.example.com'],
    CONFIG: ['./theirs.cjs', './ours.cjs'],
  };

  // PROCORE_ALLOW_HTTP counts with the two URLs only, where its tests are.
  const alone = variableNames.filter((name) => name !== 'PROCORE_ALLOW_HTTP');
  test.each(alone)('before %s', (name) => {
    const [theirs, ours] = own[name.replace('PROCORE_', '')]!;
    const pair: Record<string, string> = name.endsWith('_URL')
      ? { AXIOS_PROCORE_LOGIN_URL: own['LOGIN_URL']![1], AXIOS_PROCORE_API_URL: own['API_URL']![1] }
      : {};
    const registration = registered({ ...full, ...pair, [name]: theirs, [`AXIOS_${name}`]: ours });
    const { options, file, config } = registration;
    const found = JSON.stringify({ options, file: file?.path, config: config?.path });
    expect(found).toContain(JSON.stringify(ours));
    if (theirs !== 'refresh_token') expect(found).not.toContain(JSON.stringify(theirs));
    expect(registration).toMatchObject({ faults: [], notes: [] });
  });

  test('where the names with AXIOS_ give all that is needed, a PROCORE_CONFIG that is no path is left to the application', () => {
    const ours = Object.fromEntries(Object.entries(full).map(([name, value]) => [`AXIOS_${name}`, value]));
    const { faults, notes, config } = registered({ ...ours, PROCORE_CONFIG: '{"theirs":true}' });
    expect([faults, config]).toEqual([[], undefined]);
    expect(notes).toEqual([expect.stringContaining('PROCORE_CONFIG is left to the application')]);
  });

  test('a wrong value under a name with AXIOS_ ends the process, because it can be meant for nothing else', () => {
    expect(complaint({ ...full, AXIOS_PROCORE_ENVIRONMENT: 'staging' })).toMatch(
      /^AXIOS_PROCORE_ENVIRONMENT is of the wrong form; it takes one of production, developer-sandbox/,
    );
    expect(complaint({ ...full, AXIOS_PROCORE_COMPANY_ID: 'ACME' })).toContain('digits');
    expect(complaint({ ...full, AXIOS_PROCORE_API_URL: 'https://gateway.example.com' })).toMatch(
      /^AXIOS_PROCORE_LOGIN_URL is missing; it takes an origin/,
    );
  });
});

describe('the environment is understood as public code names it', () => {
  test.each([
    ['sandbox', 'developer-sandbox'],
    ['Sandbox', 'developer-sandbox'],
    ['SANDBOX', 'developer-sandbox'],
    ['dev-sandbox', 'developer-sandbox'],
    ['developer_sandbox', 'developer-sandbox'],
    ['Development Sandbox', 'developer-sandbox'],
    ['development', 'developer-sandbox'],
    ['prod', 'production'],
    ['Production', 'production'],
    ['PRODUCTION', 'production'],
    ['monthly', 'monthly-sandbox'],
    ['monthly_sandbox', 'monthly-sandbox'],
    ['federal', 'federal'],
    ['https://sandbox.procore.com', 'developer-sandbox'],
  ])('%s is %s', (value, environment) => {
    for (const name of ['PROCORE_ENVIRONMENT', 'PROCORE_ENV'])
      expect(environmentOf({ [name]: value })).toEqual([environment, 0]);
  });

  test.each([
    ['https://sandbox.procore.com', 'developer-sandbox'],
    ['https://sandbox.procore.com/', 'developer-sandbox'],
    ['https://sandbox.procore.com/rest/v1.0', 'developer-sandbox'],
    ['https://sandbox.procore.com/rest/v1.1/', 'developer-sandbox'],
    ['https://login-sandbox.procore.com/oauth/token', 'developer-sandbox'],
    ['sandbox.procore.com', 'developer-sandbox'],
    ['http://sandbox.procore.com', 'developer-sandbox'],
    ['https://SANDBOX.procore.com:443/rest/v1.0?x=1', 'developer-sandbox'],
    ['https://api.procore.com', 'production'],
    ['https://app.procore.com/oauth/token', 'production'],
    ['https://login.procore.com/oauth/authorize', 'production'],
    ['https://api-monthly.procore.com/rest/v1.0', 'monthly-sandbox'],
    ['https://login.procoregov.com', 'federal'],
  ])('the URL %s is %s, alone and whatever its name', (value, environment) => {
    for (const name of [
      'PROCORE_API_URL',
      'PROCORE_LOGIN_URL',
      'PROCORE_BASE_URL',
      'PROCORE_API_BASE_URL',
      'PROCORE_API_BASE',
      'PROCORE_OAUTH_URL',
      'PROCORE_OAUTH_BASE_URL',
      'PROCORE_AUTH_URL',
      'PROCORE_LOGIN_BASE_URL',
      'PROCORE_TOKEN_URL',
      'AXIOS_PROCORE_API_URL',
      'AXIOS_PROCORE_LOGIN_URL',
    ])
      expect(environmentOf({ [name]: value })).toEqual([environment, 0]);
  });

  test.each([
    ['true', 'developer-sandbox'],
    ['1', 'developer-sandbox'],
    ['false', undefined],
    ['0', undefined],
  ])('PROCORE_SANDBOX=%s is %s', (value, environment) => {
    expect(environmentOf({ PROCORE_SANDBOX: value })).toEqual([environment, 0]);
  });

  test('a word that may mean several is told by the URLs beside it', () => {
    expect(
      environmentOf({ PROCORE_ENV: 'sandbox', PROCORE_API_URL: 'https://api-monthly.procore.com' }),
    ).toEqual(['monthly-sandbox', 0]);
    expect(
      environmentOf({ PROCORE_ENV: 'development', PROCORE_BASE_URL: 'https://api.procore.com' }),
    ).toEqual(['production', 0]);
    expect(
      environmentOf({
        PROCORE_ENVIRONMENT: 'sandbox',
        PROCORE_API_URL: 'https://sandbox.procore.com/rest/v1.0',
        PROCORE_LOGIN_URL: 'https://login-sandbox.procore.com',
        PROCORE_BASE_URL: 'https://sandbox.procore.com',
      }),
    ).toEqual(['developer-sandbox', 0]);
  });

  test.each([
    ['PROCORE_ENVIRONMENT', 'staging'],
    ['PROCORE_ENVIRONMENT', secret],
    ['PROCORE_ENV', 'test'],
    ['PROCORE_API_URL', 'https://internal-proxy.example.com/procore'],
    ['PROCORE_API_URL', 'https://internal-proxy.example.com'],
    ['PROCORE_API_URL', '/api/procore'],
    ['PROCORE_API_URL', `https://user:${secret}@proxy.example.com`],
    ['PROCORE_API_URL', 'https://api.sandbox.procore.com'],
    ['PROCORE_API_URL', 'https://sandbox.procore.com.example.com'],
    ['PROCORE_LOGIN_URL', 'http://login.example.com'],
    ['PROCORE_LOGIN_URL', '/login'],
    ['PROCORE_BASE_URL', 'http://localhost:3000'],
  ])('%s=%s is the application’s own: one line, and the default', (name, value) => {
    expect(environmentOf({ [name]: value })).toEqual([undefined, 1]);
    const [note] = registered({ ...full, [name]: value }).notes;
    expect(note).toContain(`${name} is left to the application`);
    expect(note).toContain('The environment is production');
    expect(note).not.toContain(value);
  });

  test('what is left does not keep the rest from being understood', () => {
    expect(
      environmentOf({
        PROCORE_ENVIRONMENT: 'staging',
        PROCORE_LOGIN_URL: 'https://login-sandbox.procore.com',
        PROCORE_API_URL: 'https://proxy.example.com/procore',
      }),
    ).toEqual(['developer-sandbox', 1]);
  });

  test.each([
    ['PROCORE_ENVIRONMENT', 'production', 'PROCORE_API_URL', 'https://sandbox.procore.com'],
    ['PROCORE_API_URL', 'https://api.procore.com', 'PROCORE_LOGIN_URL', 'https://login-sandbox.procore.com'],
    ['PROCORE_ENV', 'monthly', 'PROCORE_BASE_URL', 'https://api.procore.com/rest/v1.0'],
    ['PROCORE_SANDBOX', 'true', 'PROCORE_API_BASE_URL', 'https://api.procore.com'],
  ])('%s=%s and %s=%s contradict each other: tokens are at stake', (one, first, other, second) => {
    const said = complaint({ ...full, [one]: first, [other]: second });
    expect(said).toContain(`${one} and ${other} are both set, and do not agree: the first names `);
    expect(said).toContain('set AXIOS_PROCORE_ENVIRONMENT to theirs');
    expect(
      environmentOf({ [one]: first, [other]: second, AXIOS_PROCORE_ENVIRONMENT: 'monthly-sandbox' }),
    ).toEqual(['monthly-sandbox', 0]);
  });
});

describe('two URLs that are not Procore’s make an environment', () => {
  const environment = { loginUrl: 'https://login.example.com', apiUrl: 'https://api.example.com' };

  test('as origins, also where the application has Procore’s paths in them', () => {
    expect(environmentOf(urls)).toEqual([environment, 0]);
    const { PROCORE_LOGIN_URL: login, PROCORE_API_URL: api } = urls;
    expect(
      environmentOf({ PROCORE_LOGIN_URL: `${login}/oauth/token`, PROCORE_API_URL: `${api}/rest/v1.0/` }),
    ).toEqual([environment, 0]);
    expect(environmentOf({ ...urls, PROCORE_LOGIN_URL: 'https://login.procore.com' })).toEqual([
      { ...environment, loginUrl: 'https://login.procore.com' },
      0,
    ]);
  });

  test('unless one of them is no https origin, or has a path of its own', () => {
    for (const url of [
      'http://login.example.com',
      'https://a.example.com/proxy',
      'https://a.example.com?x=1',
    ])
      for (const name of ['PROCORE_LOGIN_URL', 'PROCORE_API_URL'])
        expect(environmentOf({ ...urls, [name]: url })).toEqual([undefined, 1]);
  });

  test('unless they are under alias names, which must not send tokens to another server', () => {
    const { PROCORE_LOGIN_URL: login, PROCORE_API_URL: api } = urls;
    expect(environmentOf({ PROCORE_AUTH_URL: login, PROCORE_BASE_URL: api })).toEqual([undefined, 1]);
  });

  test('and contradict a name of an environment beside them', () => {
    expect(complaint({ ...full, ...urls, PROCORE_ENVIRONMENT: 'production' })).toMatch(
      /^PROCORE_ENVIRONMENT and PROCORE_LOGIN_URL are both set, and do not agree/,
    );
  });

  test('an emulator on this machine may be used beside the name of an environment', () => {
    const here = { PROCORE_LOGIN_URL: 'http://127.0.0.1:8080', PROCORE_API_URL: 'http://127.0.0.1:8080' };
    expect(environmentOf({ ...here, PROCORE_ENVIRONMENT: 'sandbox' })).toEqual([
      { loginUrl: here.PROCORE_LOGIN_URL, apiUrl: here.PROCORE_API_URL },
      1,
    ]);
  });

  describe('over http to another machine', () => {
    const named = { PROCORE_LOGIN_URL: 'http://procore:4100', PROCORE_API_URL: 'http://procore:4100' };
    const allowed = { loginUrl: 'http://procore:4100', apiUrl: 'http://procore:4100', allowHttp: true };

    test.each(['true', '1', 'YES', '"on"'])('are the environment with PROCORE_ALLOW_HTTP=%s', (value) => {
      expect(environmentOf({ ...named, PROCORE_ALLOW_HTTP: value })).toEqual([allowed, 0]);
      expect(environmentOf({ ...named, AXIOS_PROCORE_ALLOW_HTTP: value, PROCORE_ALLOW_HTTP: '0' })).toEqual([
        allowed,
        0,
      ]);
    });

    test('may stand beside the name of an environment, as an emulator on this machine may', () => {
      const both = { ...named, PROCORE_ALLOW_HTTP: 'true', PROCORE_ENVIRONMENT: 'sandbox' };
      expect(environmentOf(both)).toEqual([allowed, 1]);
    });

    test.each(['', 'false', '0', 'no', 'off'])(
      'are none with PROCORE_ALLOW_HTTP=%j, and a line says how',
      (value) => {
        const { options, notes } = registered({ ...full, ...named, PROCORE_ALLOW_HTTP: value });
        expect(options.environment).toBeUndefined();
        expect(notes).toEqual([expect.stringContaining('The environment is production.')]);
        expect(notes).toEqual([
          expect.stringMatching(/such as an emulator in another container, takes PROCORE_ALLOW_HTTP=true$/),
        ]);
      },
    );

    test.each(['PROCORE_ALLOW_HTTP', 'AXIOS_PROCORE_ALLOW_HTTP'])(
      'end the process where %s is neither true nor false, because the environment would be another one',
      (name) => {
        expect(complaint({ ...full, ...named, [name]: 'ture' })).toBe(
          `${name} is of the wrong form; it takes true or false`,
        );
        expect(registered({ ...full, ...named, [name]: secret }).misplaced).toContain(name);
      },
    );

    test('end it under the names with AXIOS_ without that variable, which the line names', () => {
      const ours = {
        AXIOS_PROCORE_LOGIN_URL: 'http://procore:4100',
        AXIOS_PROCORE_API_URL: 'http://procore:4100',
      };
      expect(complaint({ ...full, ...ours })).toContain(
        '(http on loopback only, unless PROCORE_ALLOW_HTTP is true)',
      );
    });

    test('are not Procore’s, whose hosts get https in any case, and https needs no such variable', () => {
      const procore = {
        PROCORE_LOGIN_URL: 'http://login.procore.com',
        PROCORE_API_URL: 'http://api.procore.com',
      };
      expect(environmentOf({ ...procore, PROCORE_ALLOW_HTTP: 'true' })).toEqual(['production', 0]);
      const other = { PROCORE_LOGIN_URL: 'http://x.procore.com', PROCORE_API_URL: 'http://x.procore.com' };
      expect(environmentOf({ ...other, PROCORE_ALLOW_HTTP: 'true' })[0]).toBeUndefined();
      expect(environmentOf({ ...urls, PROCORE_ALLOW_HTTP: 'true' })).toEqual([environment, 0]);
    });
  });

  test('a half of ours may have the application’s as the other', () => {
    const { PROCORE_LOGIN_URL, PROCORE_API_URL: api } = urls;
    expect(environmentOf({ PROCORE_LOGIN_URL, AXIOS_PROCORE_API_URL: api })).toEqual([environment, 0]);
  });
});

describe('what is missing or wrong', () => {
  test('all that is missing is told at once', () => {
    expect(complaint({ PROCORE_CLIENT_ID: 'id' })).toMatch(
      /^PROCORE_CLIENT_SECRET is missing; it takes .*\. PROCORE_TOKEN_FILE is missing; it takes /,
    );
    expect(complaint({ PROCORE_TOKEN_FILE: '/a/b.json' })).toMatch(
      /^PROCORE_CLIENT_ID is missing; .*\. PROCORE_CLIENT_SECRET is missing; /,
    );
  });

  test.each(Object.keys(full) as (keyof typeof full)[])('%s alone, too', (name) => {
    const { [name]: _, ...others } = full;
    expect(complaint(others)).toMatch(new RegExp(`^${name} is missing; it takes `));
  });

  test.each([
    ['PROCORE_COMPANY_ID', 'ACME'],
    ['PROCORE_COMPANY_ID', secret],
    ['PROCORE_COMPANY', 'Acme Inc.'],
    ['PROCORE_GRANT', 'password'],
    ['PROCORE_REDIRECT_URI', '/callback'],
    ['PROCORE_REDIRECT_URI', secret],
  ])('%s=%s is left to the application with one line', (name, value) => {
    const { options, faults, notes, misplaced } = registered({ ...full, [name]: value });
    expect(options).toEqual({ clientId: 'id', clientSecret: secret });
    expect(faults).toEqual([]);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`${name} is left to the application`);
    expect(notes[0]).not.toContain(value);
    expect(misplaced).toEqual([name]);
  });

  test.each([
    ['PROCORE_COMPANY', '42', { companyId: '42' }],
    [
      'PROCORE_REDIRECT_URL',
      'https://a.example.com/callback',
      { redirectUri: 'https://a.example.com/callback' },
    ],
    ['PROCORE_CALLBACK_URL', 'http://localhost/cb', { redirectUri: 'http://localhost/cb' }],
    ['PROCORE_GRANT_TYPE', 'authorization_code', { grant: 'refresh_token' }],
  ])('%s=%s is understood', (name, value, option) => {
    expect(registered({ ...full, [name]: value })).toMatchObject({ options: option, faults: [], notes: [] });
  });

  test('an alias that is understood goes before the name that is not', () => {
    expect(registered({ ...full, PROCORE_COMPANY_ID: 'ACME', PROCORE_COMPANY: '42' }).options).toMatchObject({
      companyId: '42',
    });
  });
});

describe('a path', () => {
  test.each([
    ['~/procore.json', '/home/app/procore.json'],
    ['file:///var/lib/my%20app/procore.json', '/var/lib/my app/procore.json'],
    ['tokens/procore.json', 'tokens/procore.json'],
    ['tokens', 'tokens'],
  ])('%s is %s', (value, path) => {
    expect(registered({ ...full, PROCORE_TOKEN_FILE: value })).toMatchObject({ file: { path }, faults: [] });
  });

  test.each([
    ['a JSON', `{"access_token":"${secret}"}`],
    ['a text of several lines', `${secret}\n${secret}`],
    ['a JWT', `eyJhbGciOiJSUzI1NiJ9.${secret}.x`],
    ['a URL', `redis://:${secret}@localhost:6379`],
    ['a secret of hexadecimal digits', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b'],
    ['a secret in base64', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY0'],
    ['a variable that nobody has put in', '$HOME/procore.json'],
    ['a variable of Windows', '%APPDATA%/procore.json'],
    ['a path of Windows on another system', 'C:\\app\\procore.json'],
    ['a relative path of Windows on another system', 'tokens\\procore.json'],
  ])('that is %s ends the process, and is not shown', (_what, value) => {
    for (const name of ['PROCORE_TOKEN_FILE', 'PROCORE_CONFIG', 'AXIOS_PROCORE_TOKEN_FILE']) {
      const { faults, misplaced } = registered({ ...full, [name]: value });
      expect(faults).toHaveLength(1);
      expect(faults[0]!.what).toMatch(new RegExp(`^${name} takes the path of `));
      expect(faults[0]!.what).not.toContain(value);
      expect(misplaced).toContain(name);
    }
  });

  test('of Windows is one there', () => {
    const windows = { home: 'C:\\Users\\app', platform: 'win32' };
    for (const [value, path] of [
      ['C:\\app\\procore.json', 'C:\\app\\procore.json'],
      ['~\\procore.json', 'C:\\Users\\app\\procore.json'],
      ['file:///C:/app/procore.json', 'C:/app/procore.json'],
    ])
      expect(registrationFrom({ ...full, PROCORE_TOKEN_FILE: value }, windows)).toMatchObject({
        file: { path },
        faults: [],
      });
  });

  test('may be shown where it looks like one and like nothing else', () => {
    const shown = (value: string) => registered({ ...full, PROCORE_TOKEN_FILE: value }).file!.mayBeShown;
    for (const path of ['/var/lib/a/b.json', './tokens', 'tokens.json', '../x/y', '~/a'])
      expect(shown(path)).toBe(true);
    for (const path of ['hunter2', 'tokens', '/9jK+xyz', './9f86d081884c7d659a2feaa0c55ad015a3bf4f1b'])
      expect(shown(path)).toBe(false);
  });

  test('may have long names with digits in it, where it begins as a path does and ends as a file does', () => {
    const shown = (value: string) => registered({ ...full, PROCORE_TOKEN_FILE: value }).file!.mayBeShown;
    const long = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b';
    for (const path of [
      `/srv/${long}/tokens.json`,
      `/srv/${long}/tokens`,
      `./${long}.json`,
      `~/${long}/a.json`,
    ])
      expect(shown(path)).toBe(true);
    for (const path of [`/${long}`, `/srv/${long}`, `./${long}/${long}`, `${long}/tokens.json`])
      expect(shown(path)).toBe(false);
  });
});

test('with a module what is missing is for the module to say', () => {
  const { config, faults } = registered({ PROCORE_CONFIG: './procore.cjs' });
  expect(config?.path).toBe('./procore.cjs');
  expect(faults.map(({ option }) => option)).toEqual(['clientId', 'clientSecret', 'store']);
});
