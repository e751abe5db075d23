import { AxiosError } from 'axios';
import { expect, test } from 'vitest';
import { nextTry } from '../../../examples/webhooks/queue.js';

const now = new Date('2026-01-01T00:00:00Z');
const waitMs = (error: unknown, attempts: number) => {
  const at = nextTry(error, attempts, now);
  return at && at.getTime() - now.getTime();
};
const failed = (retryAt?: Date) =>
  Object.assign(new AxiosError('failed'), { procore: { kind: 'server', mayHaveRun: 'no', retryAt } });

test.each([
  [1, 2_000],
  [2, 4_000],
  [11, 2_048_000],
  [12, 3_600_000],
  [179, 3_600_000],
  [180, undefined],
])('after attempt %i, in which a call has failed, an event waits %s ms', (attempts, expectedMs) => {
  expect(waitMs(failed(), attempts)).toBe(expectedMs);
});

test.each([
  [1, 2_000],
  [9, 512_000],
  [10, undefined],
  [11, undefined],
])('after attempt %i, in which something else has failed, an event waits %s ms', (attempts, expectedMs) => {
  expect(waitMs(new SyntaxError('Unexpected token'), attempts)).toBe(expectedMs);
});

test.each([
  [60_000, 1, 60_000],
  [1_000, 1, 2_000],
])(
  'where Procore takes calls again in %i ms, attempt %i is followed by one in %i ms',
  (inMs, attempts, expectedMs) => {
    expect(waitMs(failed(new Date(now.getTime() + inMs)), attempts)).toBe(expectedMs);
  },
);
