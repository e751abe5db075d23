import { describe, expect, test } from 'vitest';
import { unwritableExtra, writableAnswer } from '../../../../src/token/pair/token-set.js';
import { unwritable } from '../../../../src/token/pair/writable.js';

const cyclic: Record<string, unknown> = { name: 'row' };
cyclic['self'] = { in: [cyclic] };
const shared = { since: 2019 };
const throwing = {
  toJSON() {
    throw new Error('secret-in-a-message');
  },
};

describe('cannot be written', () => {
  test.each<[string, unknown, string]>([
    ['a BigInt', 5n, 'a BigInt'],
    ['a BigInt somewhere inside', { rows: [{ id: 5n }] }, 'a BigInt'],
    ['a boxed BigInt', Object(5n), 'an object that JSON.stringify refuses'],
    ['a function', () => 1, 'a function'],
    ['a method of an object', { save() {} }, 'a function'],
    ['a class', class Row {}, 'a function'],
    ['a symbol', Symbol('x'), 'a symbol'],
    ['a symbol in a list', [Symbol('x')], 'a symbol'],
    ['an object that refers to itself', cyclic, 'an object that refers to itself'],
    ['an object whose toJSON throws', throwing, 'an object that JSON.stringify refuses, by a toJSON'],
    [
      'an object whose getter throws',
      Object.defineProperty({}, 'lazy', {
        enumerable: true,
        get: () => {
          throw new Error('not loaded');
        },
      }),
      'an object that JSON.stringify refuses',
    ],
    ['a Proxy that is revoked', revoked(), 'an object that JSON.stringify refuses'],
    ['what toJSON makes a BigInt of', { toJSON: () => 5n }, 'a BigInt'],
  ])('%s', (_what, value, why) => {
    expect(unwritable(value)).toMatch(why);
  });
});

describe('can be written', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['a number', 1.5],
    ['a date', new Date(0)],
    ['bytes', Buffer.from('x')],
    ['an object that occurs twice, not inside of itself', [shared, { shared }, [shared, shared]]],
    ['a BigInt that tells itself as a text', { toJSON: () => '5' }],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 })],
  ])('%s', (_what, value) => {
    expect(unwritable(value)).toBeUndefined();
  });
});

test('the field that cannot be written is named, and nothing of it is quoted', () => {
  const set = { access_token: 'a', refresh_token: 'r', note: 'mine', row_id: { nested: 77n } };
  expect(unwritableExtra(set)).toBe('an object whose "row_id" is a BigInt');
});

test("times as BigInt, which a driver makes of a table's column, are no reason to refuse a set", () => {
  const set = { access_token: 'a', created_at: 1_700_000_000n, expires_at: 1n, expires_in: 5_400n };
  expect(unwritableExtra(set as never)).toBeUndefined();
});

test('of a new answer the tokens are kept, whatever came with them', () => {
  const answer = {
    access_token: 'a',
    refresh_token: 'r',
    expires_in: 5_400n,
    raw: cyclic,
    id: 1n,
    note: 'x',
  };
  expect(writableAnswer(answer as never)).toEqual({
    access_token: 'a',
    refresh_token: 'r',
    expires_in: 5_400,
    note: 'x',
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
