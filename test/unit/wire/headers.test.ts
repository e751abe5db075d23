import { AxiosHeaders } from 'axios';
import { describe, expect, test } from 'vitest';
import { bearerOf, hasAuthorization, headerOf, headersToSend, strip } from '../../../src/wire/headers.js';

const plain = (headers: object) => ({ ...headers });

describe('a header', () => {
  test.each([
    ['plain', { 'X-Request-Id': 'x' }],
    ['lower case', { 'x-request-id': 'x' }],
    ['of axios', new AxiosHeaders({ 'X-Request-Id': 'x' })],
  ])('is found whatever its case (%s)', (_what, headers) => {
    expect(headerOf(headers, 'x-request-id')).toBe('x');
  });

  test('is undefined where there is none', () => {
    expect(headerOf({}, 'x')).toBeUndefined();
    expect(headerOf(undefined, 'x')).toBeUndefined();
  });
});

describe('the bearer of a call', () => {
  test.each<[headers: object, expected: string | undefined]>([
    [{ Authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer  abc ' }, 'abc'],
    [{ Authorization: 'Basic abc' }, undefined],
    [{ Authorization: 'Bearer' }, undefined],
    [{ Authorization: 'Bearer a b' }, 'a b'],
    [{ Authorization: ['Bearer abc'] }, 'abc'],
    [{ Authorization: ['Bearer a', 'Bearer b'] }, 'a, Bearer b'],
    [{ Authorization: 'Bearer of the defaults', authorization: 'Bearer own' }, 'own'],
    [{ Authorization: 'Bearer abc', authorization: undefined }, 'abc'],
    ...['', 'undefined', 'null', 'NaN', '[object Object]', '[object Promise]'].map(
      (nothing): [object, undefined] => [{ Authorization: `Bearer ${nothing}` }, undefined],
    ),
    [{}, undefined],
  ])('of %o is %s', (headers, expected) => {
    expect(bearerOf(headers)).toBe(expected);
  });
});

test.each<[headers: object | undefined, expected: boolean]>([
  [{ AUTHORIZATION: 'Basic x' }, true],
  [{ authorization: undefined }, true],
  [{ 'X-Authorization': 'Bearer x', Accept: '*/*' }, false],
  [{}, false],
  [undefined, false],
  // axios 1.0 and 1.1 keep the defaults' headers behind a symbol: only a look at them can tell.
  [{ [Symbol('defaults')]: { authorization: 'Bearer x' } }, true],
])('whether %o has a header Authorization is told at once', (headers, expected) => {
  expect(hasAuthorization(headers)).toBe(expected);
});

describe('the headers that a call is sent with', () => {
  test('have our bearer instead of its own, whatever the case, and everything else of its own', () => {
    const own = { AUTHORIZATION: 'Bearer old', authorization: 'Basic x', Accept: 'text/plain' };
    const sent = headersToSend(own, 'new', {});
    expect(plain(sent)).toEqual({ Accept: 'text/plain', Authorization: 'Bearer new' });
    expect(own).toEqual({ AUTHORIZATION: 'Bearer old', authorization: 'Basic x', Accept: 'text/plain' });
  });

  test("are an object of axios's kind where its own are", () => {
    const own = new AxiosHeaders({ Accept: 'text/plain', Authorization: 'Bearer old' });
    const sent = headersToSend(own, 'new', { companyId: '42', idempotencyToken: 'once' }) as AxiosHeaders;
    expect(sent).toBeInstanceOf(AxiosHeaders);
    expect(sent.get('authorization')).toBe('Bearer new');
    expect(sent.get('procore-company-id')).toBe('42');
    expect(sent.get('idempotency-token')).toBe('once');
    expect(own.get('authorization')).toBe('Bearer old');
  });

  test.each([undefined, null, false, ''])('have the company where the call names none (%o)', (none) => {
    const sent = headersToSend({ 'procore-company-id': none }, 'new', { companyId: 42 });
    expect(plain(sent)).toEqual({ Authorization: 'Bearer new', 'Procore-Company-Id': '42' });
  });

  test.each(['7', 7])('have the company that the call names (%o)', (named) => {
    const sent = headersToSend({ 'procore-company-id': named }, 'new', { companyId: 42 });
    expect(plain(sent)).toEqual({ Authorization: 'Bearer new', 'procore-company-id': named });
  });

  test.each([undefined, null, false, ''])(
    'have the idempotency token where the call has none (%o)',
    (none) => {
      const sent = headersToSend({ 'IDEMPOTENCY-token': none }, 'new', { idempotencyToken: 'once' });
      expect(plain(sent)).toEqual({ Authorization: 'Bearer new', 'Idempotency-Token': 'once' });
    },
  );

  test('have the idempotency token of the call', () => {
    const sent = headersToSend({ 'IDEMPOTENCY-token': 'own' }, 'new', { idempotencyToken: 'once' });
    expect(plain(sent)).toEqual({ Authorization: 'Bearer new', 'IDEMPOTENCY-token': 'own' });
  });

  test('need none to begin with', () => {
    expect(plain(headersToSend(undefined, 'new', {}))).toEqual({ Authorization: 'Bearer new' });
  });
});

test('what is ours is stripped on a redirect elsewhere', () => {
  const ours = { 'procore-company-id': '42', 'Idempotency-Token': 'once' };
  const headers = { AUTHORIZATION: 'Bearer x', ...ours, Accept: 'x' };
  strip(headers, true);
  expect(headers).toEqual({ Accept: 'x' });
});
