import { describe, expect, test } from 'vitest';
import {
  afterFailure,
  fullJitterMs,
  isBackingOff,
  lateSaveDelayMs,
  noBackoff,
  resendDelayMs,
  storeRetryDelayMs,
  type Backoff,
} from '../../../src/time/backoff.js';
import { braked } from '../../../src/token/renewal/refusals.js';

function waits(draw: number, count: number): number[] {
  let backoff: Backoff = noBackoff;
  return Array.from({ length: count }, () => {
    backoff = afterFailure(backoff, 1_000, draw);
    return backoff.untilMs - 1_000;
  });
}

describe('renewals without a verdict', () => {
  test('wait 5 s, doubling to 5 minutes', () => {
    expect(waits(0, 8)).toEqual([5, 10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1000));
  });

  test('wait up to a fifth longer by chance', () => {
    expect(waits(1, 2)).toEqual([6_000, 12_000]);
  });

  test('never wait for ever, however many there were', () => {
    const many = afterFailure({ failures: 5_000, sinceMs: 0, untilMs: 0 }, 0, 0);
    expect(many).toEqual({ failures: 5_001, sinceMs: 0, untilMs: 300_000 });
  });

  test('wait until the moment that the server named, if it is later', () => {
    expect(afterFailure(noBackoff, 1_000, 0, 60_000).untilMs).toBe(60_000);
    expect(afterFailure(noBackoff, 1_000, 0, 2_000).untilMs).toBe(6_000);
  });
});

test('a token is presented again 0.5, 1, 2, 4 and 8 s later at the earliest', () => {
  expect([0, 1, 2, 3, 4, 5, 99].map((attempt) => resendDelayMs(attempt, 0))).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000,
  ]);
  expect(resendDelayMs(0, 1)).toBe(600);
});

test('the store is tried again after 50 ms, doubling to 2 s, by chance in the upper half', () => {
  expect([0, 1, 5, 6, 99].map((attempt) => storeRetryDelayMs(attempt, 1))).toEqual([
    50, 100, 1_600, 2_000, 2_000,
  ]);
  expect(storeRetryDelayMs(0, 0)).toBe(25);
});

test('late saves wait 1 s, doubling to a minute', () => {
  expect([0, 1, 5, 6, 2_000].map((attempt) => lateSaveDelayMs(attempt, 1))).toEqual([
    1_000, 2_000, 32_000, 60_000, 60_000,
  ]);
  expect(lateSaveDelayMs(0, 0)).toBe(800);
});

describe('the brake', () => {
  test('holds for 5 s after a renewal for a 401, doubling to 5 minutes', () => {
    let brake: Backoff = noBackoff;
    const held = Array.from({ length: 8 }, () => {
      brake = braked(brake, 1_000);
      return brake.untilMs - 1_000;
    });
    expect(held).toEqual([5, 10, 20, 40, 80, 160, 300, 300].map((seconds) => seconds * 1000));
    expect(braked({ failures: 5_000, sinceMs: 0, untilMs: 0 }, 0).untilMs).toBe(300_000);
  });

  test('lets go exactly when its time is over', () => {
    const brake = braked(noBackoff, 1_000);
    expect([isBackingOff(brake, 5_999), isBackingOff(brake, 6_000)]).toEqual([true, false]);
    expect(isBackingOff(noBackoff, 0)).toBe(false);
  });

  test('holds on where the clock is corrected by up to a minute, and lets go where it was set back further', () => {
    const brake = braked(noBackoff, 100_000);
    expect([isBackingOff(brake, 40_000), isBackingOff(brake, 39_999)]).toEqual([true, false]);
  });
});

describe('full jitter', () => {
  test('is random between 0 and a step that doubles up to its cap', () => {
    expect([1, 2, 3, 4, 9].map((retry) => fullJitterMs(retry, 500, 3_000, 1))).toEqual([
      500, 1_000, 2_000, 3_000, 3_000,
    ]);
    expect(fullJitterMs(3, 500, 3_000, 0.25)).toBe(500);
    expect(fullJitterMs(3, 500, 3_000, 0)).toBe(0);
  });

  test('never overflows', () => {
    expect(fullJitterMs(5_000, 500, 30_000, 0.5)).toBe(15_000);
  });
});
