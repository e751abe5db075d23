import { describe, expect, test } from 'vitest';
import { wrongIn, wrongOptions, wrongValue, type Fields } from '../../../src/text/fields.js';

const size = {
  known: { width: [(value: unknown) => typeof value === 'number', 'a number of pixels'] },
  needed: ['width'],
} as const;
const fields: Fields = {
  known: {
    name: [(value) => typeof value === 'string', 'a text', (value) => (value === 5 ? 'Spell it' : undefined)],
    size: [(value) => value === false || typeof value === 'object', 'false or an object', undefined, size],
  },
};
const wrong = (given: object) => wrongIn('paint', given, fields);

describe('the options of a function', () => {
  test.each([
    [{}],
    [{ name: 'a' }],
    [{ name: undefined, size: undefined }],
    [{ size: { width: 1 } }],
    [{ size: false }],
  ])('%j are right', (given) => {
    expect(wrong(given)).toBeUndefined();
  });

  test.each([
    [{ name: 5 }, 'paint: option "name" is 5 (number); it takes a text. Spell it.'],
    [{ name: 'a', size: 7 }, 'paint: option "size" is 7 (number); it takes false or an object.'],
    [
      { size: { width: '1' } },
      'paint: option "size.width" is a string of length 1; it takes a number of pixels.',
    ],
    [{ size: {} }, 'paint: option "size.width" is missing; it takes a number of pixels.'],
    [
      { size: { widht: 'x' } },
      'paint: option "size.widht" does not exist; known are width. Did you mean "width"?',
    ],
    [{ colour: 'red' }, 'paint: option "colour" does not exist; known are name, size.'],
    [{ toString: 1 }, 'paint: option "toString" does not exist; known are name, size.'],
  ])('%j are wrong, and the message says which, what it is and what it takes', (given, message) => {
    expect(wrong(given)).toBe(message);
  });

  test.each([
    [undefined, 'missing'],
    [null, 'null'],
    [[], 'an array'],
    ['text', 'a string of length 4'],
    [() => ({}), 'a function'],
  ])('%j are no options at all', (given, what) => {
    expect(wrongOptions('paint', given, '{ name }', fields)).toBe(
      `paint: option "options" is ${what}; it takes { name }.`,
    );
  });

  test('a promise of options is to be awaited', () => {
    expect(wrongOptions('paint', Promise.resolve({}), '{ name }', fields)).toBe(
      'paint: option "options" is a promise; it takes { name }. Await it first.',
    );
  });
});

test("an object of the application's own may have more, and inherit what it has", () => {
  class Store {
    other = 1;
    lock(): void {}
  }
  const known: Fields['known'] = { lock: [(value) => typeof value === 'function', 'a function'] };
  expect(wrongIn('paint', new Store(), { known, needed: ['lock'], isOpen: true })).toBeUndefined();
  const broken = Object.assign(new Store(), { lock: 1 });
  expect(wrongIn('paint', broken, { known, isOpen: true }, 'store.')).toBe(
    'paint: option "store.lock" is 1 (number); it takes a function.',
  );
});

test.each(['clientSecret', 'access_token', 'password', 'keys[0].key', 'key'])(
  'a number is not quoted where it may be the secret: %s',
  (option) => {
    expect(wrongValue('paint', option, 40_417, 'a text')).toBe(
      `paint: option "${option}" is a number; it takes a text.`,
    );
  },
);
