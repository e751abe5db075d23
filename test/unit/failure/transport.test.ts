import axios from 'axios';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { createServer as createHttpServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { transportFailureOf } from '../../../src/failure/transport.js';

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

  test('where the errors bite their tail', () => {
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
