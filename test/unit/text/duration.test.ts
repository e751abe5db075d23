import { expect, test } from 'vitest';
import { durationInWords } from '../../../src/text/duration.js';

test.each([
  [-5, '0 ms'],
  [0, '0 ms'],
  [0.6, '1 ms'],
  [350, '350 ms'],
  [999.4, '999 ms'],
  [999.6, '1 s'],
  [1_000, '1 s'],
  [1_249, '1.2 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [12_000, '12 s'],
  [99_499, '99 s'],
  [99_500, '2 min'],
  [840_000, '14 min'],
  [99 * 60_000, '99 min'],
  [3 * 3_600_000, '3 h'],
])('%d milliseconds are %s', (ms, words) => {
  expect(durationInWords(ms)).toBe(words);
});
