import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulate, type MakeApi, type Outcome, type Run } from '../../../../bench/simulation/simulate.js';
import { retryAfterMs } from '../../../../src/wire/server-wait.js';
import { readAnswer } from '../../../../src/wire/answer.js';
import { createLimitedServer, type Counting, type Limit } from '../support/server.js';

const spike: Limit = { limit: 25, windowMs: 10_000 };
/** A long limit that runs out together with some short one, as the hourly one does. */
const long: Limit = { limit: 110, windowMs: 60_000 };
const countings: [string, Counting][] = [
  ['windows of the clock', { kind: 'aligned', phaseMs: 3_456 }],
  ['windows that begin with a call', { kind: 'first-call' }],
  ['a sliding window, reset when its oldest call leaves', { kind: 'sliding', reset: 'first' }],
  ['a sliding window, reset when its newest call leaves', { kind: 'sliding', reset: 'last' }],
];

/** An API that counts so. `before` is called before each call is judged, with the number of calls so far. */
function counting(how: Counting, before?: (judged: number, limits: Limit[]) => Limit[]): MakeApi {
  return (now, { limits }) => {
    const server = createLimitedServer(how, [...limits]);
    let judged = 0;
    return {
      judge() {
        if (before) server.limits = before(judged++, server.limits);
        const { status, headers } = server.judge(now());
        const { date, retryAfter, rateLimit } = readAnswer(status, headers);
        return { status, date: String(date), rateLimit, retryAfterMs: retryAfterMs(retryAfter, now()) };
      },
    };
  };
}

const fleet: Run = {
  seed: 1,
  kind: 'fixed',
  limits: [spike],
  processes: 6,
  calls: 200,
  concurrency: 4,
  startWithinMs: 2_000,
  skewMs: 600_000,
  // Here no process helps itself, so that each 429 is the plan's fault.
  aloneAfterMs: Infinity,
};

const drawn = fc.record({
  seed: fc.nat(1_000_000),
  processes: fc.integer({ min: 1, max: 12 }),
  concurrency: fc.integer({ min: 1, max: 20 }),
  startWithinMs: fc.constantFrom(0, 1_000, 30_000),
  bursts: fc.constantFrom(undefined, { calls: 7, restMs: 4_000 }, { calls: 3, restMs: 15_000 }),
});

/** Runs fleets of all kinds on an API that counts so. */
function each(
  how: Counting,
  more: Partial<Run>,
  check: (outcome: Outcome, run: Run) => void,
  before?: (judged: number, limits: Limit[]) => Limit[],
): void {
  fc.assert(
    fc.property(drawn, ({ bursts, ...rest }) => {
      const run: Run = { ...fleet, ...rest, ...(bursts && { bursts }), ...more };
      check(simulate(run, counting(how, before)), run);
    }),
    { numRuns: 25, seed: 1 },
  );
}

const sawNone = ({ refusedCold, refusedWarm, finished }: Outcome, { calls }: Run) =>
  expect({ refusedCold, refusedWarm, finished }).toEqual({ refusedCold: 0, refusedWarm: 0, finished: calls });

describe.each(countings)('processes under one limit that nobody else uses see no 429: %s', (_, how) => {
  test('from the first call on', () => each(how, {}, sawNone));
  test('with a long limit beside it, of which no answer tells in time', () =>
    each(how, { limits: [spike, long] }, sawNone));
  test('when calls are lost on the way there or back', () => each(how, { lostCalls: 0.1 }, sawNone));
  test('when questions and replies are lost', () => each(how, { lost: 0.2 }, sawNone));
  test('when processes crash, with permits or the right to go first', () =>
    each(how, { crashEveryMs: 20_000 }, sawNone));
  test('when processes are stopped for a minute and come back', () =>
    each(how, { stoppedEveryMs: 40_000 }, sawNone));
  test('when all of this happens', () =>
    each(
      how,
      { limits: [spike, long], lostCalls: 0.05, lost: 0.1, crashEveryMs: 60_000, stoppedEveryMs: 120_000 },
      sawNone,
    ));
});

describe.each(countings)('%s', (_, how) => {
  test("a limit that shrinks from 25 to 10 on the way costs at most a window's worth of 429s", () =>
    each(
      how,
      {},
      ({ refusedCold, refusedWarm, finished }, { calls }) => {
        expect(refusedCold + refusedWarm).toBeLessThanOrEqual(spike.limit);
        expect(finished).toBe(calls);
      },
      (judged, limits) => (judged === 80 ? [{ ...spike, limit: 10 }] : limits),
    ));
  test('a common state that is lost again and again costs at most ten calls each time, and all calls end', () =>
    each(how, { stateLostEveryMs: 20_000 }, ({ refusedCold, refusedWarm, finished, tookMs }, { calls }) => {
      expect(refusedCold + refusedWarm).toBeLessThanOrEqual(10 * Math.ceil(tookMs / 20_000));
      expect(finished).toBe(calls);
    }));
});

test('eight processes with a backlog of 400 calls use 25 calls in two seconds as fast as they can, in equal parts', () => {
  const limits = [{ limit: 25, windowMs: 2_000 }];
  for (let seed = 1; seed <= 20; seed++) {
    const run: Run = { ...fleet, seed, limits, processes: 8, calls: 400, concurrency: 8, startWithinMs: 0 };
    const outcome = simulate(run, counting({ kind: 'aligned', phaseMs: 0 }));
    sawNone(outcome, run);
    // The last of sixteen windows begins after thirty seconds.
    expect(outcome.tookMs, `seed ${seed}`).toBeLessThanOrEqual(1.05 * (30_000 + 16 * 500));
    expect(outcome.unfairness, `seed ${seed}`).toBeLessThan(1.25);
  }
});
