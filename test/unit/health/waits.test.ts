import { expect, test } from 'vitest';
import { createWaits } from '../../../src/health/waits.js';

const wait = (reason: string, sinceMs: number, waitedMs: number) => ({ reason, sinceMs, waitedMs });

test('what a call has waited is shared among its waits: each ended at the latest when the next began', () => {
  const waits = createWaits();
  waits.begins('a', 'token', 1_000);
  waits.begins('a', 'rate-limit', 1_300);
  expect(waits.until('a', 900, true)).toEqual([wait('token', 1_000, 300), wait('rate-limit', 1_300, 600)]);
});

test('what was given before a repetition is not given again', () => {
  const waits = createWaits();
  waits.begins('a', 'retry', 0);
  expect(waits.until('a', 500, false)).toEqual([wait('retry', 0, 500)]);
  waits.begins('a', 'token', 2_000);
  expect(waits.until('a', 700, true)).toEqual([wait('token', 2_000, 200)]);
});

test('a wait that has taken no time is none, and so is that of a call that nobody told of', () => {
  const waits = createWaits();
  waits.begins('a', 'token', 0);
  expect(waits.until('a', 0, true)).toEqual([]);
  expect(waits.until('b', 100, true)).toEqual([]);
});

test('calls do not mix, and one that has ended is forgotten', () => {
  const waits = createWaits();
  waits.begins('a', 'token', 0);
  waits.begins('b', 'retry', 0);
  expect(waits.until('b', 5, true)).toEqual([wait('retry', 0, 5)]);
  expect(waits.until('b', 9, true)).toEqual([]);
  expect(waits.until('a', 7, true)).toEqual([wait('token', 0, 7)]);
});
