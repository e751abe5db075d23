import { describe, expect, test } from 'vitest';
import { createLimitedServer, type Counting, type Limit } from './support/server.js';
import { drive } from './support/traffic.js';

const spike: Limit = { limit: 25, windowMs: 10_000 };
/** A long limit that runs out together with some short one, as the hourly one does. */
const long: Limit = { limit: 110, windowMs: 60_000 };
const skews = [0, 600_000, -600_000, 123_457];
const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const fixed: [string, Counting][] = [
  ['windows of the clock', { kind: 'aligned', phaseMs: 0 }],
  ['windows that begin within a second', { kind: 'aligned', phaseMs: 3_456 }],
  ['windows that begin with a call', { kind: 'first-call' }],
];
const sliding: [string, Counting][] = [
  ['a sliding window, reset when its oldest call leaves', { kind: 'sliding', reset: 'first' }],
  ['a sliding window, reset when its newest call leaves', { kind: 'sliding', reset: 'last' }],
];
const brisk = [2, 60] as const;
const slow = [100, 1_500] as const;
const twoHundred = { calls: 200, concurrency: 20 };

describe('200 calls, 20 at a time, under 25 calls in ten seconds: no 429', () => {
  test.each(fixed)(
    '%s: drained in 1.05 times the minimum and half a second per window',
    async (_, counting) => {
      for (const seed of seeds) {
        const server = createLimitedServer(counting, [spike]);
        const skewMs = skews[seed % 4]!;
        const outcome = await drive({ ...twoHundred, server, skewMs, latencyMs: brisk, seed });
        expect(server.refused, `seed ${seed}`).toBe(0);
        expect(server.served).toBe(200);
        expect(outcome.elapsedMs).toBeLessThanOrEqual(
          1.05 * (minimumMs(counting, outcome.startMs + skewMs) + 8 * 500),
        );
        expect(outcome.env.sleeping).toBe(0);
      }
    },
  );

  test.each([...fixed, ...sliding])('%s: however slow the answers', async (_, counting) => {
    for (const seed of seeds) {
      const server = createLimitedServer(counting, [spike]);
      const { env } = await drive({ ...twoHundred, server, skewMs: skews[seed % 4]!, latencyMs: slow, seed });
      expect([server.refused, server.served, env.sleeping], `seed ${seed}`).toEqual([0, 200, 0]);
    }
  });

  test.each([...fixed, ...sliding])(
    '%s: with a long limit beside it, of which no answer tells in time',
    async (_, counting) => {
      for (const seed of seeds) {
        const server = createLimitedServer(counting, [spike, long]);
        const { env } = await drive({
          ...twoHundred,
          server,
          skewMs: skews[seed % 4]!,
          latencyMs: brisk,
          seed,
        });
        expect([server.refused, server.served, env.sleeping], `seed ${seed}`).toEqual([0, 200, 0]);
      }
    },
  );

  test.each([...fixed, ...sliding])('%s: when one in ten is given up in flight', async (_, counting) => {
    for (const seed of seeds) {
      const server = createLimitedServer(counting, [spike]);
      await drive({ ...twoHundred, server, skewMs: 0, latencyMs: brisk, seed, lost: 0.1 });
      expect([server.refused, server.served], `seed ${seed}`).toEqual([0, 200]);
    }
  });
});

describe('a limit that shrinks from 25 to 10 on the way', () => {
  test.each([...fixed, ...sliding])(
    "%s: at most one window's worth of 429s, then none",
    async (_, counting) => {
      for (const seed of seeds) {
        const server = createLimitedServer(counting, [spike]);
        const { statuses } = await drive({
          ...twoHundred,
          server,
          skewMs: skews[seed % 4]!,
          latencyMs: brisk,
          seed,
          before: (judged) => {
            if (judged === 50 + seed * 3) server.limits = [{ ...spike, limit: 10 }];
          },
        });
        expect(server.served).toBe(200);
        expect(server.refused, `seed ${seed}`).toBeLessThanOrEqual(spike.limit);
        const refusals = statuses.flatMap((status, index) => (status === 429 ? [index] : []));
        // All of them among calls that were in flight together.
        if (refusals.length > 0) expect(refusals.at(-1)! - refusals[0]!).toBeLessThanOrEqual(20);
      }
    },
  );
});

/** The first call of the eighth window leaves when that window begins. */
function minimumMs(counting: Counting, serverStartMs: number): number {
  if (counting.kind !== 'aligned') return 7 * spike.windowMs;
  return 7 * spike.windowMs - ((serverStartMs - counting.phaseMs) % spike.windowMs);
}
