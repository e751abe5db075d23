import { AxiosError } from 'axios';
import { expect, test } from 'vitest';
import { nextTry } from '../../../examples/webhooks/queue.js';

const now = new Date('2026-01-01T00:00:00Z');
const waitMs = (error: unknown, attempts: number) => nextTry(error, attempts, now).getTime() - now.getTime();

test.each([
  [1, 2_000],
  [2, 4_000],
  [11, 2_048_000],
  [12, 3_600_000],
  [5_000, 3_600_000],
])('after attempt %i an event waits %i ms', (attempts, expectedMs) => {
  expect(waitMs(new Error('no'), attempts)).toBe(expectedMs);
});

test.each([
  [60_000, 1, 60_000],
  [1_000, 1, 2_000],
])(
  'where Procore takes calls again in %i ms, attempt %i is followed by one in %i ms',
  (inMs, attempts, expectedMs) => {
    const error = Object.assign(new AxiosError('throttled'), {
      procore: { kind: 'rate-limited', mayHaveRun: 'no', retryAt: new Date(now.getTime() + inMs) },
    });
    expect(waitMs(error, attempts)).toBe(expectedMs);
  },
);
