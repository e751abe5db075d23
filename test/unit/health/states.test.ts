import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scoreOf, stateOfDay, stateOfWindow, worstOf, type DayState } from '../../../src/health/states.js';

const thresholds = { warning: { calls: 3, share: 0.01 }, critical: { calls: 10, share: 0.05 } };
/** 14 days, of which those so many days ago are as given. */
const days = (some: Record<number, DayState>): DayState[] =>
  Array.from({ length: 14 }, (_, index) => some[13 - index] ?? 'Healthy');

test.each([
  [0, 0, 'Healthy'],
  [0, 1000, 'Healthy'],
  [2, 2, 'Healthy'],
  [3, 300, 'Warning'],
  [3, 301, 'Healthy'],
  [9, 9, 'Warning'],
  [10, 200, 'Critical'],
  [10, 201, 'Warning'],
  [49, 1000, 'Warning'],
  [50, 1000, 'Critical'],
])('%i of %i calls make a day %s: both the number and the share count', (calls, total, state) => {
  expect(stateOfDay(calls, total, thresholds)).toBe(state);
});

test.each<[string, Record<number, DayState>, string]>([
  ['nothing', {}, 'Healthy'],
  ['one warning today', { 0: 'Warning' }, 'Healthy'],
  ['warnings today and yesterday', { 0: 'Warning', 1: 'Warning' }, 'Review Recommended'],
  ['two warnings long ago', { 12: 'Warning', 13: 'Warning' }, 'Healthy'],
  ['a critical day today', { 0: 'Critical' }, 'Needs Attention'],
  ['a critical day yesterday', { 1: 'Critical' }, 'Review Recommended'],
  ['a critical day that leaves the window tomorrow', { 13: 'Critical' }, 'Review Recommended'],
  ['critical days again and again', { 3: 'Critical', 5: 'Critical', 7: 'Critical' }, 'Needs Attention'],
])('a window with %s', (_, some, state) => {
  expect(stateOfWindow(days(some))).toBe(state);
});

test('a fortnight of warnings without a critical day is no more than Review Recommended', () => {
  expect(stateOfWindow(Array.from({ length: 14 }, () => 'Warning'))).toBe('Review Recommended');
});

test('the score is between 0 and 1, and a bad day weighs more the newer it is', () => {
  const state = fc.constantFrom<DayState>('Critical', 'Warning', 'Healthy');
  fc.assert(
    fc.property(fc.array(state, { minLength: 14, maxLength: 14 }), (some) => {
      expect(scoreOf(some)).toBeGreaterThanOrEqual(0);
      expect(scoreOf(some)).toBeLessThanOrEqual(1);
    }),
  );
  for (let ago = 1; ago < 14; ago++)
    expect(scoreOf(days({ [ago - 1]: 'Critical' }))).toBeGreaterThan(scoreOf(days({ [ago]: 'Critical' })));
});

test('the worst state of several is told, and an unknown one hides nothing', () => {
  expect(worstOf(['Healthy', 'Needs Attention', 'Unknown'])).toBe('Needs Attention');
  expect(worstOf(['Healthy', 'Unknown', 'Review Recommended'])).toBe('Review Recommended');
  expect(worstOf(['Unknown', 'Healthy'])).toBe('Healthy');
  expect(worstOf([])).toBe('Unknown');
});
