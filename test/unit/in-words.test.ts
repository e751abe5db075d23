import { expect, test } from 'vitest';
import { codeOf } from '../../src/in-words.js';

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
