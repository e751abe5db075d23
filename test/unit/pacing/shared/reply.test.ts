import { expect, test } from 'vitest';
import type { Reply } from '../../../../src/pacing/shared/exchange.js';
import { replyOf } from '../../../../src/pacing/shared/reply.js';

const reply: Reply = {
  epoch: 'm1.1',
  granted: 2,
  validMs: 10_000,
  isFirst: true,
  ahead: -1,
  opensInMs: undefined,
  status: undefined,
  askAgainInMs: 50,
  limit: undefined,
  left: undefined,
  resetInMs: undefined,
  issued: 7,
  outstanding: 3,
};
const full: Reply = { ...reply, opensInMs: 1_000, status: 429, limit: 100, left: 0, resetInMs: 500 };

test('a reply is read as it is, whether the fields that it need not have are missing or empty', () => {
  expect(replyOf(full)).toEqual(full);
  expect(replyOf(JSON.parse(JSON.stringify(reply)))).toEqual(reply);
  expect(replyOf({ ...reply, limit: null, opensInMs: null, more: 'of it' })).toEqual(reply);
});

test('nobody changes a reply once it was read', () => {
  const answer = { ...full };
  const read = replyOf(answer);
  answer.granted = 99;
  expect(read).toEqual(full);
});

test.each<[keyof Reply, unknown[]]>([
  ['epoch', [undefined, 1]],
  ['granted', [undefined, -1, 0.5, NaN, '1', null]],
  ['validMs', [undefined, -1, 0, 999, Infinity, 1e13, '10000']],
  ['isFirst', [undefined, 1]],
  ['ahead', [undefined, NaN, '3']],
  ['opensInMs', [-1, NaN, Infinity, '1000', 1e13]],
  ['status', ['429', NaN]],
  ['askAgainInMs', [undefined, -50, NaN, Infinity, 1e13]],
  ['limit', [NaN, '100']],
  ['left', [NaN, {}]],
  ['resetInMs', [-1, 1e16, 'soon']],
  ['issued', [undefined, NaN, '7']],
  ['outstanding', [undefined, Infinity]],
])('what makes no sense as %s is no reply', (field, values) => {
  for (const value of values)
    expect([value, replyOf({ ...full, [field]: value })]).toEqual([value, undefined]);
});

test.each([undefined, null, 'a text', 7, [], true])('%j is no reply', (answer) => {
  expect(replyOf(answer)).toBeUndefined();
});
