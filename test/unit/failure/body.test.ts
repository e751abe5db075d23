import { Readable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { errorShapes } from '../../../src/emulator/error-shapes.js';
import { blobText, parseErrorBody, type ErrorBody } from '../../../src/failure/body.js';

const nothing: ErrorBody = { messages: [], fields: {}, reasonCodes: [] };
const jwt = 'eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJl-_x';
const opaque = '76ba2f0d9c1e4b7a8d3f6e5c4b3a291876ba2f0d9c1e4b7a8d3f6e5c4b3a2918';

describe('a JSON body', () => {
  test.each<[string, unknown, Partial<ErrorBody>]>([
    ['message', { message: 'No such page' }, { messages: ['No such page'] }],
    ['a list of messages', { message: ['one', 'two'] }, { messages: ['one', 'two'] }],
    ['error', { error: 'No such page' }, { messages: ['No such page'] }],
    [
      'error with a description (RFC 6749)',
      { error: 'invalid_token', error_description: 'The access token expired' },
      { messages: ['The access token expired'] },
    ],
    [
      'errors as a text',
      { errors: 'The access token is invalid' },
      { messages: ['The access token is invalid'] },
    ],
    ['errors as a list', { errors: ['one', 'two', 'one'] }, { messages: ['one', 'two'] }],
    [
      'errors by field',
      { errors: { subject: ["can't be blank", 'is too short'], due_date: 'is past' } },
      {
        messages: ["subject: can't be blank", 'subject: is too short', 'due_date: is past'],
        fields: { subject: ["can't be blank", 'is too short'], due_date: ['is past'] },
      },
    ],
    [
      'errors by nested field',
      { errors: { lines: [{ amount: ['is too much'] }, 'are too many'], address: { city: 'is unknown' } } },
      {
        messages: ['lines.0.amount: is too much', 'lines: are too many', 'address.city: is unknown'],
        fields: {
          'lines.0.amount': ['is too much'],
          lines: ['are too many'],
          'address.city': ['is unknown'],
        },
      },
    ],
    [
      'errors as a list of objects',
      { errors: [{ message: 'one' }, { error: 'two' }, { errors: ['three'] }, { subject: ['is four'] }] },
      { messages: ['one', 'two', 'three', 'subject: is four'], fields: { subject: ['is four'] } },
    ],
    [
      'an error that names a status, and a message',
      { statusCode: 400, error: 'Bad Request', message: 'page is not a number' },
      { messages: ['page is not a number', 'Bad Request'] },
    ],
    [
      'a message and fields',
      { message: 'Validation failed', errors: { name: ['is taken'] } },
      { messages: ['Validation failed', 'name: is taken'], fields: { name: ['is taken'] } },
    ],
    [
      'the envelope',
      {
        error: {
          code: 'BAD_REQUEST',
          message: 'Bad Request',
          details: [
            { reason_code: 'INVALID_PROPERTY', message: 'a is wrong', source: 'a' },
            { reason_code: 'INVALID_PROPERTY', message: 'b is wrong', source: '' },
          ],
        },
      },
      {
        messages: ['a is wrong', 'b is wrong'],
        fields: { a: ['a is wrong'] },
        reasonCodes: ['INVALID_PROPERTY'],
      },
    ],
    [
      'an envelope whose message says more than its code',
      {
        error: {
          code: 'FORBIDDEN',
          message: 'App is not connected to this company',
          details: [{ message: 'x' }],
        },
      },
      { messages: ['x', 'App is not connected to this company'] },
    ],
    [
      'an envelope without details',
      { error: { code: 'NOT_FOUND', message: 'Not Found' } },
      { messages: ['Not Found'] },
    ],
    [
      'an envelope whose details say nothing',
      {
        error: { code: 'NOT_FOUND', message: 'Not Found', details: [{ reason_code: 'GONE' }, null, 5, 'x'] },
      },
      { messages: ['Not Found'], reasonCodes: ['GONE'] },
    ],
    [
      'a reason code of its own',
      { reason_code: 'TOO_LARGE', message: 'x' },
      { messages: ['x'], reasonCodes: ['TOO_LARGE'] },
    ],
    ['a list', ['one', { message: 'two' }], { messages: ['one', 'two'] }],
    ['a text', 'Unauthorized', { messages: ['Unauthorized'] }],
    ['a text that is JSON itself', '{"message":"inner"}', { messages: ['inner'] }],
    ['an empty object', {}, {}],
    ['an empty list', [], {}],
    ['empty texts', { message: '', error: ' ', errors: ['', { a: [''] }] }, {}],
    ['other types', { message: 5, error: true, errors: null, reason_code: {} }, {}],
    ['null', null, {}],
    ['a number', 500, {}],
  ])('%s', (_shape, value, expected) => {
    const text = JSON.stringify(value);
    const bytes = new TextEncoder().encode(text);
    const shared = new SharedArrayBuffer(bytes.length);
    new Uint8Array(shared).set(bytes);
    const forms: Record<string, unknown> = {
      value,
      text,
      'with a byte order mark': `\uFEFF${text}`,
      'with space around': `\r\n ${text}\n`,
      Buffer: Buffer.from(text),
      'a Buffer with a byte order mark': Buffer.from(`\uFEFF${text}`),
      ArrayBuffer: bytes.buffer,
      Uint8Array: bytes,
      'a view with an offset': new TextEncoder().encode(`xx${text}`).subarray(2),
      DataView: new DataView(bytes.buffer),
      SharedArrayBuffer: shared,
      'a shared view': new Uint8Array(shared),
    };
    for (const [form, data] of Object.entries(forms)) {
      expect([form, parseErrorBody(data)]).toEqual([form, { ...nothing, ...expected }]);
    }
  });

  test('of another realm is read, bytes too', () => {
    const foreign = runInNewContext('({ body: { message: "x" }, bytes: new Uint8Array([120]).buffer })') as {
      body: unknown;
      bytes: unknown;
    };
    expect(parseErrorBody(foreign.body).messages).toEqual(['x']);
    expect(parseErrorBody(foreign.bytes).messages).toEqual(['x']);
  });

  test('may name its fields as it likes', () => {
    const text =
      '{"errors":{"__proto__":["a"],"constructor":["b"],"toString":["c"],"hasOwnProperty":"d","":"e"}}';
    const { fields, messages } = parseErrorBody(text);
    expect(Object.entries(fields)).toEqual([
      ['__proto__', ['a']],
      ['constructor', ['b']],
      ['toString', ['c']],
      ['hasOwnProperty', ['d']],
      ['', ['e']],
    ]);
    expect(messages[0]).toBe('__proto__: a');
    expect(Object.getPrototypeOf(fields)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>)['a']).toBeUndefined();
  });
});

describe('a JSON body that breaks off', () => {
  test.each<[string, Partial<ErrorBody>]>([
    ['{"error":{"code":"INTERNAL","mess', {}],
    ['{"message":"The page parameter is not a num', { messages: ['The page parameter is not a…'] }],
    [
      '{"message":"The page parameter is not a number","trace":"a b',
      { messages: ['The page parameter is not a number'] },
    ],
    ['{"message":"The page parameter is not a number"', { messages: ['The page parameter is not a number'] }],
    ['{"message":"The \\"page\\" is not a num\\', { messages: ['The "page" is not a…'] }],
    [
      '{"errors":{"subject":["can\'t be blank","is too short"],"due',
      {
        messages: ["subject: can't be blank", 'subject: is too short'],
        fields: { subject: ["can't be blank", 'is too short'] },
      },
    ],
    [
      '{"error":{"code":"BAD_REQUEST","details":[{"reason_code":"INVALID","message":"a is wrong"},{"reas',
      { messages: ['a is wrong'], reasonCodes: ['INVALID'] },
    ],
    ['["one","two', { messages: ['one'] }],
    ['["one",', { messages: ['one'] }],
    ['{', {}],
    ['{"', {}],
    ['{"message":', {}],
    ['{"message":"one"} and more', { messages: ['one'] }],
    ['{"message":"one"}{"message":"two"}', { messages: ['one'] }],
    ['{"message":"one"}]}', { messages: ['one'] }],
    [`{"message":"The token ${jwt.slice(0, 30)}`, { messages: ['The token…'] }],
    [`{"message":"${jwt.slice(0, 30)}`, {}],
  ])('%s', (text, expected) => {
    expect(parseErrorBody(text)).toEqual({ ...nothing, ...expected });
    expect(parseErrorBody(Buffer.from(text))).toEqual({ ...nothing, ...expected });
  });

  test.each(
    Object.entries(errorShapes).filter(([, { status, body }]) => status >= 300 && body.startsWith('{')),
  )(
    'says nothing but what the whole one says, and shows no JSON, wherever it breaks: %s',
    (_name, { body }) => {
      const whole = parseErrorBody(body);
      for (let length = 0; length < body.length; length++) {
        const { messages, fields, reasonCodes } = parseErrorBody(body.slice(0, length));
        for (const said of messages) {
          // The envelope's own message counts where its details are missing.
          const from = said.replace(/…$/, '');
          expect(said).not.toMatch(/^[[{]/);
          expect(body.replaceAll('\\"', '"')).toContain(from.replace(/^\w+: /, ''));
        }
        expect(whole.reasonCodes).toEqual(expect.arrayContaining(reasonCodes));
        expect(Object.keys(whole.fields)).toEqual(expect.arrayContaining(Object.keys(fields)));
      }
    },
  );

  test('never throws, wherever it breaks off', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), fc.nat(500), (text, length) => {
        for (const start of ['{"message":', '{"errors":{"a":', '{"error":{"details":[', '[']) {
          const { messages } = parseErrorBody(`${start}${text}`.slice(0, start.length + length));
          expect(messages.every((said) => typeof said === 'string')).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a body that is no JSON', () => {
  test.each<[string, string, string[]]>([
    ['plain text', 'Bad Request: page is not a number.', ['Bad Request: page is not a number.']],
    ['text on several lines', '  Bad Request\r\n\r\n\tpage  is wrong\n', ['Bad Request page is wrong']],
    ['control characters', 'Bad \u001b[31mRequest\u0000\u0007!', ['Bad [31mRequest !']],
    ['text that begins with a brace', '{page} is not a number', ['{page} is not a number']],
    ['text that begins with a bracket', '[2024] Bad things', ['[2024] Bad things']],
    ['text that begins with a level', '[ERROR] upstream failed', ['[ERROR] upstream failed']],
    ['a title', '<html><head><title>502 Bad Gateway</title></head><body><h1>x</h1>', ['502 Bad Gateway']],
    [
      'a title on several lines',
      '<!DOCTYPE html>\n<title lang="en">\n 502\n Bad Gateway </title>',
      ['502 Bad Gateway'],
    ],
    ['a heading', '<html><body><center><h1>Request blocked</h1></center>', ['Request blocked']],
    ['a title that breaks off', '<html><title>502 Bad Gate', []],
    ['an empty title and a heading', '<TITLE></TITLE><H1>Sorry</H1>', ['Sorry']],
    ['a page with neither', '<p>Please come back later</p>', []],
    ['a byte order mark before a page', '\uFEFF<title>x</title>', ['x']],
    ['nothing', '', []],
    ['space', ' \n\t', []],
  ])('%s', (_what, text, messages) => {
    expect(parseErrorBody(text)).toEqual({ ...nothing, messages });
    expect(parseErrorBody(Buffer.from(text))).toEqual({ ...nothing, messages });
  });

  test('may be bytes that are no text: reading them does not throw', () => {
    expect(parseErrorBody(Buffer.from([0xff, 0xfe, 0x00])).messages).toHaveLength(1);
    expect(parseErrorBody(new ArrayBuffer(0))).toEqual(nothing);
  });
});

describe('what is said', () => {
  test.each([
    [`Invalid token ${jwt}!`, 'Invalid token [redacted]!'],
    [`Authorization: Bearer abcdefgh12345678`, 'Authorization: Bearer [redacted]'],
    [`refresh_token=abc is spent`, 'refresh_token=[redacted] is spent'],
    [`Unknown refresh token ${opaque}`, 'Unknown refresh token [redacted]'],
  ])('holds no token: %s', (text, expected) => {
    for (const body of [
      text,
      { message: text },
      { error: text },
      { error: 'x', error_description: text },
      { errors: [text] },
      { error: { message: text } },
      { error: { details: [{ message: text }] } },
    ]) {
      expect(parseErrorBody(body).messages).toEqual([expected]);
    }
    expect(parseErrorBody({ errors: { base: text } }).fields).toEqual({ base: [expected] });
    const detail = { message: text, source: 'a' };
    expect(parseErrorBody({ error: { details: [detail] } }).fields).toEqual({ a: [expected] });
    expect(parseErrorBody(`<title>${text}</title>`).messages).toEqual([expected]);
  });

  test('holds none in a field for secrets, nor in the name of a field or a code', () => {
    expect(parseErrorBody({ errors: { refresh_token: ['abc', 'is spent'], password: 'hunter2' } })).toEqual({
      messages: ['refresh_token: [redacted]', 'refresh_token: is spent', 'password: [redacted]'],
      fields: { refresh_token: ['[redacted]', 'is spent'], password: ['[redacted]'] },
      reasonCodes: [],
    });
    for (const secret of [
      jwt,
      opaque,
      `x.${opaque}`,
      `token_${opaque}`,
      '76bA2f0d9c1e4b7_8d3f6e5c4b3a29187',
    ]) {
      const said = parseErrorBody({ errors: { [secret]: 'x' }, reason_code: secret });
      expect(JSON.stringify(said)).not.toMatch(/eyJ|76ba/i);
    }
  });

  test.each(['custom_field_lov_entry_598134325649528', 'uploads.0.custom_field_598134325649528.value'])(
    'keeps long names: %s',
    (name) => {
      expect(parseErrorBody({ errors: { [name]: ['is wrong'] } }).fields).toEqual({ [name]: ['is wrong'] });
    },
  );

  test('is at most 50 messages of 500 characters', () => {
    const list = Array.from({ length: 200 }, (_, n) => `${n} ${'word '.repeat(200)}`);
    const { messages } = parseErrorBody({ errors: list });
    expect(messages).toHaveLength(50);
    expect(messages.every((said) => said.length === 500 && said.endsWith('…'))).toBe(true);
  });

  test('is at most 50 texts of fields', () => {
    const errors = Object.fromEntries(list(200).map((n) => [`f${n}`, list(20).map((m) => `${n} ${m}`)]));
    const { fields, messages } = parseErrorBody({ errors });
    expect(Object.values(fields).flat()).toHaveLength(50);
    expect(messages).toHaveLength(50);
  });

  test('is not cut in the middle of a character', () => {
    const [said] = parseErrorBody(`${'x'.repeat(498)} 😀😀`).messages;
    expect(said).toBe(`${'x'.repeat(498)} …`);
    const [other] = parseErrorBody(`${'x'.repeat(497)} 😀😀`).messages;
    expect(other).toBe(`${'x'.repeat(497)} …`);
  });

  test('is cut before a token, not within it, wherever the token stands', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.nat(5_000), (before, after) => {
        const text = `${'w '.repeat(before / 2)}${jwt} ${jwt.repeat(20)}${' w'.repeat(after / 2)}`;
        expect(parseErrorBody(text).messages.join()).not.toMatch(/eyJ|c2lnbmF0/);
      }),
    );
  });
});

const list = (length: number) => Array.from({ length }, (_, n) => n);

describe('a body that is large, deep or circular', () => {
  const huge = 5 * 1024 * 1024;
  test.each<[string, () => unknown]>([
    ['text', () => 'Something went wrong. '.repeat(huge / 22)],
    ['one word', () => 'x'.repeat(huge)],
    ['space', () => ' '.repeat(huge)],
    ['space before a word', () => `${' '.repeat(huge)}x`],
    ['digits', () => '1'.repeat(huge)],
    ['backslashes', () => `{"message":"${'\\'.repeat(huge)}`],
    ['quotes', () => '"'.repeat(huge)],
    ['brackets', () => '['.repeat(huge)],
    ['braces', () => '{"a":'.repeat(huge / 5)],
    ['pairs of brackets', () => `{${'[]'.repeat(huge / 2)}`],
    ['angle brackets', () => '<'.repeat(huge)],
    ['titles', () => '<title'.repeat(huge / 6)],
    ['headings', () => '<h1>'.repeat(huge / 4)],
    ['tokens', () => 'eyJ-'.repeat(huge / 4)],
    ['parameters', () => 'token='.repeat(huge / 6)],
    ['a JSON message', () => JSON.stringify({ message: 'x '.repeat(huge / 2) })],
    ['a JSON list', () => JSON.stringify({ errors: Array(1_000_000).fill('ab') })],
    ['JSON that breaks off', () => JSON.stringify({ errors: Array(1_000_000).fill('ab') }).slice(0, -2)],
    [
      'many fields',
      () => JSON.stringify({ errors: Object.fromEntries(list(300_000).map((n) => [`f${n}`, 'x'])) }),
    ],
    ['bytes', () => Buffer.alloc(20 * 1024 * 1024, 'word ')],
    ['zeros', () => Buffer.alloc(huge)],
    ['a list of a million', () => ({ errors: Array(1_000_000).fill({ message: 'x' }) })],
    ['a sparse list', () => ({ errors: Array(4_000_000_000) })],
    ['a long name', () => ({ errors: { ['n'.repeat(huge)]: 'x', ['n m '.repeat(huge / 4)]: 'x' } })],
    ['a long code', () => ({ reason_code: 'C'.repeat(huge) })],
  ])('%s', (_what, make) => {
    const body = make();
    // Read from each of its characters, it would take hours.
    const { messages, fields, reasonCodes } = parseErrorBody(body);
    expect(messages.length).toBeLessThanOrEqual(50);
    expect([...messages, ...reasonCodes].every((said) => said.length <= 500)).toBe(true);
    expect(Object.keys(fields).every((name) => name.length <= 100)).toBe(true);
  });

  test('a circle is read once around', () => {
    const circle: Record<string, unknown> = { message: 'x' };
    circle['errors'] = Array(50).fill(circle);
    circle['error'] = { details: [circle], message: 'y' };
    circle['reason_code'] = circle;
    expect(parseErrorBody(circle).messages).toEqual(['x', 'y']);
    const fields: Record<string, unknown> = {};
    fields['a'] = fields;
    fields['b'] = [fields, fields];
    expect(parseErrorBody({ errors: fields })).toEqual(nothing);
    const items: unknown[] = ['z'];
    items.push(items, { errors: items });
    expect(parseErrorBody(items).messages).toEqual(['z']);
  });

  test('a deep one is read as far as a person would', () => {
    let deep: unknown = { message: 'bottom' };
    for (let depth = 0; depth < 20_000; depth++) deep = { message: `${depth % 10}`, errors: [deep] };
    expect(parseErrorBody(deep).messages).toHaveLength(10);
    let fields: unknown = 'bottom';
    for (let depth = 0; depth < 20_000; depth++) fields = { a: fields };
    expect(parseErrorBody({ errors: fields })).toEqual(nothing);
  });
});

/** Throws whatever is asked of it. */
const hostile = () =>
  new Proxy(
    {},
    {
      get() {
        throw new Error('get');
      },
      ownKeys() {
        throw new Error('ownKeys');
      },
      getPrototypeOf() {
        throw new Error('getPrototypeOf');
      },
      has() {
        throw new Error('has');
      },
    },
  );
const revoked = () => {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
};

describe('a body that defends itself', () => {
  const throwing = (name: string) =>
    Object.defineProperty({ message: 'x' }, name, {
      enumerable: true,
      get() {
        throw new Error(name);
      },
    });

  test.each<[string, () => unknown]>([
    ['a proxy', hostile],
    ['a revoked proxy', revoked],
    ['a getter for error', () => throwing('error')],
    ['a getter for errors', () => throwing('errors')],
    [
      'a getter for a tag',
      () => Object.defineProperty({}, Symbol.toStringTag, { get: () => revoked().length }),
    ],
    ['a forged tag', () => ({ [Symbol.toStringTag]: 'ArrayBuffer' })],
    ['an endless list', () => ({ errors: new Proxy([], { get: () => Infinity }) })],
    ['a list of no length', () => ({ errors: new Proxy([], { get: () => 1n }) })],
    [
      'a class',
      () =>
        new (class Failure {
          message = 'x';
        })(),
    ],
    ['a function', () => Object.assign(() => 'x', { message: 'x' })],
    ['a symbol', () => Symbol('x')],
    ['a bigint', () => 5n],
    ['a Date', () => new Date(NaN)],
    ['a Map', () => new Map([['message', 'x']])],
    ['an Error', () => new Error('x')],
    ['a promise', () => Promise.resolve('x')],
    ['a Blob', () => new Blob(['x'])],
    ['FormData', () => new FormData()],
    ['URLSearchParams', () => new URLSearchParams('message=x')],
  ])('%s says nothing', (_what, make) => {
    expect(parseErrorBody(make())).toEqual(nothing);
  });

  test('what was found before a part that throws stands', () => {
    expect(parseErrorBody({ message: 'x', errors: [hostile()] }).messages).toEqual(['x']);
    expect(parseErrorBody({ errors: ['x', throwing('errors'), 'y'] }).messages).toEqual(['x']);
  });

  test('a list of an exotic class is read as a list', () => {
    class Odd extends Array<string> {
      static override get [Symbol.species]() {
        return function () {
          throw new Error('species');
        } as unknown as ArrayConstructor;
      }
    }
    expect(parseErrorBody({ errors: Odd.of('x', 'y') }).messages).toEqual(['x', 'y']);
  });

  test('a detached buffer gives no messages', () => {
    const { buffer } = new TextEncoder().encode('{"message":"x"}');
    structuredClone(buffer, { transfer: [buffer] });
    expect(parseErrorBody(buffer)).toEqual(nothing);
  });
});

describe('a stream', () => {
  test('of Node is not read', () => {
    const stream = Readable.from(['{"message":"x"}']);
    let reads = 0;
    const read = stream.read.bind(stream);
    stream.read = (size) => (reads++, read(size));
    expect(parseErrorBody(stream)).toEqual(nothing);
    expect([reads, stream.readableFlowing, stream.eventNames().includes('data'), stream.destroyed]).toEqual([
      0,
      null,
      false,
      false,
    ]);
    expect(parseErrorBody({ errors: [stream], message: stream, error: stream })).toEqual(nothing);
    expect([reads, stream.readableFlowing]).toEqual([0, null]);
  });

  test('of the web is not read', async () => {
    const stream = new Response('{"message":"x"}').body!;
    expect(parseErrorBody(stream)).toEqual(nothing);
    expect(blobText(stream)).toBeUndefined();
    expect(stream.locked).toBe(false);
    expect(await new Response(stream).text()).toBe('{"message":"x"}');
  });
});

describe('whatever comes', () => {
  function hold(body: ErrorBody): void {
    const { messages, fields, reasonCodes } = body;
    const texts = Object.values(fields);
    expect(messages.length).toBeLessThanOrEqual(50);
    expect(reasonCodes.length).toBeLessThanOrEqual(50);
    expect(texts.flat().length).toBeLessThanOrEqual(50);
    expect(new Set(messages).size).toBe(messages.length);
    for (const said of [...messages, ...reasonCodes, ...texts.flat()]) {
      expect(typeof said).toBe('string');
      expect(said.length).toBeGreaterThan(0);
      expect(said.length).toBeLessThanOrEqual(500);
      expect(said).not.toMatch(/[\u0000-\u001f\u007f]/);
    }
    expect(Object.keys(fields).every((name) => name.length <= 100)).toBe(true);
    expect(structuredClone(body)).toEqual(body);
  }
  /** Something in each place where something may be. */
  const placed = (thing: unknown): unknown[] => [
    thing,
    { message: thing },
    { error: thing },
    { error: { message: thing, details: thing } },
    { error: { details: [thing, { message: thing, reason_code: thing, source: thing }] } },
    { errors: thing },
    { errors: [thing] },
    { errors: { field: thing, [String(typeof thing)]: [thing] } },
  ];

  test('bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
        hold(parseErrorBody(bytes));
        hold(parseErrorBody(bytes.buffer));
        hold(parseErrorBody(Buffer.from(bytes).toString('latin1')));
      }),
    );
  });

  test('texts', () => {
    const texts = fc.oneof(fc.string({ unit: 'binary', maxLength: 1_000 }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(texts, (text) => placed(text).forEach((body) => hold(parseErrorBody(body)))),
      { numRuns: 300 },
    );
  });

  test('JSON, parsed, as text and broken off', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(500), (value, length) => {
        for (const body of placed(value)) {
          const text = JSON.stringify(body);
          expect(parseErrorBody(text)).toEqual(parseErrorBody(typeof body === 'string' ? text : body));
          hold(parseErrorBody(text));
          hold(parseErrorBody(text.slice(0, length)));
        }
      }),
      { numRuns: 300 },
    );
  });

  test('anything, with proxies and getters', () => {
    const things = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    const guarded = things.map((thing) =>
      typeof thing === 'object' && thing !== null
        ? new Proxy(thing, {
            get(target, name, receiver) {
              if (name === 'message') throw new Error('no');
              return Reflect.get(target, name, receiver) as unknown;
            },
          })
        : {
            get errors() {
              return thing;
            },
          },
    );
    // fast-check looks at what it makes, and these let nobody.
    const made = fc.oneof(
      things.map((thing) => () => thing),
      guarded.map((thing) => () => thing),
      fc.constantFrom(hostile, revoked),
    );
    fc.assert(
      fc.property(made, (make) => placed(make()).forEach((body) => hold(parseErrorBody(body)))),
      { numRuns: 500 },
    );
  });
});

describe('a Blob, which can only be read later', () => {
  test('a Blob becomes its text', async () => {
    expect(await blobText(new Blob(['{"message":"x"}']))).toBe('{"message":"x"}');
    expect(await blobText(new File(['x'], 'x.txt'))).toBe('x');
    expect(parseErrorBody(await blobText(new Blob(['{"message":"x"}']))).messages).toEqual(['x']);
  });

  test('a large one becomes the beginning of it', async () => {
    const text = (await blobText(new Blob(['x'.repeat(9 * 1024 * 1024)]))) as string;
    expect(text).toHaveLength(8 * 1024 * 1024);
  });

  test.each<[string, object]>([
    ['rejects', { text: () => Promise.reject(new Error('gone')) }],
    ['throws', { text: () => hostile().constructor }],
    ['is none', { text: () => Promise.resolve(5) }],
    ['is missing', {}],
  ])('one whose text %s becomes nothing', async (_what, own) => {
    const blob = { slice: () => own, [Symbol.toStringTag]: 'Blob' };
    expect(await blobText(blob)).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['a text', 'x'],
    ['a Buffer', Buffer.from('x')],
    ['an ArrayBuffer', new ArrayBuffer(1)],
    ['an object', { message: 'x' }],
    ['an object with a method of that name', { text: () => 'x' }],
    ['a stream', Readable.from(['x'])],
    ['undefined', undefined],
    ['null', null],
    ['a promise that never settles', new Promise(() => {})],
    ['a hostile object', hostile()],
    ['a revoked proxy', revoked()],
  ])('%s is none, and is left alone', (_what, data) => {
    expect(blobText(data)).toBeUndefined();
  });
});
