import { describe, expect, test } from 'vitest';
import { createDestinations } from '../../../src/line/destinations.js';
import { destinationOf, hostOf, mayHaveToken, type Addressed } from '../../../src/wire/destination.js';

const api = 'https://api.procore.com';
const origins = {
  allowed: new Set([api, 'https://login.procore.com', 'https://app.procore.com', 'http://127.0.0.1:8080']),
  apiUrl: api,
};
const remembering = createDestinations(origins);
/** The same whether it is worked out or remembered, at the first call and at later ones. */
function of(given: Addressed | string) {
  const config = typeof given === 'string' ? { url: given } : given;
  const destination = destinationOf(config, origins);
  for (let call = 0; call < 2; call++) expect(remembering(config)).toEqual(destination);
  return destination;
}

/** Where axios would send what is left of the configuration after the decision. */
function sentTo(config: Addressed): string {
  const destination = of(config);
  if (destination.kind !== 'procore') throw new Error(destination.kind);
  const rewritten = destination.url !== undefined;
  const url = rewritten ? destination.url : String((config.url as string | URL | undefined) ?? '');
  const base = rewritten ? undefined : (destination.baseUrl ?? config.baseURL);
  const isAbsolute = /^([a-z][a-z\d+\-.]*:)?\/\//i.test(url);
  if (!base || isAbsolute) return new URL(url).href;
  return new URL(url ? `${base.replace(/\/?\/$/, '')}/${url.replace(/^\/+/, '')}` : base).href;
}

describe('the token belongs on', () => {
  test.each<[Addressed, string]>([
    [{ url: `${api}/rest/v1.0/me` }, `${api}/rest/v1.0/me`],
    [{ url: '/rest/v1.0/me' }, `${api}/rest/v1.0/me`],
    [{ url: 'rest/v1.0/me' }, `${api}/rest/v1.0/me`],
    [{ url: '/rest/v1.0/me', baseURL: api }, `${api}/rest/v1.0/me`],
    [{ url: 'me?a=b#c', baseURL: `${api}/rest/v1.0/` }, `${api}/rest/v1.0/me?a=b#c`],
    [{ url: '', baseURL: `${api}/rest/v1.0/me` }, `${api}/rest/v1.0/me`],
    [{ baseURL: api }, `${api}/`],
    [{}, `${api}/`],
    [{ url: '/me', baseURL: '' }, `${api}/me`],
    [{ url: `${api}/me`, baseURL: 'https://elsewhere.example' }, `${api}/me`],
    [{ url: 'https://app.procore.com/rest/me' }, 'https://app.procore.com/rest/me'],
    [{ url: 'https://login.procore.com/rest/me' }, 'https://login.procore.com/rest/me'],
    [{ url: 'http://127.0.0.1:8080/me' }, 'http://127.0.0.1:8080/me'],
    [{ url: `${api}?a=b` }, `${api}/?a=b`],
    [{ url: new URL(`${api}/me`) }, `${api}/me`],
    [{ url: new URL(`${api}/me`), baseURL: 'https://elsewhere.example' }, `${api}/me`],
  ])('%o', (config, expected) => {
    const destination = of(config);
    expect(destination).toMatchObject({ kind: 'procore', path: new URL(expected).pathname });
    expect(sentTo(config)).toBe(expected);
  });

  test.each<[string, string]>([
    ['HTTPS://API.PROCORE.COM/me', `${api}/me`],
    [`${api}:443/me`, `${api}/me`],
    ['https://user:secret@api.procore.com/me', `${api}/me`],
    ['https://evil.example:x@api.procore.com/me', `${api}/me`],
    ['https://api.procore.com\\@evil.example/me', `${api}/@evil.example/me`],
    ['https://api.procore.com\t/me', `${api}/me`],
    [' https://api.procore.com/me', `${api}/me`],
    ['ht\ttps://api.procore.com/me', `${api}/me`],
    ['https://api.pro\ncore.com/me', `${api}/me`],
    ['https://api%2Eprocore.com/me', `${api}/me`],
    ['https://api。procore。com/me', `${api}/me`],
    ['https:///api.procore.com/me', `${api}/me`],
    ['https://api.procore.com/rest/../me', `${api}/me`],
  ])('%s, sent as what it was read as', (url, expected) => {
    expect(sentTo({ url })).toBe(expected);
    const destination = of(url);
    expect(destination.kind === 'procore' && (destination.url ?? url).startsWith(`${api}/`)).toBe(true);
  });

  test('credentials in a URL are there for a call that goes without the token', () => {
    expect(of('https://user:secret@api.procore.com/me')).toMatchObject({
      url: `${api}/me`,
      urlOfItsOwn: 'https://user:secret@api.procore.com/me',
    });
    expect(of('https://api%2Eprocore.com/me')).toEqual({ kind: 'procore', path: '/me', url: `${api}/me` });
  });

  test('a baseURL that is an object is read as its text', () => {
    const baseURL = new URL('https://user:secret@api.procore.com/me') as never;
    expect(sentTo({ baseURL })).toBe(`${api}/me`);
  });

  test.each(['@evil.example/me', '\\\\evil.example/me', '/\\evil.example', '.evil.example'])(
    'a relative URL that looks like another host stays a path: %o',
    (url) => {
      expect(new URL(sentTo({ url })).origin).toBe(api);
      expect(new URL(sentTo({ url, baseURL: api })).origin).toBe(api);
    },
  );

  test('white space before an absolute URL beside a baseURL makes a path of it, as in axios', () => {
    expect(new URL(sentTo({ url: ' https://evil.example', baseURL: api })).origin).toBe(api);
  });

  test('a relative URL is not rewritten', () => {
    expect(of({ url: '/me', baseURL: api })).toEqual({ kind: 'procore', path: '/me' });
    expect(of('/me')).toEqual({ kind: 'procore', path: '/me', baseUrl: api });
  });

  test('an absolute URL under allowAbsoluteUrls: false is a path under baseURL, for every version of axios', () => {
    const config = { url: 'https://evil.example/me', baseURL: api, allowAbsoluteUrls: false };
    expect(of(config)).toMatchObject({ kind: 'procore', url: `${api}/https://evil.example/me` });
  });
});

describe('no token goes to', () => {
  test.each<Addressed>([
    { url: 'https://storage.example/upload?signature=x' },
    { url: 'https://api.procore.com.evil.example/me' },
    { url: 'https://api.procore.com@evil.example/me' },
    { url: 'https://api.procore.com:x@evil.example/me' },
    { url: 'https://evil.example\\@api.procore.com/me' },
    { url: 'https://evil.example/?https://api.procore.com' },
    { url: 'https://evil.example#@api.procore.com/' },
    { url: 'https://evilprocore.com/me' },
    { url: 'https://procore.com.evil.example/' },
    { url: 'https://api.procore.com./me' },
    { url: '//evil.example/me' },
    { url: ' https://evil.example/me' },
    { url: '\r\n\thttps://evil.example/me' },
    { url: 'ht\ttps://evil.example/me' },
    { url: '\u0001https://evil.example/me' },
    { url: 'https:/evil.example/me' },
    { url: 'https:evil.example/me' },
    { url: ' data:text/plain,hello' },
    { url: '//api.procore.com/me' },
    { url: 'https://' },
    { url: 'https://[' },
    { url: 'http://127.0.0.1:8081/me' },
    { url: 'https://127.0.0.1:8080/me' },
    { url: '/me', baseURL: 'https://evil.example' },
    { url: '/me', baseURL: `${api}@evil.example` },
    { url: '/me', baseURL: '/relative' },
    { url: `${api}/me`, baseURL: 'https://evil.example', allowAbsoluteUrls: false },
    { url: `${api}/me`, socketPath: '/var/run/docker.sock' },
    { url: '/me', socketPath: '/var/run/docker.sock' },
    { url: '/me', baseURL: api, socketPath: '/var/run/docker.sock' },
  ])('%o', (config) => {
    expect(of(config)).toEqual({ kind: 'foreign' });
  });

  test.each([
    'https://us02.procore.com/me',
    'https://login-sandbox.procore.com/rest/me',
    'https://evil.procore.com/me',
    'http://api.procore.com/me',
    'ftp://api.procore.com/me',
    'https://api.procore.com:8443/me',
    'https://x.procoregov.com/me',
  ])('a Procore host that is not listed: %s', (url) => {
    expect(of(url)).toEqual({ kind: 'unlisted', origin: new URL(url).origin });
  });

  test.each([
    ['https://sandbox.procore.com/rest/me', 'developer-sandbox'],
    ['https://api-monthly.procore.com/rest/me', 'monthly-sandbox'],
    ['https://api.procoregov.com/rest/me', 'federal'],
    ['HTTPS://user@SANDBOX.procore.com/rest/me', 'developer-sandbox'],
  ])("another environment's API: %s", (url, environment) => {
    const { origin } = new URL(url);
    expect(of(url)).toEqual({ kind: 'wrong-environment', origin, environment, path: '/rest/me' });
  });

  test('app.procore.com outside of production', () => {
    const sandbox = {
      allowed: new Set(['https://sandbox.procore.com']),
      apiUrl: 'https://sandbox.procore.com',
    };
    expect(destinationOf({ url: 'https://app.procore.com/rest/me' }, sandbox)).toMatchObject({
      kind: 'wrong-environment',
      environment: 'production',
    });
  });

  test.each([
    `${api}/oauth/token`,
    'https://login.procore.com/oauth/token/info',
    'https://app.procore.com/oauth/authorize?x=y',
    `${api}/rest/../oauth/token`,
    '/oauth/token',
    'https://user:pass@api.procore.com/oauth/token',
  ])("Procore's own OAuth: %s", (url) => {
    expect(of(url).kind).toBe('oauth');
  });

  test.each([`${api}/oauth`, `${api}/rest/oauth/token`, `${api}/oauthx/token`])(
    'but %s is the API',
    (url) => {
      expect(of(url).kind).toBe('procore');
    },
  );
});

describe('a redirect may have the token', () => {
  test.each([`${api}/me`, 'https://login.procore.com/x', 'https://u:p@api.procore.com/me'])(
    'to %s',
    (url) => {
      expect(mayHaveToken(url, origins)).toBe(true);
    },
  );

  test.each([
    'https://storage.example/',
    'http://api.procore.com/me',
    'https://api.procore.com:444/me',
    'https://api.procore.com@evil.example/',
    '/relative',
    '',
    'nonsense',
  ])('but not to %o', (url) => {
    expect(mayHaveToken(url, origins)).toBe(false);
  });
});

describe('the host that events name is that of the request', () => {
  test.each<[string, Addressed, string]>([
    ['with a base URL', { url: '/rest/v1.0/me', baseURL: api }, 'api.procore.com'],
    ['without one', { url: '/rest/v1.0/me' }, 'api.procore.com'],
    [
      'with a URL object as base',
      { url: '/rest/v1.0/me', baseURL: new URL(api) as never },
      'api.procore.com',
    ],
    ['with a whole URL', { url: `${api}/rest/v1.0/me?x=1`, baseURL: 'https://x.example' }, 'api.procore.com'],
    ['with credentials in its URL', { url: 'https://u:p@api.procore.com/rest/v1.0/me' }, 'api.procore.com'],
    ['in capitals', { url: 'HTTPS://API.PROCORE.COM:443/rest/v1.0/me' }, 'api.procore.com'],
    ['of another environment', { url: 'https://sandbox.procore.com/rest/v1.0/me' }, 'sandbox.procore.com'],
  ])('%s', (_how, config, host) => {
    expect(hostOf(config, destinationOf(config, origins))).toBe(host);
  });

  test('with its port', () => {
    const local = { allowed: new Set(['http://127.0.0.1:3000']), apiUrl: 'http://127.0.0.1:3000' };
    expect(hostOf({ url: '/rest/v1.0/me' }, destinationOf({ url: '/rest/v1.0/me' }, local))).toBe(
      '127.0.0.1:3000',
    );
  });
});
