import axios, { type AxiosAdapter, type AxiosRequestConfig } from 'axios';
import axiosOldest from 'axios-0.21';
import axiosOld from 'axios-0.27';
import axiosRevived from 'axios-0.35';
import axiosMiddle from 'axios-1.6';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { startEmulator } from '../../../src/emulator/index.js';
import {
  connectionFailureOf,
  transportFailureOf,
  type ConnectionFailure,
} from '../../../src/failure/transport.js';

interface Fields {
  code?: string;
  syscall?: string;
  cause?: unknown;
  errors?: unknown;
}
const failed = (fields: Fields, message = '') => Object.assign(new Error(message), fields);
/** As axios 1.x makes it: with the code of the socket's error, without its syscall. */
const wrapped = (cause: Error & Fields) =>
  failed({ code: cause.code ?? 'ERR_NETWORK', cause }, cause.message);

/** Every error as it is, and as axios and fetch hand it on. */
function both(fields: Fields, message?: string): [string, unknown][] {
  const raw = failed(fields, message);
  return [
    ['raw', raw],
    ['from axios', wrapped(raw)],
    ['from fetch', failed({ code: 'ERR_NETWORK', cause: failed({ cause: raw }, 'fetch failed') })],
  ];
}

describe('nothing was sent', () => {
  test.each(
    [
      ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL', 'UND_ERR_CONNECT_TIMEOUT'].map(
        (code) => ({
          code,
        }),
      ),
      ...[
        'ECONNREFUSED',
        'EHOSTUNREACH',
        'ENETUNREACH',
        'EHOSTDOWN',
        'ENETDOWN',
        'ETIMEDOUT',
        'ECONNRESET',
        'EACCES',
        'EPERM',
      ].map((code) => ({ code, syscall: 'connect' })),
      { code: 'EAI_FAIL', syscall: 'getaddrinfo' },
      { code: 'ENODATA', syscall: 'queryA' },
      { code: 'EADDRNOTAVAIL', syscall: 'bind' },
    ].flatMap((fields) => both(fields).map(([how, error]) => [JSON.stringify(fields), how, error] as const)),
  )('while connecting: %s (%s)', (_fields, _how, error) => {
    expect(transportFailureOf(error)).toBe('not-sent');
  });

  test.each(
    [
      'CERT_HAS_EXPIRED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'HOSTNAME_MISMATCH',
      'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      'ERR_SSL_UNSUPPORTED_PROTOCOL',
      'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE',
      'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
      'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
      'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      'ERR_INVALID_PROTOCOL',
    ].flatMap((code) => both({ code }).map(([how, error]) => [code, how, error] as const)),
  )('while setting up TLS: %s (%s)', (_code, _how, error) => {
    expect(transportFailureOf(error)).toBe('not-sent');
  });

  test.each(
    [
      'write EPROTO 80CC:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps',
      'write EPROTO 80AC:error:0A00042E:SSL routines:ssl3_read_bytes:tlsv1 alert protocol version:../deps',
      'write EPROTO 139:error:14094410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../deps',
    ].flatMap((message) => both({ code: 'EPROTO', syscall: 'write' }, message)),
  )('while setting up TLS, with the request waiting (%s)', (_how, error) => {
    expect(transportFailureOf(error)).toBe('not-sent');
  });

  test.each([
    ...both({ code: 'ERR_PROXY_TUNNEL' }, 'Failed to establish tunnel to api.procore.com:443'),
    ...both({ code: 'UND_ERR_ABORTED' }, 'Proxy response (502) !== 200 when HTTP Tunneling'),
  ])('where a proxy has made no tunnel (%s)', (_how, error) => {
    expect(transportFailureOf(error)).toBe('not-sent');
  });

  test('where the request has had no socket, whatever the error calls itself', () => {
    const request = { reusedSocket: false, outputData: [], socket: null };
    for (const code of [undefined, 'ECONNRESET', 'ETIMEDOUT', 'ECONNABORTED', 'EPROXY'])
      expect(connectionFailureOf(Object.assign(new Error('no'), { code, request }))).toBe('not-sent');
  });

  test('to any of the addresses of a host', () => {
    const refused = failed({ code: 'ECONNREFUSED', syscall: 'connect' });
    const slow = failed({ code: 'ETIMEDOUT', syscall: 'connect' });
    for (const errors of [[refused], [refused, slow], [slow, refused], [slow, slow]]) {
      const all = Object.assign(new AggregateError(errors), { code: errors[0]!.code! });
      expect(transportFailureOf(all)).toBe('not-sent');
      expect(transportFailureOf(wrapped(all))).toBe('not-sent');
    }
  });
});

describe('something may have arrived', () => {
  test.each(
    [
      ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'ERR_BAD_RESPONSE', 'UND_ERR_SOCKET'].map(
        (code) => ({
          code,
        }),
      ),
      ...['UND_ERR_HEADERS_TIMEOUT', 'ERR_CANCELED', 'ERR_STREAM_PREMATURE_CLOSE'].map((code) => ({ code })),
      ...[
        'ETIMEDOUT',
        'EHOSTUNREACH',
        'ENETUNREACH',
        'ENETDOWN',
        'EHOSTDOWN',
        'ECONNREFUSED',
        'ECONNRESET',
      ].flatMap((code) => ['read', 'write'].map((syscall) => ({ code, syscall }))),
      // These say nothing of the moment.
      ...['EHOSTUNREACH', 'ENETUNREACH', 'ENETDOWN'].map((code) => ({ code })),
      ...[
        'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
        'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC',
        'ERR_SSL_UNEXPECTED_EOF_WHILE_READING',
        'ERR_SSL_PROTOCOL_IS_SHUTDOWN',
        'ERR_SSL_WRONG_VERSION_NUMBER',
        'ERR_SSL_INTERNAL_ERROR',
      ].map((code) => ({ code })),
      { code: 'EPROTO', syscall: 'write' },
      { code: 'EPROTO', syscall: 'read' },
    ].flatMap((fields) => both(fields).map(([how, error]) => [JSON.stringify(fields), how, error] as const)),
  )('%s (%s)', (_fields, _how, error) => {
    expect(transportFailureOf(error)).toBe('lost');
  });

  test('to one of several addresses', () => {
    const errors = [failed({ code: 'ECONNREFUSED', syscall: 'connect' }), failed({ code: 'ECONNRESET' })];
    const all = Object.assign(new AggregateError(errors), { code: 'ECONNREFUSED' });
    expect(transportFailureOf(wrapped(all))).toBe('lost');
  });

  test.each([
    undefined,
    null,
    'ECONNREFUSED',
    5,
    {},
    [],
    new Error('ECONNREFUSED'),
    { code: 5 },
    { errors: [] },
  ])('where nothing is told: %o', (error) => {
    expect(transportFailureOf(error)).toBe('lost');
  });

  test('where the causes of the errors are circular', () => {
    const circle: { cause?: unknown; errors?: unknown; code: string } = { code: 'ECONNRESET' };
    circle.cause = circle;
    circle.errors = [circle, circle];
    expect(transportFailureOf(circle)).toBe('lost');
  });
});

describe('a real socket', () => {
  async function errorOf(server: Server, scheme: string, adapter: 'http' | 'fetch'): Promise<unknown> {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await axios.post(`${scheme}://127.0.0.1:${port}/`, 'a=b', { adapter, proxy: false });
      throw new Error('it answered');
    } catch (error) {
      return error;
    } finally {
      server.close();
    }
  }

  test.each(['http', 'fetch'] as const)('closed during the TLS handshake: not sent (%s)', async (adapter) => {
    const server = createServer((socket) => void socket.once('data', () => socket.destroy()));
    expect(transportFailureOf(await errorOf(server, 'https', adapter))).toBe('not-sent');
  });

  test.each(['http', 'fetch'] as const)('closed after the request: perhaps arrived (%s)', async (adapter) => {
    const server = createServer((socket) => void socket.once('data', () => socket.destroy()));
    expect(transportFailureOf(await errorOf(server, 'http', adapter))).toBe('lost');
  });

  test('that does not speak TLS: not sent', async () => {
    const error = await errorOf(createHttpServer(), 'https', 'http');
    expect(transportFailureOf(error)).toBe('not-sent');
  });
});

/** An error as axios hands it on: the outermost first. */
const chain = (...links: (Fields & { message?: string; name?: string })[]): unknown =>
  links.reduceRight<unknown>(
    (cause, { message, name, ...fields }) =>
      Object.assign(failed({ ...fields, ...(cause === undefined ? {} : { cause }) }, message), {
        ...(name === undefined ? {} : { name }),
      }),
    undefined,
  );

describe('the connection has failed a call', () => {
  test.each<[ConnectionFailure, string, unknown]>([
    [
      'not-sent',
      'no connection',
      chain({ code: 'ECONNREFUSED' }, { code: 'ECONNREFUSED', syscall: 'connect' }),
    ],
    [
      'not-sent',
      'no connection, fetch',
      chain({ code: 'ERR_NETWORK' }, { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
    ],
    [
      'not-sent',
      'no connection in time',
      chain({ code: 'ETIMEDOUT' }, { code: 'ETIMEDOUT', syscall: 'connect' }),
    ],
    [
      'not-sent',
      'no connection in time, undici',
      chain({ code: 'ERR_NETWORK' }, { code: 'UND_ERR_CONNECT_TIMEOUT' }),
    ],

    ['timeout', 'axios', chain({ code: 'ECONNABORTED', message: 'timeout of 150ms exceeded' })],
    [
      'timeout',
      'axios, in the words of the application',
      chain({ code: 'ECONNABORTED', message: 'too slow' }),
    ],
    ['timeout', 'axios, clarified', chain({ code: 'ETIMEDOUT', message: 'timeout of 150ms exceeded' })],
    [
      'timeout',
      'axios, whatever fetch said then',
      chain({ code: 'ETIMEDOUT' }, { message: 'terminated' }, { code: 'UND_ERR_SOCKET' }),
    ],
    ['timeout', 'of the socket', chain({ code: 'ETIMEDOUT' }, { code: 'ETIMEDOUT', syscall: 'read' })],
    [
      'timeout',
      'of undici, before the headers',
      chain({ code: 'ERR_NETWORK' }, { code: 'UND_ERR_HEADERS_TIMEOUT' }),
    ],
    ['timeout', 'of undici, in the body', chain({ message: 'terminated' }, { code: 'UND_ERR_BODY_TIMEOUT' })],
    [
      'timeout',
      'of a signal',
      chain({ name: 'TimeoutError', message: 'The operation was aborted due to timeout' }),
    ],

    ['lost', 'closed', chain({ code: 'ECONNRESET', message: 'socket hang up' })],
    [
      'lost',
      'closed, fetch',
      chain({ code: 'ERR_NETWORK', message: 'Network Error' }, { code: 'UND_ERR_SOCKET' }),
    ],
    ['lost', 'reset', chain({ code: 'ECONNRESET' }, { code: 'ECONNRESET', syscall: 'read' })],
    ['lost', 'cut', chain({ code: 'ERR_BAD_RESPONSE', message: 'stream has been aborted' })],
    ['lost', 'cut, axios 0.30 and 0.35', chain({ code: 'ECONNABORTED', message: 'response stream aborted' })],
    [
      'lost',
      'cut, axios 0.27 and 1.6',
      chain({ code: 'ERR_BAD_RESPONSE', message: 'maxContentLength size of -1 exceeded' }),
    ],
    [
      'lost',
      'cut, with no limit but Infinity',
      chain({ code: 'ERR_BAD_RESPONSE', message: 'maxContentLength size of Infinity exceeded' }),
    ],
    [
      'lost',
      'cut, compressed',
      chain({ code: 'ECONNRESET', message: 'aborted' }, { code: 'ECONNRESET', message: 'aborted' }),
    ],
    [
      'lost',
      'cut, fetch',
      chain(
        { message: 'terminated' },
        { message: 'terminated' },
        { code: 'UND_ERR_SOCKET', message: 'other side closed' },
      ),
    ],
    ['lost', 'short, compressed', chain({ code: 'Z_BUF_ERROR', message: 'unexpected end of file' })],
    ['lost', 'damaged, compressed', chain({ code: 'Z_DATA_ERROR' })],
    ['lost', 'no HTTP', chain({ code: 'HPE_INVALID_CONSTANT' })],
    ['lost', 'no HTTP, fetch', chain({ code: 'ERR_NETWORK' }, { code: 'HPE_INVALID_CHUNK_SIZE' })],
    ['lost', 'an aborted XMLHttpRequest', chain({ code: 'ECONNABORTED', message: 'Request aborted' })],
    [
      'lost',
      'an aborted socket',
      chain({ code: 'ECONNABORTED', message: 'read ECONNABORTED', syscall: 'read' }),
    ],
    ['lost', 'no more', chain({ code: 'ERR_NETWORK', message: 'Network Error' })],
    ['lost', 'no more, a mock', chain({ message: 'Network Error' }, { message: 'Network Error' })],
    [
      'lost',
      'no more, Chromium',
      chain({ code: 'ERR_NETWORK' }, { name: 'TypeError', message: 'Failed to fetch' }),
    ],
    [
      'lost',
      'no more, Gecko',
      chain({ code: 'ERR_NETWORK' }, { message: 'NetworkError when attempting to fetch resource.' }),
    ],
    ...[
      'EPIPE',
      'EHOSTUNREACH',
      'ENETUNREACH',
      'ENETDOWN',
      'EPROTO',
      'ERR_STREAM_PREMATURE_CLOSE',
      'ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC',
      'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
      'ERR_HTTP2_STREAM_ERROR',
      'ERR_HTTP2_GOAWAY_SESSION',
    ].map((code) => ['lost', code, chain({ code })] as ['lost', string, unknown]),
    ...['terminated', 'other side closed', 'socket hang up', 'premature close', 'aborted'].map(
      (message) => ['lost', message, chain({ message })] as ['lost', string, unknown],
    ),
  ])('%s: %s', (failure, _what, error) => {
    expect(connectionFailureOf(error)).toBe(failure);
  });
});

describe('the connection is not to blame', () => {
  const limit = 'maxContentLength size of 100 exceeded';
  test.each<[string, unknown]>([
    ['a limit of axios', chain({ code: 'ERR_BAD_RESPONSE', message: limit })],
    ['a limit of 0', chain({ code: 'ERR_BAD_RESPONSE', message: 'maxContentLength size of 0 exceeded' })],
    [
      'a body over the limit',
      chain({ code: 'ERR_BAD_REQUEST', message: 'Request body larger than maxBodyLength limit' }),
    ],
    ['a body over the limit, streamed', chain({ code: 'ERR_FR_MAX_BODY_LENGTH_EXCEEDED' })],
    ['a status', chain({ code: 'ERR_BAD_RESPONSE', message: 'Request failed with status code 500' })],
    ['a status of 4xx', chain({ code: 'ERR_BAD_REQUEST', message: 'Request failed with status code 404' })],
    [
      'an answer that is no JSON',
      chain({ code: 'ERR_BAD_RESPONSE', message: 'Unexpected end of JSON input' }, { name: 'SyntaxError' }),
    ],
    ['redirects', chain({ code: 'ERR_FR_TOO_MANY_REDIRECTS' }, { code: 'ERR_FR_TOO_MANY_REDIRECTS' })],
    [
      'redirects, fetch',
      chain({ code: 'ERR_NETWORK', message: 'Network Error' }, { message: 'redirect count exceeded' }),
    ],
    [
      'a redirect that leads nowhere',
      chain({ code: 'ERR_FR_REDIRECTION_FAILURE' }, { code: 'ERR_INVALID_URL' }),
    ],
    ['a redirect that leads nowhere, fetch', chain({ code: 'ERR_NETWORK' }, { code: 'ERR_INVALID_URL' })],
    ['an invalid URL', chain({ code: 'ERR_INVALID_URL', name: 'TypeError' })],
    ['another scheme', chain({ code: 'ERR_BAD_REQUEST', message: 'Unsupported protocol ftp:' })],
    ['another scheme, fetch', chain({ code: 'ERR_NETWORK' }, { message: 'unknown scheme' })],
    ['an invalid header', chain({ code: 'ERR_INVALID_CHAR' })],
    ['an invalid path', chain({ code: 'ERR_UNESCAPED_CHARACTERS' })],
    ['an invalid option', chain({ code: 'ERR_BAD_OPTION_VALUE' })],
    ['an invalid header, HTTP/2', chain({ code: 'ERR_HTTP2_INVALID_HEADER_VALUE' })],
    ['a body that failed', chain({ message: 'disk broke' }, { message: 'disk broke' })],
    ['a body that failed, fetch', chain({ code: 'ERR_NETWORK' }, { message: 'disk broke' })],
    [
      'a body that is not there',
      chain({ code: 'ENOENT', syscall: 'open' }, { code: 'ENOENT', syscall: 'open' }),
    ],
    ['a cancellation', chain({ code: 'ERR_CANCELED', name: 'CanceledError', message: 'canceled' })],
    ['an exception', new TypeError("Cannot read properties of undefined (reading 'x')")],
    ['an exception that speaks of time', new Error('timeout')],
    ['a code that is a number', chain({ code: 104 as never })],
  ])('%s', (_what, error) => {
    expect(connectionFailureOf(error)).toBeUndefined();
  });

  test.each([undefined, null, 'ECONNRESET', 5, {}, [], new Error('ECONNRESET'), { errors: [] }, () => 5])(
    'where nothing is told: %o',
    (error) => {
      expect(connectionFailureOf(error)).toBeUndefined();
    },
  );

  test('where reading the error throws, or its causes are circular', () => {
    const throwing = {
      get code(): string {
        throw new Error('no');
      },
    };
    const circle: { cause?: unknown } = {};
    circle.cause = circle;
    expect([connectionFailureOf(throwing), connectionFailureOf(circle)]).toEqual([undefined, undefined]);
  });
});

describe('a server that misbehaves', () => {
  type Send = (config: AxiosRequestConfig) => Promise<unknown>;
  const senders: [string, Send][] = [
    ['axios, http', (config) => axios.request({ ...config, adapter: 'http' })],
    ['axios, fetch', (config) => axios.request({ ...config, adapter: 'fetch' })],
    ['axios 1.6', (config) => (axiosMiddle as unknown as { request: Send }).request(config)],
    ['axios 0.35', (config) => (axiosRevived as unknown as { request: Send }).request(config)],
    ['axios 0.27', (config) => (axiosOld as unknown as { request: Send }).request(config)],
    ['axios 0.21', (config) => (axiosOldest as unknown as { request: Send }).request(config)],
  ];
  const failure = (send: Send, config: AxiosRequestConfig) =>
    send({ proxy: false, ...config }).then(
      () => 'it answered',
      (error: unknown) => connectionFailureOf(error),
    );

  test.each(
    senders.flatMap(([who, send]) =>
      (['json', 'arraybuffer'] as const).flatMap((responseType) => [
        [who, responseType, 'drop', 'lost', send] as const,
        [who, responseType, 'cut', 'lost', send] as const,
        [who, responseType, 'hang', 'timeout', send] as const,
      ]),
    ),
  )('%s, %s: %s is %s', async (_who, responseType, kind, expected, send) => {
    const emulator = await startEmulator();
    try {
      emulator.misbehave({ on: 'api', do: { kind } });
      const config = {
        url: `${emulator.url}/rest/v1.0/me`,
        responseType,
        timeout: kind === 'hang' ? 100 : 0,
      };
      expect(await failure(send, config)).toBe(expected);
    } finally {
      await emulator.close();
    }
  });

  test.each(senders)('%s: a refused connection is not sent', async (_who, send) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(send, { url: `http://127.0.0.1:${port}/` })).toBe('not-sent');
  });

  test.each(senders)('%s: its own limits are no failure of the connection', async (_who, send) => {
    const emulator = await startEmulator();
    try {
      const url = `${emulator.url}/rest/v1.0/emulator/errors/bad-gateway`;
      expect(await failure(send, { url, maxContentLength: 10 })).toBeUndefined();
      expect(await failure(send, { url })).toBeUndefined();
      emulator.misbehave({ on: 'api', times: Infinity, do: { kind: 'redirect', location: '/rest/v1.0/me' } });
      expect(await failure(send, { url })).toBeUndefined();
    } finally {
      await emulator.close();
    }
  });

  test('an exception of an adapter is no failure of the connection', async () => {
    const adapter: AxiosAdapter = () => Promise.reject(new TypeError('a mistake'));
    expect(await failure((config) => axios.request(config), { url: '/', adapter })).toBeUndefined();
  });
});
