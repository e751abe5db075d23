import { describe, expect, test } from 'vitest';
import { conditionsFor } from '../../../examples/demo/limits.js';

const usual = { durationSeconds: 12, concurrency: 50, lifetimeSeconds: 2.5, requests: 2_000 };

test('the usual run has six windows of two seconds, each with head-room', () => {
  expect(conditionsFor(usual).rateLimits).toEqual({
    spike: { limit: 400, windowSeconds: 1.75 },
    hourly: { limit: 4_000 },
  });
});

describe.each([
  usual,
  { ...usual, durationSeconds: 4, requests: 1_000 },
  { ...usual, durationSeconds: 6.1, concurrency: 1, requests: 20 },
  { ...usual, durationSeconds: 3_600, concurrency: 10_000, requests: 200_000 },
])('$requests calls in $durationSeconds s at concurrency $concurrency', (options) => {
  const { rateLimits, latencyMs } = conditionsFor(options);
  const { limit, windowSeconds } = rateLimits.spike;

  test('the limit is used up long before its window ends, even where the machine takes as long again for it', () => {
    const rounds = 1 + limit / options.concurrency;
    expect((rounds * latencyMs) / 1000).toBeLessThan(0.35 * windowSeconds);
  });

  test('a window takes the 401s of a revocation and their replays', () => {
    expect(limit - 1).toBeGreaterThan(2 * options.concurrency);
  });

  test('the hourly limit is never the nearer one', () => {
    const others = 5 * options.concurrency;
    expect(rateLimits.hourly.limit - options.requests - others).toBeGreaterThan(limit);
  });
});
