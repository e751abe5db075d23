import { describe, expect, test } from 'vitest';
import { noRateLimit, type RateLimit } from '../../../src/wire/rate-limit.js';
import {
  admit,
  answered,
  at,
  lost,
  sent,
  unknownPace,
  unsent,
  type Pace,
  type Sending,
} from '../../../src/pacing/plan.js';
import { createChance } from '../../../bench/simulation/chance.js';

const startMs = 1_800_000_000_000;
const go = { kind: 'go' };

/** A pace that is led step by step. */
function lead(offsetMs = 0) {
  let pace: Pace = unknownPace;
  let nowMs = startMs;
  const limits = (
    remaining: number,
    resetInMs: number | undefined,
    limit: number | undefined = 25,
  ): RateLimit => ({
    limit,
    remaining,
    resetMs: resetInMs === undefined ? undefined : startMs + offsetMs + resetInMs,
  });
  const self = {
    limits,
    send(count = 1): Sending[] {
      return Array.from({ length: count }, () => {
        const next = sent(at(pace, nowMs), nowMs);
        pace = next.pace;
        return next.sending;
      });
    },
    answer(
      sending: Sending | undefined,
      rateLimit = noRateLimit,
      status = 200,
      retryAfterMs?: number,
      draw = 0,
    ) {
      pace = answered(
        pace,
        sending!,
        { status, rateLimit, retryAfterMs },
        { nowMs, serverOffsetMs: offsetMs, draw },
      );
    },
    lose: (sending: Sending | undefined) => void (pace = lost(pace, sending!)),
    unsend: (sending: Sending | undefined) => void (pace = unsent(pace, sending!)),
    after: (ms: number) => void (nowMs = startMs + ms),
    next: () => admit(at(pace, nowMs), nowMs),
    /** How many may leave one after the other. */
    room(): number {
      let trial = at(pace, nowMs);
      let count = 0;
      for (; count < 1_000 && admit(trial, nowMs).kind === 'go'; count++) trial = sent(trial, nowMs).pace;
      return count;
    },
  };
  return self;
}

describe('before the first answer', () => {
  test('ten calls are in flight at most', () => {
    const way = lead();
    expect(way.room()).toBe(10);
    const calls = way.send(10);
    // Then one more each five seconds: calls that take long hold nobody up.
    expect(way.next()).toMatchObject({ kind: 'answer', atMs: expect.any(Number) as number });
    way.lose(calls[0]);
    expect(way.room()).toBe(1);
  });

  test('an answer without a word on limits ends the pacing', () => {
    const way = lead();
    way.answer(way.send(10)[3]);
    expect(way.room()).toBe(1_000);
  });
});

describe('what is left', () => {
  test('is what was told, less the calls that it cannot know of', () => {
    const way = lead();
    const calls = way.send(10);
    way.answer(calls[0], way.limits(24, 5_000));
    expect(way.room()).toBe(15);
  });

  test('is known better when those have told too, in whatever order', () => {
    const way = lead();
    const calls = way.send(10);
    for (const [index, remaining] of [20, 18, 15].entries())
      way.answer(calls[index], way.limits(remaining, 5_000));
    expect(way.room()).toBe(11);
    for (const [index, remaining] of [22, 24, 21, 23, 19, 17, 16].entries())
      way.answer(calls[3 + index], way.limits(remaining, 5_000));
    expect(way.room()).toBe(15);
  });

  test('does not rise when a call is lost, because it may have been counted', () => {
    const way = lead();
    const [first, second] = way.send(2);
    way.answer(first, way.limits(24, 5_000));
    expect(way.room()).toBe(23);
    way.lose(second);
    expect(way.room()).toBe(23);
    // Sent and answered later: it knows.
    way.answer(way.send()[0], way.limits(23, 5_000));
    expect(way.room()).toBe(23);
  });

  test('is given back by a call that was not sent after all', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(5, 5_000));
    const [call] = way.send();
    expect(way.room()).toBe(4);
    way.unsend(call);
    expect(way.room()).toBe(5);
  });

  test('may go up again', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(3, 5_000));
    way.answer(way.send()[0], way.limits(20, 5_000));
    expect(way.room()).toBe(20);
    way.answer(way.send()[0], way.limits(45, 5_000, 50));
    expect(way.room()).toBe(45);
  });

  test('shrinks at once with the limit, or when somebody else uses it', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(24, 5_000));
    const calls = way.send(4);
    way.answer(calls[1], way.limits(3, 5_000, 10));
    expect(way.room()).toBe(0);
    for (const call of [calls[0], calls[2], calls[3]]) way.answer(call, way.limits(4, 5_000, 10));
    expect(way.room()).toBe(3);
  });

  test('never exceeds what a server would serve: random orders of sending, counting and answering', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = createChance(seed);
      const way = lead();
      const limit = 25;
      let used = 0;
      const travelling: Sending[] = [];
      const returning: { call: Sending; remaining: number }[] = [];
      const some = <T>(list: T[]) => list.splice(Math.floor(random() * list.length), 1)[0];
      for (let step = 0; step < 300; step++) {
        const die = random();
        if (die < 0.4) {
          if (travelling.length + returning.length < 20 && way.next().kind === 'go')
            travelling.push(...way.send());
        } else if (die < 0.7) {
          const call = some(travelling);
          if (!call) continue;
          used++;
          if (random() < 0.1) way.lose(call);
          else returning.push({ call, remaining: limit - used });
        } else {
          const answer = some(returning);
          if (answer) way.answer(answer.call, way.limits(answer.remaining, 5_000));
        }
        expect(used, `seed ${seed}`).toBeLessThanOrEqual(limit);
      }
    }
  });
});

describe('the reset', () => {
  test('is waited for at zero, on the clock of the server', () => {
    const way = lead(600_000);
    way.answer(way.send()[0], way.limits(0, 5_000));
    expect(way.next()).toEqual({ kind: 'until', atMs: startMs + 5_000, status: undefined });
    way.after(4_999);
    expect(way.next().kind).toBe('until');
    way.after(5_000);
    expect(way.next()).toEqual(go);
  });

  test('lets one call go first, whose answer says how many follow', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(0, 5_000));
    way.after(5_000);
    expect(way.room()).toBe(1);
    const [first] = way.send();
    expect(way.next()).toEqual({ kind: 'answer', atMs: startMs + 10_000 });
    way.answer(first, way.limits(24, 15_000));
    expect(way.room()).toBe(24);
  });

  test('lets the next one go when that call has no answer after five seconds, or none at all', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(0, 5_000));
    way.after(5_000);
    const [first] = way.send();
    way.after(10_000);
    expect(way.room()).toBe(1);
    way.after(6_000);
    way.lose(first);
    expect(way.room()).toBe(1);
  });

  test('is no news when an answer of the window before comes after it', () => {
    const way = lead();
    const [first, second, late] = way.send(3);
    way.answer(first, way.limits(24, 5_000));
    way.answer(second, way.limits(24, 15_000));
    way.answer(late, way.limits(0, 5_000));
    expect(way.room()).toBe(24);
  });

  test.each([
    ['never told', undefined],
    ['past', -20_000],
    ['absurdly far', 400 * 24 * 3_600_000],
  ])('that is %s leaves one call at a time', (_, resetInMs) => {
    const way = lead();
    way.answer(way.send()[0], way.limits(0, resetInMs));
    expect(way.room()).toBe(1);
    const [call] = way.send();
    expect(way.next().kind).toBe('answer');
    way.answer(call, way.limits(7, resetInMs));
    expect(way.room()).toBe(7);
  });
});

describe('two limits', () => {
  test('count side by side, whichever is told of', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(6, 1_800_000, 600));
    way.answer(way.send()[0], way.limits(4, 5_000, 25));
    expect(way.room()).toBe(4);
    way.answer(way.send(4)[3], way.limits(0, 5_000, 25));
    way.after(5_000);
    // The hourly one has one left, and nobody has told.
    way.answer(way.send()[0], way.limits(0, 1_800_000, 600));
    expect(way.next()).toEqual({ kind: 'until', atMs: startMs + 1_800_000, status: undefined });
  });

  test('a limit whose reset has passed is forgotten when another one is nearer', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(0, 5_000, 600));
    way.after(5_000);
    way.answer(way.send()[0], way.limits(24, 15_000, 25));
    expect(way.room()).toBe(24);
  });

  test('a limit is forgotten when the API itself no longer tells of any', () => {
    const way = lead();
    way.answer(way.send()[0], way.limits(0, 5_000));
    way.after(5_000);
    way.answer(way.send()[0], noRateLimit, 502);
    expect(way.room()).toBe(1);
    way.answer(way.send()[0], noRateLimit, 200);
    expect(way.room()).toBe(1_000);
  });
});

describe('a refusal', () => {
  test.each([
    { why: '429, Retry-After later', status: 429, retryAfterMs: 8_000, resetInMs: 5_000, untilMs: 8_000 },
    { why: '429, reset later', status: 429, retryAfterMs: 2_000, resetInMs: 5_000, untilMs: 5_000 },
    {
      why: '429 that says nothing',
      status: 429,
      retryAfterMs: undefined,
      resetInMs: undefined,
      untilMs: 1_000,
    },
    { why: '429 with Retry-After: 0', status: 429, retryAfterMs: 0, resetInMs: undefined, untilMs: 1_000 },
    { why: '503 with Retry-After', status: 503, retryAfterMs: 3_000, resetInMs: undefined, untilMs: 3_000 },
  ])('closes the gate: $why', ({ status, retryAfterMs, resetInMs, untilMs }) => {
    for (const offsetMs of [0, 600_000, -600_000]) {
      const way = lead(offsetMs);
      const [call] = way.send();
      way.answer(
        call,
        resetInMs === undefined ? noRateLimit : way.limits(0, resetInMs),
        status,
        retryAfterMs,
      );
      expect(way.next()).toEqual({ kind: 'until', atMs: startMs + untilMs, status });
    }
  });

  test('has jitter on top, up to a tenth', () => {
    const way = lead();
    way.answer(way.send()[0], noRateLimit, 503, 4_000, 0.5);
    expect(way.next()).toMatchObject({ kind: 'until', atMs: startMs + 4_200 });
  });

  test.each([
    ['Retry-After', 365 * 24 * 3_600_000, undefined],
    ['a reset', undefined, 20 * 3_600_000],
  ])(
    'that asks by %s for longer than the longest limit lasts is one of an hour, and then one call goes first',
    (_by, retryAfterMs, resetInMs) => {
      const way = lead();
      const [call] = way.send();
      way.answer(
        call,
        resetInMs === undefined ? noRateLimit : { ...noRateLimit, resetMs: startMs + resetInMs },
        429,
        retryAfterMs,
        0.5,
      );
      expect(way.next()).toEqual({ kind: 'until', atMs: startMs + 3_600_000 + 500, status: 429 });
      way.after(3_600_500);
      expect(way.room()).toBe(1);
    },
  );

  test('of many calls that left together is one', () => {
    const way = lead();
    for (const call of way.send(5)) way.answer(call, noRateLimit, 503, 4_000, way.room() === 0 ? 0.9 : 0);
    expect(way.next()).toMatchObject({ atMs: startMs + 4_000 });
  });

  test('is none: 503 without Retry-After, any other status', () => {
    for (const status of [200, 401, 403, 404, 500, 502, 503, 504]) {
      const way = lead();
      way.answer(way.send()[0], noRateLimit, status);
      expect(way.room()).toBe(1_000);
    }
  });

  test.each([200, 401, 404, 500, 504])('lets one call go first, whose %i opens the gate', (status) => {
    const way = lead();
    way.answer(way.send(5)[0], noRateLimit, 503, 4_000);
    way.after(4_000);
    expect(way.room()).toBe(1);
    const [first] = way.send();
    expect(way.next()).toEqual({ kind: 'answer', atMs: startMs + 9_000 });
    way.answer(first, noRateLimit, status);
    expect(way.room()).toBe(1_000);
  });

  test.each([
    [429, undefined, 2_000],
    [503, undefined, 2_000],
    [503, 6_000, 6_000],
  ])('to the one that went first closes it again: %i, Retry-After %s', (status, retryAfterMs, waitMs) => {
    const way = lead();
    way.answer(way.send()[0], noRateLimit, 503, 4_000);
    way.after(4_000);
    way.answer(way.send()[0], noRateLimit, status, retryAfterMs);
    expect(way.next()).toMatchObject({ kind: 'until', atMs: startMs + 4_000 + waitMs });
  });

  test('an answer to a call from before does not open the gate', () => {
    const way = lead();
    const [refused, slow] = way.send(2);
    way.answer(refused, noRateLimit, 503, 4_000);
    way.answer(slow);
    expect(way.next().kind).toBe('until');
    way.after(4_000);
    expect(way.room()).toBe(1);
  });

  test.each(['lost', 'not sent', 'silent for five seconds'])(
    'the right to go first passes on from a call that is %s',
    (fate) => {
      const way = lead();
      way.answer(way.send()[0], noRateLimit, 503, 4_000);
      way.after(4_000);
      const [first] = way.send();
      expect(way.room()).toBe(0);
      if (fate === 'lost') way.lose(first);
      else if (fate === 'not sent') way.unsend(first);
      else way.after(9_000);
      expect(way.room()).toBe(1);
      if (fate !== 'silent for five seconds') return;
      // Its answer counts all the same.
      way.send();
      way.answer(first);
      expect(way.room()).toBe(1_000);
    },
  );
});
