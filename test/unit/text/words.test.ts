import { expect, test } from 'vitest';
import { codeOf, described, failureOf } from '../../../src/text/words.js';

const unreadable = {
  get code(): string {
    throw new Error('no code');
  },
};

test.each<[string, unknown, string]>([
  ['a code', Object.assign(new Error('no room for abc'), { code: 'ENOSPC' }), 'ENOSPC'],
  ['a class', new RangeError('abc'), 'RangeError'],
  ['a code below', new Error('abc', { cause: { code: 'EACCES' } }), 'EACCES'],
  ['what is no code below', new Error('abc', { cause: { code: 'abc' } }), 'Error'],
  ['a sentence for a code', Object.assign(new Error('abc'), { code: 'not a code' }), 'Error'],
  ['nothing', undefined, 'undefined'],
  ['a text', 'abc', 'string'],
  ['what cannot be read', unreadable, 'object'],
  ['what cannot be read below', new Error('abc', { cause: unreadable }), 'Error'],
  [
    'a code that cannot be read, and a name',
    Object.assign(Object.create(unreadable), { name: 'Odd' }),
    'object',
  ],
])('an error with %s', (_what, error, word) => {
  expect(codeOf(error)).toBe(word);
});

const jwt = 'eyJhbGciOiJFUzUxMiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl';
const token = '76ba9d03cbd0e0a8e9a4b2f1c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f6';
const half = token.slice(0, 24);

test.each<[string, unknown, string]>([
  [
    'a refused connection',
    errorWith('connect ECONNREFUSED 10.0.0.7:5432', 'ECONNREFUSED'),
    'connect ECONNREFUSED 10.0.0.7:5432',
  ],
  [
    'a missing table',
    errorWith('relation "procore_tokens" does not exist', '42P01'),
    'relation "procore_tokens" does not exist',
  ],
  [
    'a wrong password',
    errorWith('password authentication failed for user "app"', '28P01'),
    'password authentication failed for user "app"',
  ],
  [
    'a missing host',
    errorWith('getaddrinfo ENOTFOUND db-1.internal.example.com', 'ENOTFOUND'),
    'getaddrinfo ENOTFOUND db-1.internal.example.com',
  ],
  [
    'a path',
    new Error("EACCES: permission denied, open '/var/lib/app1/tokens.json'"),
    "open '/var/lib/app1/tokens.json'",
  ],
  [
    'several lines',
    new Error('Invalid invocation:\n\n  the column is missing.'),
    'Invalid invocation: the column is missing',
  ],
])('%s is told in its own words', (_what, error, words) => {
  expect(failureOf(error)).toBe(
    `(${codeOf(error)}): ${(error as Error).message.replace(/\s+/g, ' ').replace(/\.$/, '')}`,
  );
  expect(failureOf(error)).toContain(words);
});

test.each<[string, string]>([
  ['a token', `cannot read ${token}`],
  ['half a token', `cannot read ${half}`],
  ['a token in JSON', `bad row {"access_token":"${half}","refresh_token":"${half}"}`],
  ['a JWT', `bad row ${jwt}`],
  ['a bearer', `Authorization: Bearer ${half}`],
  ['an address with a password', `cannot connect to postgres://app:${half}@db:5432/app`],
  ['a row that a constraint refuses', `new row violates check; Failing row contains (ann, ${half}, null).`],
  ['a key that is there twice', `Key (refresh_token)=(${half}) already exists.`],
  ['a statement with its values', `insert into "tokens" values ('ann', '${half.slice(0, 14)}') - disk full`],
  ['base64', `cannot read ${Buffer.from(token, 'hex').toString('base64')}`],
])('of a message that quotes %s, that is not told', (_what, message) => {
  const told = failureOf(new Error(message));
  expect(told).not.toContain(half.slice(0, 14));
  expect(told).not.toContain(jwt.slice(-10));
  expect(told).toContain('[redacted]');
});

test('text that a parser quotes is redacted, however short it is', () => {
  for (const text of ['s3cret', '{"access_token": s3cret}', `{"a":"${'s3cret'.repeat(9)}`]) {
    let thrown: unknown;
    try {
      JSON.parse(text);
    } catch (error) {
      thrown = error;
    }
    expect(failureOf(thrown)).toMatch(/^\(SyntaxError\): /);
    expect(failureOf(thrown)).not.toContain('s3cret');
  }
});

test('known tokens are redacted, however short they are', () => {
  expect(failureOf(new Error('cannot keep refresh-1 of ann'), ['refresh-1'])).toBe(
    '(Error): cannot keep [redacted] of ann',
  );
});

test('a long message is cut between words; one that cannot be read, and none, are no harm', () => {
  const long = failureOf(new Error('word '.repeat(200)));
  expect(long.length).toBeLessThan(320);
  expect(long).toMatch(/ word …$/);
  expect(failureOf(unreadable)).toBe('(object)');
  expect(failureOf(new Error(''))).toBe('(Error)');
  expect(failureOf('token abc')).toBe('(string)');
});

function errorWith(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}

test.each<[unknown, string]>([
  [undefined, 'missing'],
  [null, 'null'],
  ['', 'an empty string'],
  [' ', 'a string of white space'],
  ['s3cret', 'a string of length 6'],
  [17, '17 (number)'],
  [false, 'false (boolean)'],
  [[1], 'an array'],
  [{}, 'an object'],
  [Promise.resolve(), 'a promise'],
  [class {}, 'a class'],
  [() => 1, 'a function'],
  [1n, 'a bigint'],
])('%s is described as %s', (value, words) => {
  expect(described(value)).toBe(words);
});
