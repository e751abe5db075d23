import http, { type ClientRequest } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import { wasNeverSent } from '../../../src/failure/never-sent.js';

/** TLS without certificates, so that none has to lie in the repository. */
const anonymous = { ciphers: 'aNULL:@SECLEVEL=0', maxVersion: 'TLSv1.2' } as const;
const closing: (() => unknown)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}
const tcp = (behave: (socket: Socket) => unknown) =>
  listening(createServer((socket) => void behave(socket.on('error', () => {}))));
/** Answers `/answer`; has any other request, and breaks the connection. */
const overTls = () =>
  listening(
    https.createServer({ ...anonymous, honorCipherOrder: true }, (request, response) => {
      request.resume();
      request.on('end', () => (request.url === '/answer' ? response.end('{}') : request.socket.destroy()));
    }),
  );

/** Not imported above: it would take the place of the sockets of all these tests. */
async function mocking() {
  const { default: nock } = await import('nock');
  if (!nock.isActive()) nock.activate();
  closing.push(() => nock.restore());
  return nock;
}

/** Makes a POST, and resolves with the request once it has failed or was answered. */
function over(options: RequestOptions, protocol: typeof http | typeof https = http): Promise<ClientRequest> {
  return new Promise((resolve) => {
    const request = protocol.request({ host: '127.0.0.1', method: 'POST', agent: false, ...options });
    request.on('error', () => resolve(request));
    request.on('response', (response) => response.resume().on('end', () => resolve(request)));
    request.end('a=1');
  });
}

class Failing extends http.Agent {
  constructor(private readonly fails: (callback: (error: Error) => void) => unknown) {
    super();
  }
  override createConnection(_options: unknown, callback?: unknown): never {
    this.fails(callback as (error: Error) => void);
    return undefined as never;
  }
}

/** Made without `tls.connect`: a socket that calls itself `secureConnecting` for ever. */
class ByHand extends https.Agent {
  override createConnection(options: { port?: number | string }, callback?: unknown): never {
    const raw = connect(Number(options.port), '127.0.0.1', () => {
      const secure = new tls.TLSSocket(raw, {
        ...{ isServer: false, rejectUnauthorized: false },
        secureContext: tls.createSecureContext(anonymous),
      });
      secure.once('secure', () => (callback as (error: null, socket: Socket) => void)(null, secure));
      (secure as unknown as { _start(): void })._start();
    });
    return undefined as never;
  }
}

describe('was never sent', () => {
  test.each<[string, () => Promise<ClientRequest>]>([
    ['where nobody listens', () => over({ port: 2 })],
    ['where nobody listens, over TLS', () => over({ port: 2 }, https)],
    [
      'where the name does not resolve',
      () => over({ host: 'nowhere', lookup: (_host, _options, done) => done(new Error('no'), '') }),
    ],
    [
      'where an agent fails with an error of its own',
      () => over({ agent: new Failing((callback) => setImmediate(callback, new Error('Host unreachable'))) }),
    ],
    [
      'where it is given up while the agent connects',
      async () => {
        const request = http.request({ agent: new Failing(() => undefined) });
        request.on('error', () => {}).end();
        return request.destroy();
      },
    ],
    [
      'where the connection breaks in the handshake',
      async () => over({ port: await tcp((socket) => socket.once('data', () => socket.destroy())) }, https),
    ],
    [
      'where the answer to the handshake is nonsense',
      async () => over({ port: await tcp((socket) => socket.end('hello\r\n')) }, https),
    ],
    [
      'where nobody goes on with the handshake',
      async () => {
        const port = await tcp((socket) => closing.push(() => socket.destroy()));
        const request = https.request({ host: '127.0.0.1', port, agent: false });
        const failed = new Promise((resolve) => request.on('error', resolve));
        request.on('socket', (socket) => socket.once('connect', () => request.destroy()));
        request.end();
        await failed;
        return request;
      },
    ],
    ['where the certificate is refused', async () => over({ port: await overTls(), ...anonymous }, https)],
    [
      'where the application refuses the certificate',
      async () =>
        over({ port: await overTls(), ...anonymous, checkServerIdentity: () => new Error('no') }, https),
    ],
  ])('%s', async (_where, make) => {
    const request = await make();
    expect(wasNeverSent(request)).toBe(true);
    expect(wasNeverSent({ _currentRequest: request, _redirectCount: 0 })).toBe(true);
  });

  test('a request behind a redirect does not count as never sent, because the call itself has run', async () => {
    const request = await over({ port: 2 });
    expect(wasNeverSent({ _currentRequest: request, _redirectCount: 1 })).toBe(false);
  });
});

describe('may have been sent', () => {
  const trusting = { ...anonymous, rejectUnauthorized: false, checkServerIdentity: () => undefined };
  const mocked = { host: 'api.procore.com', port: undefined, agent: undefined };

  test.each<[string, () => Promise<ClientRequest>]>([
    [
      'where the connection breaks',
      async () => over({ port: await tcp((socket) => socket.once('data', () => socket.destroy())) }),
    ],
    [
      'where the connection breaks, over TLS',
      async () => over({ port: await overTls(), ...trusting }, https),
    ],
    [
      'where the connection breaks, over TLS that an agent has made by hand',
      async () => over({ port: await overTls(), agent: new ByHand() }, https),
    ],
    [
      'where there is an answer',
      async () => over({ port: await overTls(), path: '/answer', ...trusting }, https),
    ],
    [
      'where a connection that was kept alive has died',
      async () => {
        const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
        closing.push(() => agent.destroy());
        const port = await tcp((socket) => {
          socket.once('data', () => {
            socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
            socket.once('data', () => socket.resetAndDestroy());
          });
        });
        await over({ port, agent });
        const second = await over({ port, agent });
        expect(second.reusedSocket).toBe(true);
        return second;
      },
    ],
    [
      'where a mock plays a lost answer',
      async () => {
        const nock = await mocking();
        nock('http://api.procore.com').post('/').replyWithError(new Error('socket hang up'));
        return over(mocked);
      },
    ],
    [
      'where a mock plays an answer',
      async () => {
        const nock = await mocking();
        nock('https://api.procore.com').post('/').reply(502);
        return over(mocked, https);
      },
    ],
  ])('%s', async (_where, make) => {
    expect(wasNeverSent(await make())).toBe(false);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'request'],
    ['a request of fetch', new Request('http://127.0.0.1/')],
    ['an XMLHttpRequest', { readyState: 4, status: 0 }],
    ['a stream of HTTP/2', { session: {}, socket: undefined }],
    ['a request of another library', { reusedSocket: false, socket: null }],
  ])('where the request is %s', (_what, request) => {
    expect(wasNeverSent(request)).toBe(false);
  });
});
