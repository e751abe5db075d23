import axios, { type AxiosRequestConfig } from 'axios';
import nock from 'nock';
import { afterEach, beforeAll, afterAll, expect, test } from 'vitest';
import type { ProcoreOptions } from '../../src/options/options.js';
import { caught } from '../support/caught.js';
import { createHarness, names } from '../support/harness.js';
import { answerAt } from '../support/nocked.js';
import { bare, below, losesQueries, plainFetch } from '../support/versions.js';

beforeAll(() => {
  nock.disableNetConnect();
  nock.enableNetConnect('127.0.0.1');
});
afterEach(() => nock.cleanAll());
afterAll(() => nock.restore());

const at = (options: Partial<ProcoreOptions> = {}, baseURL?: string) =>
  createHarness({ options: { environment: 'production', ...options }, defaults: { baseURL } as never });
// In 0.x from 0.30 on.
const knowsAllowAbsoluteUrls = !below('1.8') || (below('1.0') && !below('0.30'));
const api = 'https://api.procore.com';

test.each<[what: string, config: AxiosRequestConfig, sentTo: string, path: string]>([
  ['its API origin', { url: `${api}/rest/v1.0/me` }, api, '/rest/v1.0/me'],
  [
    'its login origin',
    { url: 'https://login.procore.com/rest/v1.0/me' },
    'https://login.procore.com',
    '/rest/v1.0/me',
  ],
  [
    'app.procore.com',
    { url: 'https://app.procore.com/rest/v1.0/me' },
    'https://app.procore.com',
    '/rest/v1.0/me',
  ],
  [
    'a further origin that is listed',
    { url: 'https://gateway.example.com/x' },
    'https://gateway.example.com',
    '/x',
  ],
  ['a relative URL without baseURL', { url: '/rest/v1.0/me' }, api, '/rest/v1.0/me'],
  ['a relative URL without a slash', { url: 'rest/v1.0/me' }, api, '/rest/v1.0/me'],
  ['a baseURL with a path', { baseURL: `${api}/rest/v1.0/`, url: '/me' }, api, '/rest/v1.0/me'],
  ['a baseURL alone', { baseURL: `${api}/rest/v1.0/me` }, api, '/rest/v1.0/me'],
  ['an absolute URL beside a foreign baseURL', { baseURL: 'https://evil.test', url: `${api}/x` }, api, '/x'],
  ['upper case', { url: 'HTTPS://API.Procore.COM/x' }, api, '/x'],
  ['the port spelt out', { url: 'https://api.procore.com:443/x' }, api, '/x'],
  ['back-slashes in the path', { url: 'https://api.procore.com\\x' }, api, '/x'],
  ['a tab in the host', { url: 'https://api.pro\tcore.com/x' }, api, '/x'],
  ['an escaped host', { url: 'https://api%2Eprocore.com/x' }, api, '/x'],
  ['credentials in the URL', { url: 'https://user:pw@api.procore.com/x' }, api, '/x'],
  ['credentials in the baseURL', { baseURL: 'https://user:pw@api.procore.com', url: '/x' }, api, '/x'],
  ['credentials in auth', { url: `${api}/x`, auth: { username: 'user', password: 'pw' } }, api, '/x'],
  ['a URL object', { url: new URL(`${api}/x`) as never }, api, '/x'],
  [
    'a URL object beside a baseURL',
    { baseURL: 'https://evil.test', url: new URL(`${api}/x`) as never },
    api,
    '/x',
  ],
  ['a query that looks like a host', { url: `${api}?x=@evil.test` }, api, '/?x=@evil.test'],
])('a call to %s gets the token and the company', async (_what, config, sentTo, path) => {
  await using h = await at({ origins: ['https://gateway.example.com'] });
  const seen = answerAt(sentTo, path);
  expect((await h.instance.request(config)).status).toBe(200);
  expect(seen).toEqual([
    { authorization: `Bearer ${h.store.sets.get('default')!.access_token}`, companyId: '42', path },
  ]);
  expect(nock.isDone()).toBe(true);
});

test.each<[what: string, config: AxiosRequestConfig, sentTo: string, path: string]>([
  ['another host', { url: 'https://evil.test/x' }, 'https://evil.test', '/x'],
  ['a host that ends alike', { url: 'https://evil-procore.com/x' }, 'https://evil-procore.com', '/x'],
  [
    'a host that begins alike',
    { url: 'https://api.procore.com.evil.test/x' },
    'https://api.procore.com.evil.test',
    '/x',
  ],
  ['the host as credentials', { url: 'https://api.procore.com@evil.test/x' }, 'https://evil.test', '/x'],
  [
    'the host as user and password',
    { url: 'https://api.procore.com:443@evil.test/x' },
    'https://evil.test',
    '/x',
  ],
  [
    'a presigned storage URL',
    { url: 'https://b.s3.amazonaws.com/k?X-Amz-Signature=s' },
    'https://b.s3.amazonaws.com',
    // No call to Procore: what axios makes of it is not mended.
    losesQueries ? '/kX-Amz-Signature=s' : '/k?X-Amz-Signature=s',
  ],
  [
    'a foreign baseURL',
    { baseURL: 'https://evil.test/', url: '/rest/v1.0/me' },
    'https://evil.test',
    '/rest/v1.0/me',
  ],
  [
    'a foreign absolute URL beside our baseURL',
    { baseURL: api, url: 'https://evil.test/x' },
    'https://evil.test',
    '/x',
  ],
  ['plain http', { url: 'http://api.procore.com/x' }, 'http://api.procore.com', '/x'],
  ['another port', { url: 'https://api.procore.com:8443/x' }, 'https://api.procore.com:8443', '/x'],
  ['a CDN of Procore', { url: 'https://cdn.procore.com/x' }, 'https://cdn.procore.com', '/x'],
  ['the marketing site', { url: 'https://www.procore.com/x' }, 'https://www.procore.com', '/x'],
  ['a subdomain of the API', { url: 'https://eu.api.procore.com/x' }, 'https://eu.api.procore.com', '/x'],
])('a call to %s goes out untouched: no token, no company', async (_what, config, sentTo, path) => {
  await using h = await at();
  const seen = answerAt(sentTo, path);
  if (plainFetch && /@/.test(String(config.url))) {
    // Fetch takes no credentials in a URL.
    expect((await caught(h.instance.request(config))).message).toMatch(/includes credentials/);
    expect(seen).toEqual([]);
    return;
  }
  const { config: back } = await h.instance.request(config);
  expect(seen).toHaveLength(1);
  expect(seen[0]!.companyId).toBeUndefined();
  expect(seen[0]!.authorization ?? '').not.toMatch(/^Bearer/);
  expect(back.adapter).toEqual(axios.defaults.adapter);
  expect(h.store.log).toEqual([]);
  expect(nock.isDone()).toBe(true);
});

if (knowsAllowAbsoluteUrls) {
  test('allowAbsoluteUrls: false makes an absolute URL a path of the baseURL, whichever of the two is ours', async () => {
    await using h = await at();
    const ours = answerAt(api, '/https://evil.test/x');
    const theirs = answerAt('https://evil.test', `/${api}/x`);
    await h.instance.get('https://evil.test/x', { baseURL: api, allowAbsoluteUrls: false } as never);
    await h.instance.get(`${api}/x`, { baseURL: 'https://evil.test', allowAbsoluteUrls: false } as never);
    expect(ours[0]!.authorization).toMatch(/^Bearer /);
    expect(theirs[0]!.authorization).toBeUndefined();
  });
} else {
  test('allowAbsoluteUrls: false, which this axios does not know, sends no token to another host', async () => {
    await using h = await at();
    const theirs = answerAt('https://evil.test', '/x');
    await h.instance
      .get('https://evil.test/x', { baseURL: api, allowAbsoluteUrls: false } as never)
      .catch(() => undefined);
    for (const { authorization } of theirs) expect(authorization).toBeUndefined();
  });
}

test.each([0, '', null])(
  'allowAbsoluteUrls: %j sends the token nowhere but to Procore',
  async (allowAbsoluteUrls) => {
    await using h = await at();
    const elsewhere = answerAt('https://evil.test', `/${api}/x`, '/x');
    const ours = answerAt(api, '/x');
    await h.instance
      .get(`${api}/x`, { baseURL: 'https://evil.test', allowAbsoluteUrls } as never)
      .catch(() => undefined);
    expect([...elsewhere, ...ours].map(({ authorization }) => authorization?.slice(0, 7))).toEqual([
      'Bearer ',
    ]);
    expect(elsewhere).toEqual([]);
  },
);

test.each<[what: string, config: object, sentTo: string, path: string]>([
  [
    'an absolute URL under allowAbsoluteUrls: false',
    { baseURL: api, url: 'https://evil.test/x', allowAbsoluteUrls: false },
    api,
    '/https://evil.test/x',
  ],
  ['an escaped host', { url: 'https://api%2Eprocore.com/x' }, api, '/x'],
  ['a URL object', { baseURL: 'https://evil.test', url: new URL(`${api}/x`) }, api, '/x'],
])(
  'the company of an auth: false call reaches Procore and nobody else: %s',
  async (_what, config, sentTo, path) => {
    await using h = await at();
    const elsewhere = answerAt('https://evil.test', '/x', `/${api}/x`);
    const ours = answerAt(sentTo, path);
    await h.instance.request({ ...config, procore: { auth: false } }).catch(() => undefined);
    expect(elsewhere).toEqual([]);
    expect(ours).toMatchObject([{ companyId: '42', path }]);
  },
);

test('a protocol-relative URL never carries the token', async () => {
  await using h = await at();
  const sent: AxiosRequestConfig[] = [];
  const adapter = (async (config: AxiosRequestConfig) => {
    sent.push(config);
    return { status: 200, statusText: '', data: '', headers: {}, config };
  }) as never;
  await h.instance.get('//evil.test/x', { adapter });
  await h.instance.get('//api.procore.com/x', { adapter });
  await h.instance.get('//evil.test/x', { adapter, baseURL: api });
  expect(
    sent.map(({ headers }) => Object.keys(headers!).filter((name) => /authorization/i.test(name))),
  ).toEqual([[], [], []]);
  expect(sent.map(({ url }) => url)).toEqual(['//evil.test/x', '//api.procore.com/x', '//evil.test/x']);
});

test.each([undefined, api])(
  'a call over a Unix socket never carries the token (baseURL %s)',
  async (baseURL) => {
    await using h = await at({}, baseURL);
    const sent: AxiosRequestConfig[] = [];
    const adapter = (async (config: AxiosRequestConfig) => {
      sent.push(config);
      return { status: 200, statusText: '', data: '', headers: {}, config };
    }) as never;
    await h.instance.get('/containers/json', { adapter, socketPath: '/var/run/docker.sock' });
    expect(JSON.stringify(sent[0]!.headers)).not.toMatch(/bearer|company/i);
    expect(sent[0]!.baseURL).toBe(baseURL);
  },
);

test.each(['not a url at all://', 'data:text/plain,x', 'file:///etc/passwd', 'https://[::1', 'mailto:a@b'])(
  'an odd URL (%s) carries no token to another place, and fails or works as in axios',
  async (url) => {
    await using h = await at();
    const sent: AxiosRequestConfig[] = [];
    const adapter = (async (config: AxiosRequestConfig) => {
      sent.push(config);
      return { status: 200, statusText: '', data: '', headers: {}, config };
    }) as never;
    await h.instance.get(url, { adapter }).catch(() => undefined);
    for (const { headers, baseURL } of sent) {
      if (/bearer/i.test(JSON.stringify(headers))) expect(baseURL).toBe(api);
    }
  },
);

test('a Procore host that is not listed is warned of once, by its origin, and the warning names the option', async () => {
  await using h = await at();
  answerAt('https://cdn.procore.com', '/a', '/b');
  answerAt('https://uploads.procoregov.com', '/a');
  await h.instance.get('https://cdn.procore.com/a');
  await h.instance.get('https://cdn.procore.com/b');
  await h.instance.get('https://uploads.procoregov.com/a');
  const warnings = h.told.filter(({ event }) => event === 'warning').map(({ detail }) => detail);
  expect(warnings).toEqual([
    {
      code: 'unlisted-procore-host',
      message: expect.stringMatching(/^https:\/\/cdn\.procore\.com is not .*"origins"/) as string,
    },
    {
      code: 'unlisted-procore-host',
      message: expect.stringMatching(/^https:\/\/uploads\.procoregov\.com is not/) as string,
    },
  ]);
});

test('an application that makes an instance for each call is warned once in its log, and each listener hears', async () => {
  await using h = await at();
  answerAt('https://cdn.procore.com', '/a', '/b');
  for (const path of ['/a', '/b']) await h.attach().instance.get(`https://cdn.procore.com${path}`);
  expect(h.logged.filter((line) => line.includes('unlisted-procore-host'))).toHaveLength(1);
  expect(names(h.told, /^warning/)).toHaveLength(2);
});

test('what its axios cannot do is logged once, however many instances are attached', async () => {
  await using h = await at();
  const atFirst = h.logged.filter((line) => line.includes('axios-version'));
  h.attach();
  expect(h.logged.filter((line) => line.includes('axios-version'))).toEqual(atFirst);
});

test('a Procore host that was listed is not warned of', async () => {
  await using h = await at({ origins: ['https://cdn.procore.com'] });
  const seen = answerAt('https://cdn.procore.com', '/a');
  await h.instance.get('https://cdn.procore.com/a');
  expect(seen[0]!.authorization).toMatch(/^Bearer /);
  expect(h.told.filter(({ event }) => event === 'warning')).toEqual([]);
});

test.each(['http://api.procore.com', 'http://sandbox.procore.com'])(
  'plain http to %s is warned of: tokens travel over https only',
  async (origin) => {
    await using h = await at();
    answerAt(origin, '/x');
    await h.instance.get(`${origin}/x`);
    expect(h.told.find(({ event }) => event === 'warning')!.detail['message']).toMatch(/https only/);
  },
);

test.each(['https://evil.test', 'https://evil-procore.com', 'https://bucket.s3.amazonaws.com'])(
  '%s is not warned of',
  async (origin) => {
    await using h = await at();
    answerAt(origin, '/x');
    await h.instance.get(`${origin}/x`);
    expect(h.told).toEqual([]);
  },
);

test("a failure of a foreign host is not ours: no retry, no renewal, axios's own error", async () => {
  await using h = await at();
  nock('https://evil.test').get('/x').reply(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' });
  nock('https://evil.test').get('/y').reply(503);
  const unauthorized = await caught(h.instance.get('https://evil.test/x'));
  const unavailable = await caught(h.instance.get('https://evil.test/y'));
  expect([bare(unauthorized).response!.status, bare(unavailable).response!.status]).toEqual([401, 503]);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.store.log).toEqual([]);
  expect(nock.isDone()).toBe(true);
});

test('auth: false leaves Authorization, auth and URL credentials of the call, and takes part in no renewal', async () => {
  await using h = await at({ companyId: '7' });
  const mine = { procore: { auth: false } } as const;
  const seen = answerAt(api, '/a', '/b', '/c');
  nock(api).get('/d').reply(401, '', { 'www-authenticate': 'Bearer error="invalid_token"' });
  await h.instance.get(`${api}/a`, { ...mine, headers: { Authorization: 'Bearer mine' } });
  await h.instance.get(`${api}/b`, { ...mine, auth: { username: 'u', password: 'p' } });
  const inUrl = h.instance.get('https://u:p@api.procore.com/c', mine);
  if (plainFetch) expect((await caught(inUrl)).message).toMatch(/includes credentials/);
  else await inUrl;
  expect((await caught(h.instance.get(`${api}/d`, mine))).response!.status).toBe(401);
  const basic = `Basic ${Buffer.from('u:p').toString('base64')}`;
  const sent = ['Bearer mine', basic, ...(plainFetch ? [] : [basic])];
  expect(seen.map(({ authorization }) => authorization)).toEqual(sent);
  expect(seen.map(({ companyId }) => companyId)).toEqual(sent.map(() => '7'));
  expect(h.store.log).toEqual([]);
  expect(h.emulator.counters.tokenRequests).toBe(0);
});
