import axios, { type AxiosInstance, type CreateAxiosDefaults } from 'axios';
import { HttpsProxyAgent } from 'https-proxy-agent';
import https from 'node:https';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { ProcoreOptions } from '../../src/options/options.js';
import { attachTo } from '../support/attach-to.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';
import { certificate, startSecure, type SecureStage } from '../support/https.js';
import { below, onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const expire = 5_401_000;
const clientSecret = 'c0ffee00c0ffee11c0ffee22c0ffee33';
const warned = /makes no tunnel through a proxy.*axios-version/;
/** From 1.16.1 on axios makes tunnels. The fetch adapter reads no variables, and no `proxy`. */
const reads = below('1.17') && !onFetch;
const variables = [
  ...['https_proxy', 'http_proxy', 'all_proxy', 'no_proxy'],
  ...['npm_config_https_proxy', 'npm_config_proxy', 'npm_config_no_proxy'],
].flatMap((name) => [name, name.toUpperCase()]);

beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, undefined);
});
afterEach(() => void vi.unstubAllEnvs());

const start = () => createHarness({ emulator: { clientSecret } });
type Started = Awaited<ReturnType<typeof start>>;

const trusting = () => new https.Agent({ ca: certificate });
/** What a proxy reads needs no certificate. */
const readable = { httpsAgent: undefined };

function attach(
  h: Harness,
  { environment }: SecureStage,
  defaults: CreateAxiosDefaults = {},
  options: Partial<ProcoreOptions> = {},
) {
  const own = { baseURL: environment.apiUrl, httpsAgent: trusting(), proxy: undefined as never, ...defaults };
  return h.attach({ environment, ...options }, own);
}

/** What makes tunnels of its own. */
function tunnelling({ url }: SecureStage['proxy']) {
  const agent = new HttpsProxyAgent(url);
  Object.assign(agent.options, { ca: certificate });
  return agent;
}

const warnings = (h: Harness) => h.logged.filter((line) => warned.test(line)).length;

/** Nothing of a token request is in what the proxy has got, the single-use token is kept, and it is as good as before. */
function expectUnspent(h: Harness, { proxy }: SecureStage): void {
  const { refresh_token } = h.store.sets.get('default')!;
  for (const secret of [clientSecret, refresh_token!]) expect(proxy.bytes()).not.toContain(secret);
  expect(proxy.lines.filter((line) => line.includes('/oauth/'))).toEqual([]);
  expect(h.emulator.counters.tokenRequests).toBe(0);
  expect(h.emulator.isLive(refresh_token!)).toBe(true);
}

function expectRefusal(error: unknown): void {
  expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
  const { message } = error as Error;
  expect(message).toMatch(
    /nothing was sent.*no tunnel.*HTTPS_PROXY.*https-proxy-agent.*proxy: false.*1\.16\.1/,
  );
  expect(inspect(error, { depth: 20 })).not.toContain(clientSecret);
}

/** Ways in which a user brings a proxy in; each gets its URL. */
const ways: Record<string, (proxy: SecureStage['proxy']) => CreateAxiosDefaults> = {
  HTTPS_PROXY: ({ url }) => (vi.stubEnv('HTTPS_PROXY', url), {}),
  https_proxy: ({ url }) => (vi.stubEnv('https_proxy', url), {}),
  'HTTPS_PROXY with a password': ({ url }) => (
    vi.stubEnv('HTTPS_PROXY', url.replace('//', '//someone:pass-of-the-proxy@')),
    {}
  ),
  ...(below('0.30') ? {} : { ALL_PROXY: ({ url }) => (vi.stubEnv('ALL_PROXY', url), {}) }),
  // axios 1.0 does not find it, and 0.30 wants the protocol with a colon.
  ...(!below('1.0') && below('1.2')
    ? {}
    : {
        'the option proxy': ({ port }) => ({ proxy: { host: '127.0.0.1', port, protocol: 'http:' } }),
      }),
};

(onFetch ? () => {} : describe.each(Object.entries(ways)))('with %s', (_name, bringIn) => {
  async function stage() {
    const h = await start();
    const secure = await startSecure(h.emulator);
    const defaults = bringIn(secure.proxy);
    return { h, secure, defaults };
  }

  (reads ? test : () => {})(
    'the attach warns once, calls go as without the plugin, and the token request is refused before anything of it is sent',
    async () => {
      const { h, secure, defaults } = await stage();
      await using _h: Started = h;
      await using _s = secure;
      const { instance, procore } = attach(h, secure, { ...readable, ...defaults });
      expect(warnings(h)).toBe(1);
      expect((await instance.get(me)).status).toBe(200);
      h.env.jump(expire);
      expectRefusal(await caught(instance.get(me)));
      expectRefusal(await caught(procore.renew()));
      attach(h, secure, defaults);
      expect(warnings(h)).toBe(1);
      expect(h.logged.join('\n')).not.toMatch(/pass-of-the-proxy/);
      expectUnspent(h, secure);
    },
  );

  (reads ? test : () => {})('a call with an agent for https goes as without the plugin, too', async () => {
    const { h, secure, defaults } = await stage();
    await using _h: Started = h;
    await using _s = secure;
    const own = { httpsAgent: trusting(), ...defaults };
    const bare = axios.create({ baseURL: secure.environment.apiUrl, ...own });
    expect((await bare.get(me, { validateStatus: () => true })).status).toBe(401);
    expect((await attach(h, secure, own).instance.get(me)).status).toBe(200);
  });

  (reads || onFetch ? () => {} : test)(
    'an axios that makes tunnels renews through one, unwarned',
    async () => {
      const { h, secure, defaults } = await stage();
      await using _h: Started = h;
      await using _s = secure;
      const { refresh_token } = h.store.sets.get('default')!;
      const { instance } = attach(h, secure, defaults);
      h.env.jump(expire);
      expect((await instance.get(me)).status).toBe(200);
      expect(warnings(h)).toBe(0);
      expect(h.emulator.counters.exchanges).toBe(1);
      expect(secure.proxy.lines.every((line) => line.startsWith('CONNECT '))).toBe(true);
      for (const secret of [clientSecret, refresh_token!]) expect(secure.proxy.bytes()).not.toContain(secret);
    },
  );
});

(reads ? test : () => {})(
  'a proxy that is spoken to by TLS reads as much, and gets no token request',
  async () => {
    await using h = await start();
    await using secure = await startSecure(h.emulator, true);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    const { instance } = attach(h, secure);
    expect(warnings(h)).toBe(1);
    h.env.jump(expire);
    expectRefusal(await caught(instance.get(me)));
    expectUnspent(h, secure);
  },
);

(reads ? describe : () => {})(
  'it is refused where only the way of the call that has set it off shows it to a proxy:',
  () => {
    test.each<[string, (instance: AxiosInstance, url: URL) => Promise<unknown>]>([
      [
        'the call has a `proxy`',
        (instance, { hostname, port }) =>
          instance.get(me, {
            proxy: { host: hostname, hostname, port: Number(port), protocol: 'http:' } as never,
          }),
      ],
      [
        'an interceptor sets one',
        (instance, { hostname, port }) => {
          instance.interceptors.request.use((config) => {
            config.proxy = { host: hostname, hostname, port: Number(port), protocol: 'http:' } as never;
            return config;
          });
          return instance.get(me);
        },
      ],
      [
        'an application sets the variable after the attach',
        (instance, { href }) => (vi.stubEnv('HTTPS_PROXY', href), instance.get(me)),
      ],
      ...(below('1.13')
        ? []
        : [
            [
              'it goes by HTTP/2',
              (instance, { href }) => {
                vi.stubEnv('HTTPS_PROXY', href);
                return instance.get(me, { httpVersion: 2 } as object);
              },
            ] satisfies [string, (instance: AxiosInstance, url: URL) => Promise<unknown>],
          ]),
    ])('%s', async (_what, get) => {
      await using h = await start();
      await using secure = await startSecure(h.emulator);
      const { instance } = attach(h, secure);
      expect(warnings(h)).toBe(0);
      h.env.jump(expire);
      expectRefusal(await caught(get(instance, new URL(secure.proxy.url))));
      expect(warnings(h)).toBe(1);
      expectUnspent(h, secure);
    });
  },
);

(reads ? test : () => {})(
  'an aging token is used until it expires, and the refusal in the background harms no call',
  async () => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    const { instance, procore } = attach(h, secure, readable);
    await procore.getAccessToken();
    h.env.jump(5_400_000 - 60_000);
    expect((await instance.get(me)).status).toBe(200);
    await procore.idle();
    expectUnspent(h, secure);
    instance.defaults.httpsAgent = trusting();
    vi.stubEnv('HTTPS_PROXY', undefined);
    h.env.jump(400_000);
    expect((await instance.get(me)).status).toBe(200);
    expect(h.emulator.counters.exchanges).toBe(1);
  },
);

(reads ? test : () => {})(
  'neither an authorization code, nor a revocation, nor client credentials are shown to a proxy',
  async () => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    const { procore } = attach(h, secure);
    const redirectUri = 'https://app.example.com/callback';
    const code = 'a-code-of-the-browser';
    expectRefusal(await caught(procore.exchangeCode({ code, redirectUri })));
    expectRefusal(await caught(procore.revoke()));
    const other = attach(h, secure, {}, { grant: 'client_credentials', account: 'service' });
    expectRefusal(await caught(other.instance.get(me)));
    expect(secure.proxy.bytes()).not.toContain(code);
    expectUnspent(h, secure);
  },
);

const form = { 'Content-Type': 'application/x-www-form-urlencoded' };

(reads ? describe : () => {})("the application's own token request, taken over, is refused, too:", () => {
  test.each<[string, (h: Harness) => Record<string, string>]>([
    [
      'with the token that is held here',
      (h) => ({ grant_type: 'refresh_token', refresh_token: h.store.sets.get('default')!.refresh_token! }),
    ],
    [
      'with one that nobody here knows',
      (h) => ({ grant_type: 'refresh_token', refresh_token: h.emulator.issue().refresh_token! }),
    ],
    [
      'with an authorization code',
      () => ({ grant_type: 'authorization_code', code: 'a-code', redirect_uri: 'https://app.example.com/' }),
    ],
  ])('%s', async (_what, grantOf) => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    const { instance } = attach(h, secure, {}, { legacy: { takeOverRefresh: true } });
    h.env.jump(expire);
    const body = new URLSearchParams({
      ...grantOf(h),
      client_id: h.emulator.clientId,
      client_secret: clientSecret,
    });
    const url = `${secure.environment.loginUrl}/oauth/token`;
    expectRefusal(await caught(instance.post(url, body.toString(), { headers: form })));
    expectUnspent(h, secure);
  });
});

(onFetch ? () => {} : describe)('quiet, and renewed directly or through the tunnel:', () => {
  test.each<[string, (secure: SecureStage) => CreateAxiosDefaults, tunnelled: boolean]>([
    ['without a proxy', () => ({}), false],
    ['with proxy: false', () => ({ proxy: false }), false],
    ['with NO_PROXY for these hosts', () => (vi.stubEnv('NO_PROXY', '127.0.0.1,localhost'), {}), false],
    ['with NO_PROXY=*', () => (vi.stubEnv('no_proxy', '*'), {}), false],
    [
      'with an agent that makes a tunnel, and proxy: false',
      ({ proxy }) => ({ proxy: false, httpsAgent: tunnelling(proxy) }),
      true,
    ],
  ])('%s', async (what, defaultsOf, tunnelled) => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    const { refresh_token } = h.store.sets.get('default')!;
    if (what !== 'without a proxy') vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    const { instance } = attach(h, secure, defaultsOf(secure));
    h.env.jump(expire);
    expect((await instance.get(me)).status).toBe(200);
    expect(warnings(h)).toBe(0);
    expect(h.emulator.counters.exchanges).toBe(1);
    const made = secure.proxy.lines.map((line) => line.split(' ')[0]);
    expect(made.every((method) => method === 'CONNECT')).toBe(true);
    expect(made.length > 0).toBe(tunnelled);
    for (const secret of [clientSecret, refresh_token!]) expect(secure.proxy.bytes()).not.toContain(secret);
  });

  test('a token request is not sent where proxy: false is missing beside the agent, because such an axios does not ask the agent', async () => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    attach(h, secure, { httpsAgent: tunnelling(secure.proxy) });
    expect(warnings(h)).toBe(reads ? 1 : 0);
  });
});

describe('quiet,', () => {
  test('where Procore is an emulator on http, whatever the proxy', async () => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    vi.stubEnv('HTTP_PROXY', secure.proxy.url);
    attachTo(h, axios.create({ baseURL: h.emulator.url }));
    expect(warnings(h)).toBe(0);
  });

  (onFetch ? test : () => {})('where the fetch adapter sends, which asks none of these proxies', async () => {
    await using h = await start();
    await using secure = await startSecure(h.emulator);
    vi.stubEnv('HTTPS_PROXY', secure.proxy.url);
    attach(h, secure, { proxy: { host: '127.0.0.1', port: secure.proxy.port } });
    expect(warnings(h)).toBe(0);
  });
});
