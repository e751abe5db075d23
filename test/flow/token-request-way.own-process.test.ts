import axios from 'axios';
import { HttpsProxyAgent } from 'https-proxy-agent';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { startProxy } from '../support/proxies.js';
import { below, onFetch } from '../support/versions.js';

const me = '/rest/v1.0/me';
const expire = 5_401_000;

/** Where a name leads to this machine, and who asked. */
function lookupTo() {
  const asked: string[] = [];
  const lookup = (host: string, options: { all?: boolean }, done: (...answer: unknown[]) => void) => {
    asked.push(host);
    if (options.all) done(null, [{ address: '127.0.0.1', family: 4 }]);
    else done(null, '127.0.0.1', 4);
  };
  return { asked, lookup };
}

// The fetch adapter has neither agents nor `lookup`.
(onFetch ? () => {} : describe)('the token request goes the way of', () => {
  test.each<[string, (h: Awaited<ReturnType<typeof createHarness>>) => void]>([
    ['a call with an expired token', (h) => h.env.jump(expire)],
    ['a call that was refused', (h) => h.emulator.revoke()],
    ['a call whose token is aging, in the background', (h) => h.env.jump(5_400_000 - 60_000)],
  ])('%s, whose agent an interceptor has set', async (_what, prepare) => {
    await using proxy = await startProxy('tunnels');
    await using h = await createHarness();
    const agent = new HttpsProxyAgent(proxy.url);
    h.instance.interceptors.request.use((config) => ((config.httpAgent = agent), config));
    // Loads the tokens.
    await h.procore.getAccessToken();
    prepare(h);
    await h.env.drive(h.instance.get(me));
    await h.env.drive(h.procore.idle());
    expect(h.emulator.counters.tokenRequests).toBe(1);
    const { host } = new URL(h.emulator.environment.loginUrl);
    expect(proxy.heads.filter((head) => head.startsWith(`CONNECT ${host}`)).length).toBe(
      h.emulator.counters.requests,
    );
  });

  test('the call that set it off, though another one joins it by another way', async () => {
    await using proxy = await startProxy('tunnels');
    await using h = await createHarness();
    h.env.jump(expire);
    const first = h.instance.get(me, { httpAgent: new HttpsProxyAgent(proxy.url) });
    const second = h.instance.get(me);
    await h.env.drive(Promise.all([first, second]));
    // The token request and the first call.
    expect(proxy.heads).toHaveLength(2);
  });

  test('the instance before that of a call', async () => {
    await using own = await startProxy('tunnels');
    await using ofCall = await startProxy('tunnels');
    await using h = await createHarness();
    const { instance } = h.attach({}, { httpAgent: new HttpsProxyAgent(own.url) });
    h.env.jump(expire);
    await h.env.drive(instance.get(me, { httpAgent: new HttpsProxyAgent(ofCall.url) }));
    expect([own.heads.length, ofCall.heads.length]).toEqual([1, 1]);
  });

  test('the last call whose token request was answered, where it is for no call', async () => {
    await using proxy = await startProxy('tunnels');
    await using h = await createHarness();
    h.env.jump(expire);
    await h.env.drive(h.instance.get(me, { httpAgent: new HttpsProxyAgent(proxy.url) }));
    expect(proxy.heads).toHaveLength(2);
    await h.env.drive(h.procore.renew());
    expect(proxy.heads).toHaveLength(3);
  });

  // axios 1.0 does not find the proxy.
  (!below('1.0') && below('1.2') ? () => {} : test)('a call with `proxy`', async () => {
    await using h = await createHarness();
    const asked: string[] = [];
    await using proxy = await startProxy((socket, head) => {
      asked.push(head.split(' ')[1]!);
      socket.end('HTTP/1.1 503 Busy\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n');
    });
    const { instance } = h.attach({}, { proxy: undefined as never });
    h.env.jump(expire);
    // Without `protocol`: axios 0.30 wants it with a colon, others without.
    const config = { proxy: { host: '127.0.0.1', port: proxy.port } };
    await h.env.drive(caught(instance.get(me, config)));
    expect(asked).toEqual([`${h.emulator.environment.loginUrl}/oauth/token`]);
  });

  // Known to axios from 1.5 on.
  (below('1.5') ? () => {} : test)('a call with `lookup`', async () => {
    await using h = await createHarness();
    const { asked, lookup } = lookupTo();
    const { port } = new URL(h.emulator.environment.loginUrl);
    const environment = {
      loginUrl: `http://localhost:${port}`,
      apiUrl: h.emulator.environment.apiUrl,
    };
    const { instance } = h.attach({ environment });
    h.env.jump(expire);
    await h.env.drive(instance.get(me, { lookup: lookup as never }));
    expect(asked).toEqual(['localhost']);
    expect(h.emulator.counters.tokenRequests).toBe(1);
  });
});

/** What stands in front of an emulator and speaks nothing but HTTP/2. */
async function startHttp2(target: string) {
  const paths: string[] = [];
  const sessions = new Set<Http2Session>();
  const answer = async (request: Http2ServerRequest, response: Http2ServerResponse) => {
    paths.push(request.url);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.entries(request.headers).filter(([name]) =>
      /^(auth|content-t|procore)/.test(name),
    );
    const { method } = request;
    const emulated = await fetch(`${target}${request.url}`, {
      method,
      headers: Object.fromEntries(headers) as Record<string, string>,
      ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(emulated.status, { 'content-type': emulated.headers.get('content-type') ?? '' });
    response.end(await emulated.text());
  };
  const server = createServer((request, response) => void answer(request, response));
  server.on('session', (session) => void sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

// Known to the http adapter from 1.13 on.
(below('1.13') || onFetch ? () => {} : test)(
  'the token request goes by HTTP/2 where the call that has set it off does',
  async () => {
    await using h = await createHarness();
    await using front = await startHttp2(h.emulator.url);
    const environment = { loginUrl: front.url, apiUrl: front.url };
    const { instance } = h.attach({ environment }, { baseURL: front.url });
    h.env.jump(expire);
    const answer = await instance.get(me, { httpVersion: 2 } as object);
    expect(answer.status).toBe(200);
    expect(front.paths).toEqual(['/oauth/token', me]);
  },
);

(onFetch ? test : () => {})(
  'the token request goes by the dispatcher of the call that has set it off',
  async () => {
    await using h = await createHarness();
    const asked: string[] = [];
    const { [Symbol.for('undici.globalDispatcher.1')]: own } = globalThis as unknown as Record<
      symbol,
      { dispatch(options: { path: string }, handler: unknown): boolean }
    >;
    const dispatcher = {
      dispatch(options: { path: string }, handler: unknown) {
        asked.push(options.path);
        return own!.dispatch(options, handler);
      },
    };
    h.env.jump(expire);
    await h.instance.get(me, { fetchOptions: { dispatcher } } as object);
    expect(asked).toEqual(['/oauth/token', me]);
    await h.instance.get(me);
    expect(asked).toHaveLength(2);
  },
);

describe('the token request never passes', () => {
  const own = axios.defaults.adapter;
  afterEach(() => void (axios.defaults.adapter = own));

  test('an adapter of the application: in axios.defaults, on the instance, or in the list of it', async () => {
    await using h = await createHarness();
    const seen: unknown[] = [];
    const logging = (config: { url?: string }) => {
      seen.push(config.url);
      return Promise.resolve({ data: {}, status: 200, statusText: '', headers: {}, config });
    };
    axios.defaults.adapter = logging as never;
    h.instance.defaults.adapter = logging as never;
    await h.procore.renew();
    if (!below('1.2')) h.instance.defaults.adapter = [logging, 'http'] as never;
    await h.procore.renew();
    expect(h.emulator.counters.tokenRequests).toBe(2);
    expect(seen).toEqual([]);
  });

  test('a mock without a word: that it has no route is told, without a secret', async () => {
    await using h = await createHarness({ emulator: { clientSecret: 'c0ffee00c0ffee11c0ffee22c0ffee33' } });
    // Not imported above: it would take the place of the sockets of all these tests.
    const { default: nock } = await import('nock');
    if (!nock.isActive()) nock.activate();
    nock.disableNetConnect();
    const { loginUrl } = h.emulator.environment;
    nock(loginUrl).get('/elsewhere').reply(200);
    const { refresh_token } = h.store.sets.get('default')!;
    const error = await h.env.drive(caught(h.procore.renew()));
    nock.cleanAll();
    nock.restore();
    expect(error).toMatchObject({ code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED' });
    expect((error.cause as Error).message).toMatch(/Nock: (No match for request|Disallowed net connect)/);
    expect((error.cause as Error).message).toContain('/oauth/token');
    const shown =
      inspect(error, { depth: 20, showHidden: true }) + inspect(error.cause, { showHidden: true });
    for (const secret of [refresh_token!, h.emulator.clientSecret]) expect(shown).not.toContain(secret);
  });

  (onFetch ? () => {} : test)(
    'for ever: a proxy that never answers leaves the refresh token unspent',
    async () => {
      await using proxy = await startProxy(() => {});
      await using h = await createHarness({ options: { renewal: { answerTimeoutMs: 20_000 } } });
      const agent = new HttpsProxyAgent(proxy.url);
      const { instance, procore } = h.attach({}, { httpAgent: agent });
      h.emulator.revokeGrant(h.store.sets.get('default')!.refresh_token!);
      const renewed = caught(procore.renew());
      await h.env.drive(proxy.seen(2));
      instance.defaults.httpAgent = undefined;
      const error = await h.env.drive(renewed);
      // Before 0.30 an adapter that is given up says nothing of its request.
      const reason = !below('0.30') ? 'refresh-token-invalid' : 'refresh-response-lost';
      expect(error).toMatchObject({ reason });
    },
  );
});
