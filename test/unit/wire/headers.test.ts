import { AxiosHeaders } from 'axios';
import { describe, expect, test } from 'vitest';
import { bearerOf, dressed, headerOf, undress } from '../../../src/wire/headers.js';

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

describe('what a call wears', () => {
  test('is our bearer instead of its own, whatever the case, and everything else of its own', () => {
    const own = { AUTHORIZATION: 'Bearer old', authorization: 'Basic x', Accept: 'text/plain' };
    const worn = dressed(own, 'new', undefined);
    expect(plain(worn)).toEqual({ Accept: 'text/plain', Authorization: 'Bearer new' });
    expect(own).toEqual({ AUTHORIZATION: 'Bearer old', authorization: 'Basic x', Accept: 'text/plain' });
  });

  test("stays an object of axios's kind", () => {
    const own = new AxiosHeaders({ Accept: 'text/plain', Authorization: 'Bearer old' });
    const worn = dressed(own, 'new', '42') as AxiosHeaders;
    expect(worn).toBeInstanceOf(AxiosHeaders);
    expect(worn.get('authorization')).toBe('Bearer new');
    expect(worn.get('procore-company-id')).toBe('42');
    expect(own.get('authorization')).toBe('Bearer old');
  });

  test.each([undefined, null, false, ''])('is the company where the call names none (%o)', (none) => {
    const worn = dressed({ 'procore-company-id': none }, 'new', 42);
    expect(plain(worn)).toEqual({ Authorization: 'Bearer new', 'Procore-Company-Id': '42' });
  });

  test.each(['7', 7])('is the company that the call names (%o)', (named) => {
    const worn = dressed({ 'procore-company-id': named }, 'new', 42);
    expect(plain(worn)).toEqual({ Authorization: 'Bearer new', 'procore-company-id': named });
  });

  test('needs no headers to begin with', () => {
    expect(plain(dressed(undefined, 'new', undefined))).toEqual({ Authorization: 'Bearer new' });
  });
});

test('what is ours does not go along on a redirect elsewhere', () => {
  const headers = { AUTHORIZATION: 'Bearer x', 'procore-company-id': '42', Accept: 'x' };
  undress(headers, true);
  expect(headers).toEqual({ Accept: 'x' });
});
