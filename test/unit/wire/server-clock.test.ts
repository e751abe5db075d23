import { describe, expect, test } from 'vitest';
import {
  learnClock,
  serverOffsetMs,
  unknownClock,
  type ServerClock,
} from '../../../src/wire/server-clock.js';

const startMs = 1_800_000_000_000;

/** What a server that is `skewMs` ahead answers, one way trip later. */
function answers(skewMs: number, tripsMs: number[], everyMs = 1_300): ServerClock {
  return tripsMs.reduce((clock, tripMs, index) => {
    const answeredAtMs = startMs + index * everyMs;
    const header = new Date(Math.floor((answeredAtMs + skewMs) / 1000) * 1000).toUTCString();
    return learnClock(clock, header, answeredAtMs + tripMs);
  }, unknownClock);
}

describe('the clock of the server', () => {
  test('is unknown before the first answer', () => {
    expect(serverOffsetMs(unknownClock)).toBeUndefined();
  });

  test.each([0, 600_000, -600_000])('is known to within a fraction of a second (%i ms ahead)', (skewMs) => {
    const trips = [300, 40, 900, 20, 500, 80, 250, 30, 60, 700];
    const offsetMs = serverOffsetMs(answers(skewMs, trips))!;
    // Never above the truth: a token is not taken for expired too late by more than the estimate is off.
    expect(offsetMs).toBeLessThanOrEqual(skewMs);
    expect(offsetMs).toBeGreaterThan(skewMs - 150);
  });

  test('is told by the largest sample: each is too small by its journey and by its rounding', () => {
    const one = learnClock(unknownClock, new Date(startMs).toUTCString(), startMs + 900);
    const two = learnClock(one, new Date(startMs + 1000).toUTCString(), startMs + 1010);
    const three = learnClock(two, new Date(startMs + 2000).toUTCString(), startMs + 2700);
    expect(serverOffsetMs(one)).toBe(-900);
    expect(serverOffsetMs(two)).toBe(-10);
    expect(serverOffsetMs(three)).toBe(-10);
  });

  test('is learnt once a second, from the first answer with a new second', () => {
    const header = new Date(startMs).toUTCString();
    const one = learnClock(unknownClock, header, startMs + 100);
    expect(learnClock(one, header, startMs + 900)).toBe(one);
  });

  test('forgets samples older than the last sixteen, because clocks drift', () => {
    let clock = learnClock(unknownClock, new Date(startMs + 3_600_000).toUTCString(), startMs);
    expect(serverOffsetMs(clock)).toBe(3_600_000);
    for (let second = 1; second <= 15; second++)
      clock = learnClock(clock, new Date(startMs + second * 1000).toUTCString(), startMs + second * 1000);
    expect(serverOffsetMs(clock)).toBe(3_600_000);
    clock = learnClock(clock, new Date(startMs + 16_000).toUTCString(), startMs + 16_000);
    expect(serverOffsetMs(clock)).toBe(0);
    expect(clock.offsetsMs).toHaveLength(16);
  });

  test.each([undefined, null, '', 'yesterday', 5, ['x'], {}])('ignores %o', (header) => {
    expect(learnClock(unknownClock, header, startMs)).toBe(unknownClock);
  });

  test('changes no state that it was given', () => {
    const one = Object.freeze({ offsetsMs: Object.freeze([1]), lastHeader: 'x' });
    learnClock(one, new Date(startMs).toUTCString(), startMs);
    expect(one.offsetsMs).toEqual([1]);
  });
});
