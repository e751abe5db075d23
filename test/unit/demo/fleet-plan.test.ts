import { describe, expect, test } from 'vitest';
import { emptyTally, sumOf } from '../../../examples/demo/fleet-messages.js';
import { fleetConditionsFor, partsOf } from '../../../examples/demo/fleet-plan.js';
import { fleetMoments, isMidLife } from '../../../examples/demo/surprises.js';

const usual = { durationSeconds: 12, concurrency: 50, lifetimeSeconds: 2.5, requests: 2_000 };

test('four workers share the usual sync', () => {
  expect(partsOf(usual, 4)).toEqual([
    { from: 0, count: 520, concurrency: 13 },
    { from: 520, count: 480, concurrency: 12 },
    { from: 1_000, count: 520, concurrency: 13 },
    { from: 1_520, count: 480, concurrency: 12 },
  ]);
});

test.each([
  [2_000, 50, 1],
  [2_000, 50, 7],
  [61, 3, 3],
  [10_000_000, 10_000, 64],
])('%i calls, %i at a time, in %i parts: each call once, and something for everybody', (...numbers) => {
  const [requests, concurrency, workers] = numbers;
  const parts = partsOf({ requests, concurrency }, workers);
  let next = 0;
  for (const { from, count } of parts) {
    expect(from).toBe(next);
    next += count;
  }
  expect(next).toBe(requests);
  expect(parts.reduce((sum, part) => sum + part.concurrency, 0)).toBe(concurrency);
  expect(parts.every((part) => part.concurrency >= 1 && part.count >= 20)).toBe(true);
});

describe('the conditions of a fleet', () => {
  test('the usual run uses up a limit that all workers share, and its outage takes a moment', () => {
    const { rateLimits, latencyMs, outage } = fleetConditionsFor(usual);
    expect(rateLimits).toEqual({ spike: { limit: 400, windowSeconds: 1.75 }, hourly: { limit: 4_000 } });
    // A window is used up in less than half of its time, if the calls in flight take what the server's delay is.
    expect((400 / usual.concurrency) * latencyMs).toBeLessThan(1_750 / 2);
    expect(outage).toEqual({ durationMs: 1_500, retryAfterMs: 1_000 });
  });

  test('slow calls make the outage longer, so that each worker starts one meanwhile; it is asked for twice', () => {
    const { latencyMs, outage } = fleetConditionsFor({ ...usual, durationSeconds: 3_600 });
    expect(outage.durationMs).toBeGreaterThan(latencyMs);
    expect(Math.ceil(outage.durationMs / outage.retryAfterMs)).toBe(2);
    expect(outage.retryAfterMs % 1000).toBe(0);
  });
});

test('the reports of the workers are added up, and the slowest request is the slowest of all', () => {
  const one = { ...emptyTally, succeeded: 3, renewals: 1, slowestMs: 20 };
  const other = { ...emptyTally, succeeded: 4, failed: 1, heldByOutage: 2, adoptions: 1, slowestMs: 10 };
  expect(sumOf([one, other])).toEqual({
    ...emptyTally,
    succeeded: 7,
    failed: 1,
    heldByOutage: 2,
    renewals: 1,
    adoptions: 1,
    slowestMs: 20,
  });
});

test('an outage takes its time, and lasts until no worker is left that has not met it', () => {
  let nowMs = 5_000;
  let hasStruckAll = false;
  const moments = fleetMoments(
    { log: [] },
    {
      lifetimeMs: 1_000,
      outage: { durationMs: 1_500, retryAfterMs: 1_000 },
      hasStruckAll: () => hasStruckAll,
    },
    () => nowMs,
  );
  expect(moments.forOutage()).toBe(true);
  nowMs += 1_500;
  expect(moments.forItsEnd()).toBe(false);
  nowMs += 900;
  hasStruckAll = true;
  expect([moments.forItsEnd(), moments.downForMs]).toEqual([true, 2_400]);
  expect(moments.forOutage()).toBe(true);
  nowMs += 1_499;
  expect(moments.forItsEnd()).toBe(false);
});

describe('a token may be revoked when all have it and nobody renews it', () => {
  const exchange = { atMs: 1_000, kind: 'token', outcome: 'issued' } as const;
  const call = { atMs: 1_100, kind: 'api' } as const;
  const at = (nowMs: number, log: Parameters<typeof isMidLife>[0] = [exchange, call]) =>
    isMidLife(log, { nowMs, lifetimeMs: 1_000 });

  test.each([
    [1_199, false],
    [1_200, true],
    [1_400, true],
    [1_401, false],
  ])('exchanged at 1000 ms, to live for 1000 ms: at %i ms %s', (nowMs, expected) => {
    expect(at(nowMs)).toBe(expected);
  });

  test('and not after an exchange whose answer was lost, nor before the first one', () => {
    expect(at(1_300, [exchange, { ...exchange, fault: 'drop' }])).toBe(false);
    expect(at(1_300, [{ atMs: 1_000, kind: 'token' }])).toBe(false);
    expect(at(1_300, [call])).toBe(false);
  });
});
