import { expect, test } from 'vitest';
import { messageOf, plainWords } from '../../../src/settings/foreign.js';

test.each([
  'no such luck',
  "Cannot find module './config.cjs'",
  "Cannot find module '@acme/procore-options'",
  "Cannot read properties of undefined (reading 'store')",
  'connect ECONNREFUSED',
  'maxWaitMs must be a number, 30 at most.',
  "ENOENT: no such file or directory, open '/var/lib/app/options.json'",
  'The token file was not found',
])('plain language stays: %s', (message) => {
  expect(plainWords(message)).toEqual({ text: message, whole: true });
});

test.each([
  ['bad secret: hunter2', 'hunter2'],
  ['wrong password hunter', 'hunter'],
  ['the client secret is "correcthorse"', 'correcthorse'],
  ['cannot log in as s3cr', 's3cr'],
  ['refused: aB3dE5gH', 'aB3dE5gH'],
  ['refused: kJhGfDsA', 'kJhGfDsA'],
  ['no such pin 4711', '4711'],
  ['connect redis://:hunter@cache:6379', 'hunter'],
  ['unexpected {"clientSecret":"abcd"}', 'abcd'],
  ['planted-in-config is wrong', 'planted'],
  ['got 9f86d081884c7d659a2feaa0c55ad015', '9f86'],
  ['got wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalr'],
  ['got a%2Fb%3Dc', '%2F'],
  ['first line\nsecond hunter', 'hunter'],
])('of %j what may be a secret goes', (message, secret) => {
  expect(plainWords(message).text).not.toContain(secret);
});

test('says whether words were removed, with one mark for neighbouring words', () => {
  expect(plainWords('got a1b2c3 d4e5f6 here')).toEqual({ text: 'got […] here', whole: false });
});

test('keeps the beginning of a very long message', () => {
  const { text, whole } = plainWords('on and '.repeat(1_000));
  expect([text.length < 400, whole]).toEqual([true, false]);
});

test('whatever is thrown has a message', () => {
  const silent = Object.defineProperty({}, 'message', {
    get() {
      throw new Error('no');
    },
  });
  for (const thrown of [undefined, null, 5, Symbol('x'), {}, { message: 5 }, silent])
    expect(messageOf(thrown)).toMatch(/^it threw /);
  expect(messageOf('a text')).toBe('a text');
  expect(messageOf(new Error('an error'))).toBe('an error');
});
