import { expect, test } from 'vitest';
import { Story } from '../../../src/line/story.js';

test('waits add up, also while one is under way, and the time between them does not count', () => {
  const story = new Story(1_000);
  story.waits(1_100);
  expect(story.waitedMs(1_150)).toBe(50);
  story.goesOn(1_200);
  expect(story.waitedMs(5_000)).toBe(100);
  story.waits(5_000);
  story.goesOn(5_030);
  expect([story.waitedMs(9_000), story.durationMs(9_000)]).toEqual([130, 8_000]);
});

test('a wait that begins during another one is part of it', () => {
  const story = new Story(0);
  story.waits(10);
  story.waits(20);
  story.goesOn(30);
  story.goesOn(40);
  expect(story.waitedMs(50)).toBe(20);
});

test('a clock that is set back makes no negative time', () => {
  const story = new Story(1_000);
  story.waits(1_100);
  story.goesOn(500);
  expect([story.waitedMs(400), story.durationMs(400)]).toEqual([0, 0]);
});
