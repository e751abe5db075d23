import { AxiosHeaders } from 'axios';
import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../../src/wire/answer.js';
import { noRateLimit } from '../../../src/wire/rate-limit.js';

const rateLimitIn = (headers: object | undefined) => readAnswer(200, headers).rateLimit;
const told = { limit: 600, remaining: 589, resetMs: 1_800_000_000_000 };

describe('rate limit headers', () => {
  test.each([
    [
      'as Node gives them',
      { 'x-rate-limit-limit': '600', 'x-rate-limit-remaining': '589', 'x-rate-limit-reset': '1800000000' },
    ],
    [
      'as Procore writes them',
      { 'X-Rate-Limit-Limit': '600', 'X-Rate-Limit-Remaining': '589', 'X-Rate-Limit-Reset': '1800000000' },
    ],
    [
      'with blanks',
      {
        'x-rate-limit-limit': ' 600 ',
        'x-rate-limit-remaining': '589 ',
        'x-rate-limit-reset': ' 1800000000',
      },
    ],
    [
      'as numbers of a mock',
      { 'x-rate-limit-limit': 600, 'x-rate-limit-remaining': 589, 'x-rate-limit-reset': 1800000000 },
    ],
    [
      "in axios's own object",
      new AxiosHeaders({
        'X-Rate-Limit-Limit': '600',
        'X-Rate-Limit-Remaining': '589',
        'X-Rate-Limit-Reset': '1800000000',
      }),
    ],
  ])('are read %s', (_, headers) => {
    expect(rateLimitIn(headers)).toEqual(told);
  });

  test.each([undefined, {}, { date: 'now' }])('are not there: %j', (headers) => {
    expect(rateLimitIn(headers)).toBe(noRateLimit);
  });

  test.each(['', 'soon', '-1', '1.5', '1e3', 'NaN', 'Infinity', '9'.repeat(30), null, true, ['1'], {}])(
    'that are invalid are ignored: %j',
    (value) => {
      expect(rateLimitIn({ 'x-rate-limit-remaining': value, 'x-rate-limit-limit': value })).toBe(noRateLimit);
      expect(rateLimitIn({ 'x-rate-limit-remaining': '5', 'x-rate-limit-reset': value })).toEqual({
        limit: undefined,
        remaining: 5,
        resetMs: undefined,
      });
    },
  );

  test('may have a remaining of 0, but no limit of 0', () => {
    expect(rateLimitIn({ 'x-rate-limit-remaining': '0', 'x-rate-limit-limit': '0' })).toEqual({
      limit: undefined,
      remaining: 0,
      resetMs: undefined,
    });
  });
});
