import { describe, expect, test } from 'vitest';
import type { SupportReport, SupportReportOptions } from '../../../src/report/fields.js';
import { reportOf } from '../../../src/report/report.js';

const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
const report = (error: unknown, options: SupportReportOptions = {}) =>
  reportOf(error, undefined, options, nowMs);

/** An error as axios rejects with it. */
function failedCall(config: object, response: object | null = answered()): Error {
  return Object.assign(new Error('Request failed with status code 422'), {
    name: 'AxiosError',
    code: 'ERR_BAD_REQUEST',
    config: {
      method: 'post',
      baseURL: 'https://api.procore.com',
      url: '/rest/v1.0/projects/1/rfis',
      ...config,
    },
    response: response ?? undefined,
  });
}

function answered(fields: object = {}): object {
  return {
    status: 422,
    headers: {
      date: 'Thu, 01 Jan 2026 10:00:00 GMT',
      'x-request-id': '6f1d0cf2-3a0c-4b36-9d1e-1a2b3c4d5e6f',
    },
    data: { errors: { subject: ["can't be blank"] } },
    ...fields,
  };
}

const everythingOf = (made: SupportReport) => `${JSON.stringify(made)}\n${made.toString()}`;

describe('what Procore asks for', () => {
  test('time, method, whole URL, headers, bodies, status and request id are in the report', () => {
    const made = report(
      failedCall({
        params: { per_page: 100, filters: { status: ['open', 'draft'] } },
        headers: { 'Content-Type': 'application/json', 'Procore-Company-Id': '42' },
        data: '{"rfi":{"subject":""}}',
      }),
    );
    expect(made).toEqual({
      report: 'axios-procore',
      at: '2026-01-01T10:00:00.000Z',
      error: { name: 'AxiosError', code: 'ERR_BAD_REQUEST', message: 'Request failed with status code 422' },
      request: {
        method: 'POST',
        url: 'https://api.procore.com/rest/v1.0/projects/1/rfis?per_page=100&filters[status][]=open&filters[status][]=draft',
        headers: { 'Content-Type': 'application/json', 'Procore-Company-Id': '42' },
        body: '{"rfi":{"subject":""}}',
      },
      response: {
        status: 422,
        headers: {
          date: 'Thu, 01 Jan 2026 10:00:00 GMT',
          'x-request-id': '6f1d0cf2-3a0c-4b36-9d1e-1a2b3c4d5e6f',
        },
        body: '{"errors":{"subject":["can\'t be blank"]}}',
      },
      requestId: '6f1d0cf2-3a0c-4b36-9d1e-1a2b3c4d5e6f',
    });
  });

  test('as text every fact has a line of its own', () => {
    const text = String(report(failedCall({ data: 'hello' })));
    expect(text).toMatch(/^Time: +2026-01-01T10:00:00.000Z$/m);
    expect(text).toMatch(/^Request: +POST https:\/\/api\.procore\.com\/rest\/v1\.0\/projects\/1\/rfis$/m);
    expect(text).toMatch(/^Status: +422$/m);
    expect(text).toMatch(/^Request id: +6f1d0cf2-3a0c-4b36-9d1e-1a2b3c4d5e6f$/m);
    expect(text).toContain('Request body:\nhello');
  });

  test('an id in the path stays, even one as long as a secret', () => {
    const made = report(
      failedCall({ url: '/rest/v2.0/companies/1/items/6f1d0cf2-3a0c-4b36-9d1e-1a2b3c4d5e6f' }),
    );
    expect(made.request?.url).toMatch(/items\/6f1d0cf2-3a0c-4b36-9d1e-1a2b3c4d5e6f$/);
  });

  test.each([
    ['the time that the caller names', { at: new Date('2026-01-03T00:00:00Z') }, '2026-01-03T00:00:00.000Z'],
    [
      'the time of the answer where the caller names none that is one',
      { at: new Date(NaN) },
      '2026-01-01T10:00:00.000Z',
    ],
  ])('counts %s', (_, options, at) => {
    expect(report(failedCall({}), options).at).toBe(at);
  });

  test('a call without an answer has the time of the report and no status', () => {
    const made = report(failedCall({}, null));
    expect(made).toMatchObject({ at: new Date(nowMs).toISOString(), request: { method: 'POST' } });
    expect(made.response).toBeUndefined();
    expect(String(made)).toMatch(/^Status: +no answer$/m);
  });

  test('an error of the application that has lost the one of the call is told as such, and not as an answer that never came', () => {
    const own = new Error('Not Found');
    expect(String(report(own))).toMatch(/^Status: +unknown: this is not the error of a call\./m);
    own.cause = failedCall({});
    expect(String(report(own))).toMatch(/^Status: +\d{3}$/m);
  });

  test('an answer that this package has made up for an error of its own is no answer of Procore', () => {
    const made = report(failedCall({}, answered({ headers: { 'x-axios-procore': 'synthetic' } })));
    expect(made.response).toBeUndefined();
  });
});

describe('what can be reported', () => {
  const inner = failedCall({ data: 'hello' });
  test.each([
    ['an error that wraps it', new Error('sync failed', { cause: new Error('page 3', { cause: inner }) })],
    ['its report', report(inner)],
    ['the JSON of its report', JSON.stringify(report(inner))],
    ['the parsed JSON of its report', JSON.parse(JSON.stringify(report(inner)))],
  ])('%s gives the same request and answer', (_, given) => {
    const { request, response, at } = report(given);
    expect({ request, response, at }).toEqual(
      (({ request, response, at }) => ({ request, response, at }))(report(inner)),
    );
  });

  test('an earlier report as text is the same text', () => {
    expect(String(report(JSON.stringify(report(inner))))).toBe(String(report(inner)));
  });

  test('a response that was rethrown is reported with its request', () => {
    const { config, response } = inner as unknown as { config: object; response: object };
    expect(report({ ...response, config })).toMatchObject({
      request: { method: 'POST' },
      response: { status: 422 },
    });
  });

  const throwing = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('no');
    },
  });
  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'it failed'],
    ['text that looks like JSON', '{"report":'],
    [
      'JSON that calls itself a report and is none',
      '{"report":"axios-procore","problem":{},"request":{},"response":{}}',
    ],
    ['an error that is no call', new TypeError('x is not a function')],
    ['a proxy that throws', throwing],
    [
      'a cause that leads to itself',
      Object.assign(
        new Error('round'),
        {},
        {
          get cause() {
            return this;
          },
        },
      ),
    ],
  ])('%s never throws', (_, given) => {
    const made = report(given);
    expect(made.report).toBe('axios-procore');
    expect(JSON.parse(JSON.stringify(made))).toEqual({ ...made });
    expect(String(made)).toContain('Time:');
  });
});

describe('bodies', () => {
  const bodyOf = (data: unknown, type = 'application/json') =>
    report(failedCall({ data, headers: { 'content-type': type } })).request?.body;

  test('a long body is cut after 4,000 characters, and the report says how long it was', () => {
    const body = bodyOf(JSON.stringify({ text: 'a b '.repeat(2_000) }))!;
    expect(body.length).toBeLessThan(4_100);
    expect(body).toMatch(/ \[cut: 8,011 characters in all\]$/);
  });

  test('a text that nearly is a form is read in a moment, however long it is', () => {
    expect(bodyOf(`a=1${'&a=1'.repeat(5_000)} end`, 'text/plain')).toMatch(/^a=1&a=1/);
  });

  test('the length of a long body is that of the whole body', () => {
    expect(bodyOf(JSON.stringify({ text: 'a b '.repeat(100_000) }))).toMatch(
      /\[cut: 400,011 characters in all\]$/,
    );
  });

  test.each([
    ['has broken off', '{"a":1,"api_key":"correct horse'],
    ['is too long to be read', `{"api_key":"correct horse","text":"${'a b '.repeat(500_000)}"}`],
  ])('JSON that %s is not shown where a field of it is a secret', (_, data) => {
    expect(bodyOf(data)).toMatch(/^\[JSON that cannot be read, [\d,]+ characters\]$/);
  });

  test('JSON that has broken off is shown where no field of it is a secret', () => {
    expect(bodyOf('{"errors":{"subject":["can')).toBe('{"errors":{"subject":["can');
  });

  const form = new FormData();
  form.append('password', 'correct horse');
  form.append('image', new Blob(['1234'], { type: 'image/png' }), 'a.png');
  const handedOver = new Uint8Array(8);
  structuredClone(handedOver, { transfer: [handedOver.buffer] });
  test.each<[string, unknown, string, string | undefined]>([
    ['bytes are named by type and length', Buffer.alloc(2_000), 'image/png', '[image/png, 2,000 bytes]'],
    ['one byte is singular', new Uint8Array(1), 'image/png', '[image/png, 1 byte]'],
    ['an array buffer', new ArrayBuffer(3), 'application/pdf', '[application/pdf, 3 bytes]'],
    [
      'memory that several threads share',
      new SharedArrayBuffer(3),
      'application/pdf',
      '[application/pdf, 3 bytes]',
    ],
    ['bytes that another thread has got', handedOver, 'image/png', '[image/png, 0 bytes]'],
    ['a buffer that another thread has got', handedOver.buffer, 'image/png', '[image/png, 0 bytes]'],
    ['a blob has its own type', new Blob(['12'], { type: 'text/csv' }), '', '[text/csv, 2 bytes]'],
    ['bytes that are text are shown', Buffer.from('{"a":1}'), 'application/json', '{"a":1}'],
    ['text that is bytes', 'a\u0000b', 'image/jpeg', '[image/jpeg, 3 characters]'],
    [
      'a form with files',
      form,
      'multipart/form-data',
      '[multipart/form-data, parts: password, image (image/png, 4 bytes)]',
    ],
    [
      'a multipart text shows the names of its parts',
      '--x\r\nContent-Disposition: form-data; name="password"\r\n\r\ncorrect horse\r\n--x--',
      'multipart/form-data; boundary=x',
      '[multipart/form-data, parts: password]',
    ],
    ['a stream', { pipe: () => undefined }, 'application/pdf', '[application/pdf, a stream]'],
    [
      'an object that axios has not turned into text yet',
      { rfi: { subject: 'x' } },
      '',
      '{"rfi":{"subject":"x"}}',
    ],
    ['parameters', new URLSearchParams('a=1&b=2'), '', 'a=1&b=2'],
    ['no body', undefined, '', undefined],
    ['an empty body', '', '', undefined],
    ['false', false, '', 'false'],
  ])('%s', (_, data, type, shown) => {
    expect(bodyOf(data, type)).toBe(shown);
  });

  test('the code of a cost code is shown, and that of an authorization is not', () => {
    expect(bodyOf('{"cost_code":{"code":"01-100"}}')).toBe('{"cost_code":{"code":"01-100"}}');
    expect(bodyOf('{"grant_type":"authorization_code","code":"abc"}')).toContain('"code":"[redacted]"');
  });
});

describe('no secret is in it', () => {
  /** Words of every length and alphabet, without chance: each test sees the same ones. */
  const secrets = [
    'k7!pw',
    'hunter-2-is-no-word',
    'S3cr3t/with+signs=',
    'ünïcode-geheim',
    'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6',
  ];
  const jwt = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"1"}').toString('base64url')}.c2ln`;
  const inUrl = encodeURIComponent;

  /** Each place in which a secret may stand, as a call that has it there. */
  const places: Record<string, (secret: string) => Error> = {
    'the Authorization header': (secret) => failedCall({ headers: { Authorization: `Bearer ${secret}` } }),
    'an Authorization header without a scheme': (secret) =>
      failedCall({ headers: { authorization: secret } }),
    'a Basic header': (secret) =>
      failedCall({
        headers: { Authorization: `Basic ${Buffer.from(`me:${secret}`).toString('base64')}` },
        data: `password was ${secret}`,
      }),
    'a proxy header': (secret) => failedCall({ headers: { 'Proxy-Authorization': `Basic ${secret}` } }),
    'a cookie': (secret) => failedCall({ headers: { Cookie: `a=1; _session=${secret}; Path=/` } }),
    'a cookie of the answer': (secret) =>
      failedCall({}, answered({ headers: { 'set-cookie': [`sid=${secret}; HttpOnly`, 'b=2'] } })),
    'a header of a key': (secret) => failedCall({ headers: { 'X-Api-Key': secret } }),
    'a header that nobody knows': (secret) => failedCall({ headers: { 'X-Acme': secret } }),
    'a header that nobody knows in the answer': (secret) =>
      failedCall({}, answered({ headers: { 'x-acme': secret } })),
    'a parameter': (secret) => failedCall({ params: { access_token: secret } }),
    'a nested parameter': (secret) => failedCall({ params: { login: { password: secret } } }),
    'the query of the URL': (secret) => failedCall({ url: `/x?client_secret=${inUrl(secret)}&per_page=1` }),
    'an authorization code': (secret) => failedCall({ url: `/oauth/token?code=${inUrl(secret)}` }),
    'the fragment of the URL': (secret) => failedCall({ url: `/x#access_token=${inUrl(secret)}` }),
    'the user part of the URL': (secret) =>
      failedCall({ baseURL: `https://me:${inUrl(secret)}@example.com` }),
    'the only user part of the URL': (secret) =>
      failedCall({ baseURL: `https://${inUrl(secret)}@example.com` }),
    'a signed URL of Amazon': (secret) =>
      failedCall({
        url: `https://s3.amazonaws.com/b/k?X-Amz-Credential=${inUrl(secret)}&X-Amz-Signature=${inUrl(secret)}`,
      }),
    'a signed URL of Azure': (secret) =>
      failedCall({ url: `https://x.blob.core.windows.net/c/b?sv=2020&sig=${inUrl(secret)}` }),
    'a signed redirect': (secret) =>
      failedCall(
        {},
        answered({
          headers: { location: `https://cdn.example.com/f?Signature=${inUrl(secret)}&Key-Pair-Id=K1` },
        }),
      ),
    'a signed link': (secret) =>
      failedCall(
        {},
        answered({ headers: { link: `<https://cdn.example.com/f?Signature=${inUrl(secret)}>; rel="next"` } }),
      ),
    auth: (secret) => failedCall({ auth: { username: 'me', password: secret }, data: `it was ${secret}` }),
    'a form': (secret) =>
      failedCall({
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        data: `grant_type=refresh_token&refresh_token=${inUrl(secret)}`,
      }),
    'form parameters': (secret) => failedCall({ data: new URLSearchParams({ client_secret: secret }) }),
    'a form without a type': (secret) => failedCall({ data: `a=1&password=${inUrl(secret)}` }),
    JSON: (secret) => failedCall({ data: JSON.stringify({ password: secret }) }),
    'nested JSON': (secret) => failedCall({ data: JSON.stringify({ a: [{ b: { clientSecret: secret } }] }) }),
    'a list in JSON': (secret) =>
      failedCall({ data: JSON.stringify({ tokens: [secret, { value: secret }] }) }),
    'an object': (secret) => failedCall({ data: { api_key: secret } }),
    'JSON as bytes': (secret) =>
      failedCall({
        headers: { 'content-type': 'application/json' },
        data: Buffer.from(JSON.stringify({ secret })),
      }),
    'a part of a multipart text': (secret) =>
      failedCall({
        headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
        data: `--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n${secret}\r\n--x--`,
      }),
    'a signed URL in an answer': (secret) =>
      failedCall(
        {},
        answered({ data: { upload: { url: `https://s3.amazonaws.com/b/k?a=1&Policy=${inUrl(secret)}` } } }),
      ),
    'a signed URL in a text': (secret) =>
      failedCall(
        {},
        answered({ data: `see https://x.blob.core.windows.net/c/b?sig=${inUrl(secret)} for more` }),
      ),
    'a signed URL in a form': (secret) =>
      failedCall({ data: `a=1&source=${inUrl(`https://cdn.example.com/f?Signature=${inUrl(secret)}`)}` }),
    'a signed URL in a query': (secret) =>
      failedCall({ url: `/x?source=${inUrl(`https://cdn.example.com/f?Signature=${inUrl(secret)}`)}` }),
    'a signed URL in a message': (secret) =>
      Object.assign(failedCall({}), { message: `no https://cdn.example.com/f?Signature=${inUrl(secret)}` }),
    'JSON inside JSON': (secret) =>
      failedCall({ data: JSON.stringify({ event: JSON.stringify({ api_key: secret }) }) }),
    'the answer': (secret) =>
      failedCall({}, answered({ data: { access_token: secret, token_type: 'Bearer' } })),
    'a list as answer': (secret) => failedCall({}, answered({ data: [{ session_id: secret }] })),
    'a message that repeats a bearer': (secret) =>
      Object.assign(failedCall({ headers: { Authorization: `Bearer ${secret}${secret}` } }), {
        message: `Bearer ${secret}${secret} was refused`,
      }),
  };

  const short = (secret: string) => secret.length < 6;
  test.each(Object.keys(places))('%s', (place) => {
    for (const secret of [...secrets, jwt]) {
      // Of a repeated secret of five characters nothing can be known.
      if (short(secret) && /repeats|^auth$|Basic/.test(place)) continue;
      const error = places[place]!(secret);
      const made = report(new Error('wrapped', { cause: error }));
      expect(made.request, place).toBeDefined();
      for (const shown of [everythingOf(made), everythingOf(report(JSON.stringify(made)))]) {
        for (const spelt of [
          secret,
          inUrl(secret),
          JSON.stringify(secret).slice(1, -1),
          Buffer.from(secret).toString('base64'),
        ])
          expect(shown, `${place}: ${secret}`).not.toContain(spelt);
      }
    }
  });

  test('a text that the caller names is nowhere in it', () => {
    const made = report(failedCall({ data: 'the tower is secret' }), { secrets: ['tower'] });
    expect(made.request?.body).toBe('the [redacted] is secret');
  });

  test('an earlier report to which somebody has added a secret is shown without it', () => {
    const made = JSON.parse(JSON.stringify(report(failedCall({})))) as SupportReport;
    made.request!.headers['Authorization'] = 'Bearer hunter-2-is-no-word';
    made.request!.body = '{"a":[{"password":"hunter-2-is-no-word"}]}';
    made.request!.url += '?access_token=hunter-2-is-no-word';
    expect(everythingOf(report(made))).not.toContain('hunter');
  });
});
