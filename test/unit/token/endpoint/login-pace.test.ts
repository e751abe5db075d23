import { describe, expect, test } from 'vitest';
import {
  admitLogin,
  enterLogin,
  freshLoginPace,
  holdsSlot,
  leftLogin,
  served,
  throttled,
  type LoginPace,
  type Slot,
  type Rank,
} from '../../../../src/token/endpoint/login-pace.js';

const nowMs = 1_800_000_000_000;

function enter(pace: LoginPace, rank: Rank, count: number, atMs = nowMs): [LoginPace, Slot[]] {
  const slots: Slot[] = [];
  for (let each = 0; each < count; each++) {
    const entered = enterLogin(pace, rank, atMs);
    pace = entered.pace;
    slots.push(entered.slot);
  }
  return [pace, slots];
}

describe('the next token request', () => {
  test.each<[string, number, number, Rank, number, ReturnType<typeof admitLogin>]>([
    ['nobody is there', 0, 0, 'background', 8, { kind: 'go' }],
    ['a slot is left', 7, 0, 'call', 8, { kind: 'go' }],
    ['none is left', 8, 0, 'call', 8, { kind: 'full', untilMs: nowMs + 5_000 }],
    ['none is left, and a person logs in', 8, 0, 'first', 8, { kind: 'full', untilMs: nowMs + 5_000 }],
    ['the background has its half', 0, 4, 'background', 8, { kind: 'full', untilMs: nowMs + 5_000 }],
    ['the background has its half, and a call comes', 0, 4, 'call', 8, { kind: 'go' }],
    ['the background has less than its half', 4, 3, 'background', 8, { kind: 'go' }],
    ['there is but one slot', 0, 0, 'background', 1, { kind: 'go' }],
  ])('where %s', (_case, calls, background, rank, most, admission) => {
    const [some] = enter(freshLoginPace, 'call', calls);
    const [pace] = enter(some, 'background', background);
    expect(admitLogin(pace, rank, most, nowMs)).toEqual(admission);
  });

  test('goes beside requests that have no answer after five seconds', () => {
    const [pace, [slot]] = enter(freshLoginPace, 'call', 8);
    expect(admitLogin(pace, 'call', 8, nowMs + 4_999).kind).toBe('full');
    expect(holdsSlot(pace, slot!, nowMs + 4_999)).toBe(true);
    expect(admitLogin(pace, 'call', 8, nowMs + 5_000).kind).toBe('go');
    expect(holdsSlot(pace, slot!, nowMs + 5_000)).toBe(false);
  });
});

describe('a login host that turns a request away', () => {
  test.each([
    ['names a time', 3_000, 3_000],
    ['names none', undefined, 500],
    ['names no time at all', 0, 500],
    ['names a year', 365 * 86_400_000, 3_600_000],
  ])('%s: it is left alone for that long, and then one goes first', (_case, retryAfterMs, waitMs) => {
    const [some, [slot]] = enter(freshLoginPace, 'call', 3);
    const pace = throttled(some, slot!, retryAfterMs, nowMs, 0);
    expect(admitLogin(pace, 'call', 8, nowMs + waitMs - 1)).toEqual({
      kind: 'closed',
      untilMs: nowMs + waitMs,
    });
    const laterMs = nowMs + Math.max(waitMs, 5_000);
    expect(admitLogin(pace, 'call', 8, laterMs).kind).toBe('go');
    const [asked, [first]] = enter(pace, 'call', 1, laterMs);
    expect(admitLogin(asked, 'call', 8, laterMs)).toEqual({ kind: 'full', untilMs: laterMs + 5_000 });
    expect(admitLogin(leftLogin(asked, first!), 'call', 8, laterMs).kind).toBe('go');
  });

  test('is asked by one at a time, by twice as many after each hundred, and by one more from half of what was too many', () => {
    const [some, slots] = enter(freshLoginPace, 'call', 8);
    let pace = throttled(some, slots[0]!, 1_000, nowMs, 0);
    for (const slot of slots.slice(1)) pace = served(pace, slot);
    let atMs = nowMs + 1_000;
    const room = () => {
      let count = 0;
      for (let next = pace; admitLogin(next, 'call', 8, atMs).kind === 'go' && count < 100; count++)
        next = enterLogin(next, 'call', atMs).pace;
      return count;
    };
    const rooms: number[] = [];
    for (let hundred = 0; hundred < 6; hundred++) {
      for (let each = 0; each < 100; each++) {
        const entered = enterLogin(pace, 'call', atMs);
        pace = served(entered.pace, entered.slot);
      }
      rooms.push(room());
    }
    expect(rooms).toEqual([2, 4, 5, 6, 7, 8]);
    pace = throttled(pace, enterLogin(pace, 'call', atMs).slot, 1_000, atMs, 0);
    atMs += 10 * 60_000;
    pace = served(...(Object.values(enterLogin(pace, 'call', atMs)) as [LoginPace, Slot]));
    expect(room()).toBe(8);
  });
});
