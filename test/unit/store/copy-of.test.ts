import { expect, test } from 'vitest';
import { copyOf } from '../../../src/store/copy-of.js';

test('lists and plain objects in a copy are its own, at any depth', () => {
  const set = { line: { replaced: ['a'], deep: { list: [{ name: 'b' }] } }, none: null, text: 'c' };
  const copy = copyOf(set);
  expect(copy).toEqual(set);
  copy.line.replaced.push('d');
  copy.line.deep.list[0]!.name = 'e';
  expect(set).toEqual({ line: { replaced: ['a'], deep: { list: [{ name: 'b' }] } }, none: null, text: 'c' });
});

test('an object of a class stays what it is', () => {
  const at = new Date(0);
  expect(copyOf({ at, list: [at] })).toEqual({ at, list: [at] });
  expect(copyOf({ at }).at).toBe(at);
});

test('what refers to itself is not copied without end', () => {
  const set: { again?: unknown; list: unknown[] } = { list: [] };
  set.again = set;
  set.list.push(set.list);
  const copy = copyOf(set);
  expect(copy.again).toBe(set);
  expect(copy.list[0]).toBe(set.list);
});
