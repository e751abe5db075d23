import { AxiosHeaders } from 'axios';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { refusalReason } from '../../../src/failure/challenge.js';
import { readAnswer } from '../../../src/wire/answer.js';

const reasonIn = (headers: unknown, body: unknown) =>
  refusalReason(readAnswer(401, headers as object).challenge, body);

const challenge = (value: unknown) => ({ 'www-authenticate': value });

describe('the challenge of a 401', () => {
  test.each([
    'Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token expired"',
    'Bearer realm="Doorkeeper", error="invalid_token", error_description="The access token was revoked"',
    'Bearer error="invalid_token"',
    'Bearer error=invalid_token',
    'bearer ERROR="INVALID_TOKEN"',
    'Bearer error = "invalid_token"',
    'Bearer realm="x", error_description="The access token is invalid"',
    'Basic realm="x", Bearer error="invalid_token"',
  ])('speaks of the token: %s', (value) => {
    expect(reasonIn(challenge(value), '')).toBe('token');
    expect(reasonIn(challenge(value), '<html>401</html>')).toBe('token');
  });

  test.each([
    'Bearer error="insufficient_scope"',
    'Bearer error="invalid_request", error_description="Missing header"',
    'Bearer error="unauthorized"',
  ])('speaks of something else: %s', (value) => {
    expect(reasonIn(challenge(value), '')).toBe('other');
  });

  test.each(['Bearer', 'Bearer realm="Procore"', 'Basic realm="x"', '', undefined, null])(
    'says nothing: %s',
    (value) => {
      expect(reasonIn(challenge(value), '')).toBe('none');
    },
  );

  test.each<[string, unknown]>([
    ['headers of axios', new AxiosHeaders({ 'WWW-Authenticate': 'Bearer error="invalid_token"' })],
    ['plain headers', { 'WWW-Authenticate': 'Bearer error="invalid_token"' }],
    ['lower case', challenge('Bearer error="invalid_token"')],
    ['upper case', { 'WWW-AUTHENTICATE': 'Bearer error="invalid_token"' }],
    ['a list', challenge(['Basic realm="x"', 'Bearer error="invalid_token"'])],
  ])('is found in %s', (_what, headers) => {
    expect(reasonIn(headers, undefined)).toBe('token');
  });

  test.each([undefined, null, 'www-authenticate: Bearer error="invalid_token"', 5, []])(
    'is missing in %o',
    (headers) => {
      expect(reasonIn(headers, '')).toBe('none');
    },
  );

  test('weighs more than a body that says something else', () => {
    const body = '{"message":"You may not see this project"}';
    expect(reasonIn(challenge('Bearer error="invalid_token"'), body)).toBe('token');
  });
});

/** One body in everything that an adapter may answer with. */
function forms(text: string): [string, unknown][] {
  const buffer = Buffer.from(text);
  const bytes = new Uint8Array(buffer);
  const shifted = new Uint8Array(Buffer.from(`xx${text}`)).subarray(2);
  const all: [string, unknown][] = [
    ['string', text],
    ['Buffer', buffer],
    ['ArrayBuffer', bytes.buffer],
    ['Uint8Array', bytes],
    ['view with an offset', shifted],
    ['DataView', new DataView(bytes.buffer)],
  ];
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object') all.push(['object', parsed]);
  } catch {
    // Not JSON.
  }
  return all;
}

describe('the body of a 401', () => {
  test.each(
    [
      '{"errors":"The access token is invalid"}',
      '{"errors":["The access token expired"]}',
      '{"error":"invalid_token","error_description":"…"}',
      '{"error":{"code":"UNAUTHORIZED","message":"Unauthorized","details":[{"reason_code":"INVALID_TOKEN","message":"x"}]}}',
      '{"message":"Token has expired"}',
      '{"message":"Token expired"}',
      '{"message":"Expired token"}',
      '{"code":"token_expired"}',
      '{"message":"Invalid access token"}',
      'The access token was revoked',
      '<html><body>The access token expired</body></html>',
    ].flatMap((text) => forms(text).map(([form, body]) => [text, form, body] as const)),
  )('speaks of the token: %s (%s)', (_text, _form, body) => {
    expect(reasonIn({}, body)).toBe('token');
  });

  test.each(
    [
      '{"message":"You are not a member of this company"}',
      '{"errors":"Missing Procore-Company-Id header!"}',
      '{"error":"invalid_client"}',
      'Your password has expired',
    ].flatMap((text) => forms(text).map(([form, body]) => [text, form, body] as const)),
  )('speaks of something else: %s (%s)', (_text, _form, body) => {
    expect(reasonIn({}, body)).toBe('other');
  });

  test.each(
    [
      '',
      '   ',
      '{}',
      'Unauthorized',
      'Unauthorized.\n',
      '401 Unauthorized',
      'HTTP 401: not authorized',
      '"Unauthorized"',
      '{"message":"Unauthorized"}',
      '{"error":"Unauthorized"}',
      '{"errors":["Unauthorized"]}',
      '{"status":401,"error":"Unauthorized"}',
      '{"statusCode":401,"error":"Unauthorized","message":"Unauthorized"}',
      '{"error":{"code":"UNAUTHORIZED","message":"Unauthorized","details":[]}}',
      '{"type":"about:blank","title":"Unauthorized","status":401}',
      '{"success":false,"message":"Authentication required"}',
      '<html><title>401 Authorization Required</title><body>nginx</body></html>',
      '\ufeff  <!DOCTYPE html><p>Please come back later</p>',
    ].flatMap((text) => forms(text).map(([form, body]) => [text, form, body] as const)),
  )('says nothing: %s (%s)', (_text, _form, body) => {
    expect(reasonIn({}, body)).toBe('none');
  });

  test.each([undefined, null, 5, true, [], ['The access token expired'], new Date(), new Map()])(
    'is none in %o',
    (body) => {
      expect(reasonIn({}, body)).toBe('none');
    },
  );

  test('is left alone where it is a stream', () => {
    const stream = Readable.from(['{"errors":"The access token is invalid"}']);
    let reads = 0;
    const read = stream.read.bind(stream);
    stream.read = (size) => (reads++, read(size));
    expect(reasonIn({}, stream)).toBe('none');
    const web = new ReadableStream();
    expect(reasonIn({}, web)).toBe('none');
    expect([reads, stream.readableFlowing, stream.listenerCount('data'), web.locked]).toEqual([
      0,
      null,
      0,
      false,
    ]);
  });

  test('may be huge: only its beginning is read', () => {
    const said = '"errors":"The access token is invalid"';
    const trace = `"trace":"${'x '.repeat(4_000)}"`;
    const [first, last] = [`{${said},${trace}}`, `{${trace},${said}}`];
    for (const form of [(text: string) => text, (text: string) => Buffer.from(text)]) {
      expect(reasonIn({}, form(first))).toBe('token');
      // What is read is bounded, so the rest costs nothing, however much it is.
      expect(reasonIn({}, form(last))).toBe('other');
      expect(reasonIn({}, form(last.replace(/x /g, '')))).toBe('token');
    }
  });

  test('may be cut in the middle of a character', () => {
    expect(reasonIn({}, Buffer.from('é'.repeat(5_000)).subarray(1))).toBe('none');
  });

  test('may be an object that cannot be written', () => {
    const circular: Record<string, unknown> = { errors: 'The access token is invalid' };
    circular['self'] = circular;
    expect(reasonIn({}, circular)).toBe('none');
    expect(reasonIn({}, { n: 5n })).toBe('none');
    expect(reasonIn({}, { toJSON: () => undefined })).toBe('none');
  });
});
