import { AxiosHeaders } from 'axios';
import { describe, expect, test } from 'vitest';
import { readAnswer } from '../../../src/wire/answer.js';
import { noRateLimit } from '../../../src/wire/rate-limit.js';

const headers = {
  date: 'Fri, 15 Jan 2027 08:00:00 GMT',
  'retry-after': '5',
  'www-authenticate': 'Bearer error="invalid_token"',
  'x-request-id': 'abc',
  'x-rate-limit-limit': '600',
  'x-rate-limit-remaining': '589',
  'x-rate-limit-reset': '1800000000',
  'content-type': 'application/json',
};
const read = {
  status: 429,
  date: 'Fri, 15 Jan 2027 08:00:00 GMT',
  retryAfter: '5',
  challenge: 'Bearer error="invalid_token"',
  requestId: 'abc',
  rateLimit: { limit: 600, remaining: 589, resetMs: 1_800_000_000_000 },
};
const capitals = Object.fromEntries(
  Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]),
);

describe('the headers of an answer', () => {
  test.each([
    ['as Node gives them', headers],
    ['in capitals', capitals],
    ["in axios's own object", new AxiosHeaders(headers)],
  ])('are read %s', (_how, given) => {
    expect(readAnswer(429, given)).toEqual(read);
  });

  test.each([[undefined], [{}], [{ 'x-rate-limit-other': '1', dates: 'x' }]])(
    'say nothing in %o',
    (given) => {
      expect(readAnswer(200, given)).toEqual({
        status: 200,
        date: undefined,
        retryAfter: undefined,
        challenge: undefined,
        requestId: undefined,
        rateLimit: noRateLimit,
      });
    },
  );

  test('say nothing where reading them throws', () => {
    const headers = Object.defineProperty({ date: 'x' }, 'retry-after', {
      enumerable: true,
      get() {
        throw new Error('mine');
      },
    });
    expect(readAnswer(429, headers)).toMatchObject({ status: 429, date: 'x', retryAfter: undefined });
  });

  test('are read by the first of several spellings', () => {
    expect(readAnswer(429, { 'Retry-After': '1', 'retry-after': '2' }).retryAfter).toBe('1');
  });

  test('have a request id that is a text, and of no more than 200 characters', () => {
    expect(readAnswer(500, { 'x-request-id': ['a', 'b'] }).requestId).toBeUndefined();
    expect(readAnswer(500, { 'x-request-id': 'x'.repeat(300) }).requestId).toHaveLength(200);
  });
});
