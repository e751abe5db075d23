import { AxiosHeaders } from 'axios';
import { describe, expect, test } from 'vitest';
import { bearerOf, dressed, headerOf, undress } from '../../../src/wire/headers.js';
import { isAnotherUser, liveBearer } from '../../../src/wire/subjects.js';

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
  test.each([
    [{ Authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: 'bearer  abc ' }, 'abc'],
    [{ Authorization: 'Basic abc' }, undefined],
    [{ Authorization: 'Bearer' }, undefined],
    [{ Authorization: 'Bearer a b' }, undefined],
    [{ Authorization: ['Bearer abc'] }, undefined],
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

describe('the user behind a bearer', () => {
  const nowMs = 1_800_000_000_000;
  const jwt = (claims: object) => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

  test.each([
    [
      { sub: '42', exp: 1_800_000_001 },
      { subject: '42', expiresAtMs: 1_800_000_001_000 },
    ],
    [
      { sub: 42, exp: 1_800_000_001 },
      { subject: '42', expiresAtMs: 1_800_000_001_000 },
    ],
    [{ sub: '42', exp: 1_800_000_000 }, undefined],
    [{ sub: '42' }, undefined],
    [{ sub: { id: 42 }, exp: 1_800_000_001 }, undefined],
    [{ exp: 1_800_000_001 }, undefined],
  ])('is told by a JWT that lives: %o', (claims, expected) => {
    expect(liveBearer(jwt(claims), nowMs)).toEqual(expected);
  });

  test('is not told by an opaque token', () => {
    expect(liveBearer('opaque', nowMs)).toBeUndefined();
  });

  test('is another one only while the first is logged in', () => {
    const first = { subject: '1', expiresAtMs: nowMs + 1 };
    const second = { subject: '2', expiresAtMs: nowMs + 9 };
    expect(isAnotherUser(undefined, second, nowMs)).toBe(false);
    expect(isAnotherUser(first, { ...second, subject: '1' }, nowMs)).toBe(false);
    expect(isAnotherUser(first, second, nowMs)).toBe(true);
    expect(isAnotherUser(first, second, nowMs + 1)).toBe(false);
  });
});
