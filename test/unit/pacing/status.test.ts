import { expect, test } from 'vitest';
import { answered, at, sent, unknownPace, type Answer, type Pace } from '../../../src/pacing/plan.js';
import { statusOfAll, statusOfPace } from '../../../src/pacing/status.js';
import { noRateLimit } from '../../../src/wire/rate-limit.js';

const startMs = 1_800_000_000_000;
const quiet = { waiting: 0, setBackMs: 0 };

/** The pace after calls that were sent and answered one after the other. */
function after(...answers: (Partial<Answer> & { serverOffsetMs?: number })[]): Pace {
  let pace = unknownPace;
  for (const { serverOffsetMs = 0, ...answer } of answers) {
    const next = sent(pace, startMs);
    const heard = { status: 200, rateLimit: noRateLimit, retryAfterMs: undefined, ...answer };
    pace = answered(next.pace, next.sending, heard, { nowMs: startMs, serverOffsetMs, draw: 0 });
  }
  return pace;
}

const told = (limit: number, remaining: number, resetInMs: number) => ({
  rateLimit: { limit, remaining, resetMs: startMs + resetInMs },
});

test('before the first answer there is no status, also where calls are under way', () => {
  expect(statusOfPace(unknownPace, startMs, quiet)).toBeUndefined();
  expect(statusOfPace(sent(unknownPace, startMs).pace, startMs, quiet)).toBeUndefined();
});

test('an answer without rate-limit headers names no limit', () => {
  expect(statusOfPace(after({}), startMs, { ...quiet, waiting: 3 })).toEqual({ waiting: 3 });
});

test('of two limits that one is shown which allows fewer calls', () => {
  const pace = after(told(600, 20, 3_000_000), told(25, 22, 9_000));
  expect(statusOfPace(pace, startMs, quiet)).toMatchObject({ limit: 600, remaining: 19 });
  const other = after(told(600, 500, 3_000_000), told(25, 22, 9_000));
  expect(statusOfPace(other, startMs, quiet)).toMatchObject({ limit: 25, remaining: 22 });
});

test('moments are those of this machine, whatever the server’s clock says and however often this one was set back', () => {
  const pace = after({ ...told(25, 0, 69_000), serverOffsetMs: 60_000 });
  const at9s = new Date(startMs + 9_000);
  expect(statusOfPace(pace, startMs, quiet)).toMatchObject({ resetsAt: at9s, closedUntil: at9s });
  const at8s = new Date(startMs + 8_000);
  const setBack = { ...quiet, setBackMs: 1_000 };
  expect(statusOfPace(pace, startMs, setBack)).toMatchObject({ resetsAt: at8s, closedUntil: at8s });
});

test('no fewer than no calls are left', () => {
  let pace = after(told(25, 1, 9_000));
  for (let calls = 0; calls < 3; calls++) pace = sent(pace, startMs).pace;
  expect(statusOfPace(pace, startMs, quiet)).toMatchObject({ remaining: 0 });
});

test('after a reset of which no answer has told, one call is sure, and no next reset is known', () => {
  const pace = at(after(told(25, 0, 9_000)), startMs + 9_000);
  expect(statusOfPace(pace, startMs + 9_000, quiet)).toEqual({ limit: 25, remaining: 1, waiting: 0 });
});

test('a refusal closes the gate, until it is over', () => {
  const pace = after({ status: 503, retryAfterMs: 5_000 });
  const { closedUntil } = statusOfPace(pace, startMs, quiet)!;
  expect(closedUntil!.getTime()).toBeGreaterThanOrEqual(startMs + 5_000);
  expect(statusOfPace(pace, closedUntil!.getTime(), quiet)).toEqual({ waiting: 0 });
});

test('of several limits the one is shown that holds calls back the longest, and all waiting calls are counted', () => {
  const [soon, late] = [new Date(startMs + 1_000), new Date(startMs + 2_000)];
  const few = { limit: 25, remaining: 1, waiting: 0 };
  const many = { limit: 25, remaining: 20, waiting: 1 };
  const closed = { limit: 600, remaining: 0, waiting: 2, closedUntil: soon };
  const closedLonger = { waiting: 4, closedUntil: late };
  expect(statusOfAll([])).toBeUndefined();
  expect(statusOfAll([many, few])).toEqual({ ...few, waiting: 1 });
  expect(statusOfAll([few, closed, many])).toEqual({ ...closed, waiting: 3 });
  expect(statusOfAll([closedLonger, closed])).toEqual({ ...closedLonger, waiting: 6 });
});
