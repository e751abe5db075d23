import { describe, expect, test } from 'vitest';
import { isThrottled, retryAfterMs, serverJitterMs } from '../../../src/wire/server-wait.js';

const nowMs = Date.UTC(2030, 0, 1);
const yearMs = 365 * 24 * 60 * 60 * 1000;

describe('Retry-After', () => {
  test.each<[unknown, number]>([
    ['5', 5_000],
    [' 5 ', 5_000],
    ['0', 0],
    ['1.5', 1_500],
    [5, 5_000],
    ['007', 7_000],
    [String(30 * 24 * 3600), 30 * 24 * 3600 * 1000],
    ['Tue, 01 Jan 2030 00:00:09 GMT', 9_000],
    ['Tuesday, 01-Jan-30 00:00:09 GMT', 9_000],
    ['tue, 01 jan 2030 00:00:09 gmt', 9_000],
    ['Mon, 31 Dec 2029 23:59:59 GMT', 0],
  ])('%o is a wait of %i ms', (header, expected) => {
    expect(retryAfterMs(header, nowMs)).toBe(expected);
  });

  test.each([
    undefined,
    null,
    '',
    ' ',
    '-5',
    -5,
    NaN,
    '1e3',
    '0x10',
    '5 seconds',
    'Retry in 5',
    'soon',
    'Infinity',
    Infinity,
    '5, 5',
    '2030-13-45T00:00:00Z',
    'Tue, 99 Foo 2030 00:00:00 GMT',
    true,
    {},
    ['5'],
  ])('%o is garbage', (header) => {
    expect(retryAfterMs(header, nowMs)).toBeUndefined();
  });

  test.each(['99999999999', '9'.repeat(400), 1e20, 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    '%s counts as a year: the moment stays a valid date',
    (header) => {
      expect(retryAfterMs(header, nowMs)).toBe(yearMs);
      expect(() => new Date(nowMs + retryAfterMs(header, nowMs)!).toISOString()).not.toThrow();
    },
  );
});

test("jitter on the server's wait is on top, never below: up to a tenth, between 0.1 and 1 s", () => {
  expect([0, 500, 5_000, 60_000].map((waitMs) => serverJitterMs(waitMs, 1))).toEqual([100, 100, 500, 1_000]);
  expect(serverJitterMs(60_000, 0)).toBe(0);
});

test.each<[number, number | undefined, boolean]>([
  [429, undefined, true],
  [429, 0, true],
  [503, 0, true],
  [503, undefined, false],
  [500, 1_000, false],
])('an answer with status %i and a Retry-After of %o ms throttles its call: %o', (status, retryAfter, is) => {
  expect(isThrottled(status, retryAfter)).toBe(is);
});
