import fc from 'fast-check';
import type { AxiosResponse } from 'axios';
import { AxiosError } from 'axios';
import { describe, expect, test } from 'vitest';
import { errorShapes } from '../../../src/emulator/error-shapes.js';
import { partialFailures, type PartialFailure } from '../../../src/failure/partial-failures.js';

const answer = (status: number, data: unknown) => ({ status, data, headers: {} }) as AxiosResponse;
/** One body in everything that an application may get. */
const forms = (body: string): [string, unknown][] => [
  ['parsed', JSON.parse(body)],
  ['text', body],
  ['text with a byte order mark', `\uFEFF${body}`],
  ['Buffer', Buffer.from(body)],
  ['ArrayBuffer', new TextEncoder().encode(body).buffer],
];

describe('a success that carries failures', () => {
  const expected: Record<string, PartialFailure> = {
    'sync-partial': {
      id: 'a-2',
      messages: ["subject: can't be blank"],
      fields: { subject: ["can't be blank"] },
      item: { origin_id: 'a-2', subject: '', errors: { subject: ["can't be blank"] } },
    },
    'bulk-partial': {
      id: 562949953440002,
      messages: ['The item does not exist.'],
      fields: {},
      code: 'NOT_FOUND',
      item: { id: 562949953440002, code: 'NOT_FOUND', message: 'The item does not exist.' },
    },
    'uploads-partial': {
      id: '01J0000000000000000000000B',
      messages: ['The file is too large.'],
      fields: {},
      code: 'FILE_TOO_LARGE',
      item: {
        upload_id: '01J0000000000000000000000B',
        reason_code: 'FILE_TOO_LARGE',
        message: 'The file is too large.',
      },
    },
  };
  const partial = Object.entries(errorShapes).filter(([, { status }]) => status < 300);

  test('has its row here', () => {
    expect(Object.keys(expected)).toEqual(partial.map(([name]) => name));
  });

  test.each(
    partial.flatMap(([name, { status, body }]) =>
      forms(body).map(([form, data]) => [name, form, status, data] as const),
    ),
  )('%s as %s', (name, _form, status, data) => {
    expect(partialFailures(answer(status, data))).toEqual([expected[name]]);
  });

  test('lists all of them, however many', () => {
    const failed = Array.from({ length: 5_000 }, (_, id) => ({ id, message: `no ${id}` }));
    const found = partialFailures(answer(207, { data: { success: [], failed } }));
    expect(found.map(({ id }) => id)).toEqual(failed.map(({ id }) => id));
    expect(found[4_999]!.messages).toEqual(['no 4999']);
  });

  test('takes what the item is about for no failure', () => {
    const item = { id: null, origin_id: 'a', message: 'Hello', error: 'x', errors: { base: ['is closed'] } };
    expect(partialFailures(answer(200, { entities: [], errors: [item] }))).toEqual([
      { id: 'a', messages: ['base: is closed'], fields: { base: ['is closed'] }, item },
    ]);
  });

  test('may say it in a word', () => {
    expect(partialFailures(answer(200, { entities: [], errors: ['The first item is invalid'] }))).toEqual([
      { messages: ['The first item is invalid'], fields: {}, item: 'The first item is invalid' },
    ]);
  });

  test('shows no token', () => {
    const [failure] = partialFailures(
      answer(201, { failures: [{ message: 'Bearer abcdefgh12345678 is not allowed' }] }),
    );
    expect(failure!.messages).toEqual(['Bearer [redacted] is not allowed']);
  });
});

describe('nothing is listed', () => {
  const errors = [{ message: 'x' }];
  test.each<[string, unknown]>([
    ['for a success without failures', answer(200, { entities: [{ id: 1 }], errors: [] })],
    ['for errors that are an attribute', answer(200, { id: 1, errors })],
    ['for failures that are an attribute', answer(200, { id: 1, failures: errors })],
    ['for data that failed', answer(200, { data: { failed: errors } })],
    ['for a list', answer(200, [{ errors }])],
    ['for an error', answer(422, { entities: [], errors })],
    ['for a redirect', answer(302, { entities: [], errors })],
    ['for errors that are no list', answer(200, { entities: [], errors: 'none' })],
    ['for no body', answer(204, '')],
    ['for a body that is no JSON', answer(200, '<html>')],
    ['for broken JSON', answer(200, '{"entities":[],"errors":[{"mess')],
    ['for an AxiosError', new AxiosError('x', 'ERR_BAD_REQUEST', undefined, {}, answer(422, { errors }))],
    ['for what an interceptor has unwrapped', { entities: [], errors }],
    ['for undefined', undefined],
    ['for null', null],
    ['for a text', 'x'],
    ['for a function', () => answer(200, { entities: [], errors })],
  ])('%s', (_what, response) => {
    expect(partialFailures(response as AxiosResponse)).toEqual([]);
  });

  test('for whatever cannot be read', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const throwing = {
      get entities(): unknown {
        throw new Error('no');
      },
    };
    for (const data of [revoked.proxy, throwing, { entities: [], errors: revoked.proxy }]) {
      expect(partialFailures(answer(200, data))).toEqual([]);
    }
    expect(partialFailures(revoked.proxy as AxiosResponse)).toEqual([]);
  });
});

test('no answer makes it throw', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(200, 201, 207),
      fc.anything({ withBigInt: true, withMap: true, withTypedArray: true, withNullPrototype: true }),
      (status, thing) => {
        for (const data of [
          thing,
          { entities: [], errors: [thing] },
          { data: { failed: [thing] } },
          { failures: [thing] },
        ]) {
          const found = partialFailures(answer(status, data));
          expect(found.every(({ messages }) => messages.every((said) => typeof said === 'string'))).toBe(
            true,
          );
        }
      },
    ),
    { numRuns: 300 },
  );
});
