import { describe, expect, test } from 'vitest';
import type { Question, Reply, ToldLimit } from '../../../../src/pacing/shared/exchange.js';
import { ask, createMemoryPacing, emptyScope } from '../../../support/shared-pacing.js';

const startMs = 1_800_000_000_000;
const reset = startMs + 3_600_000;

/** A common state that is led step by step. */
function lead() {
  let scope = emptyScope();
  let nowMs = startMs;
  const numbers = new Map<string, number>();
  const replies = new Map<string, Reply>();
  const self = {
    after: (ms: number) => void (nowMs = startMs + ms),
    back: (ms: number) => void (nowMs -= ms),
    lose: () => void (scope = emptyScope()),
    /** The state as it was: what a replica has that lags. */
    copy: () => ({ common: scope.common, members: new Map(scope.members), replies: new Map(scope.replies) }),
    replace: (copy: typeof scope) => void (scope = copy),
    scope: () => scope,
    put: (question: Question) => ask(scope, question, nowMs),
    /** The next question of a member. */
    question(member: string, more: Partial<Question> = {}): Question {
      const number = (numbers.get(member) ?? 0) + 1;
      numbers.set(member, number);
      const epoch = replies.get(member)?.epoch;
      const calm = { held: 0, returned: 0, ended: 0, wanted: 0, waiting: 0, told: [] };
      return {
        member,
        number,
        epoch,
        ...calm,
        unlimited: undefined,
        refused: undefined,
        first: undefined,
        ...more,
      };
    },
    ask(member: string, more: Partial<Question> = {}): Reply {
      const reply = self.put(self.question(member, more));
      replies.set(member, reply);
      return reply;
    },
    wait: (member: string, waiting: number, more: Partial<Question> = {}) =>
      self.ask(member, { waiting, wanted: waiting, ...more }),
    /** What an answer to a call has told that had its permit by this reply. */
    told: (
      remaining: number,
      { issued, outstanding }: Pick<Reply, 'issued' | 'outstanding'>,
      more = {},
    ): ToldLimit => ({
      limit: 100,
      remaining,
      least: remaining,
      reset,
      resetInMs: reset - nowMs,
      issued,
      outstanding,
      again: false,
      ...more,
    }),
    /** A state that knows of so many permits: 100 calls in an hour, nothing outstanding. */
    known(remaining: number): void {
      const reply = self.wait('a', 1);
      self.ask('a', { ended: 1, told: [self.told(remaining, reply)], first: 'answered' });
    },
    left: () => scope.common!.windows[0]!.left,
  };
  return self;
}

describe('before the first answer', () => {
  test('ten calls of all processes together are in flight, then one more each five seconds', () => {
    const way = lead();
    expect(way.wait('a', 4)).toMatchObject({ granted: 4, isFirst: true });
    expect(way.wait('b', 20)).toMatchObject({ granted: 6, isFirst: true });
    expect(way.wait('c', 1).granted).toBe(0);
    way.after(4_999);
    expect(way.wait('c', 1).granted).toBe(0);
    way.after(5_000);
    expect(way.wait('c', 1).granted).toBe(1);
    expect(way.wait('b', 1, { held: 6 }).granted).toBe(0);
  });

  test('an answer without rate-limit headers ends it', () => {
    const way = lead();
    way.wait('a', 1);
    way.ask('a', { ended: 1, first: 'answered' });
    expect(way.wait('b', 50).granted).toBe(50);
  });
});

describe('what is left', () => {
  test('are the calls that the answer leaves, less those that the API may have counted later', () => {
    const way = lead();
    const reply = way.wait('a', 4);
    way.wait('b', 3);
    // Three of its own and three of b may have been counted after it.
    way.ask('a', { held: 3, ended: 1, told: [way.told(50, reply)] });
    expect(way.left()).toBe(44);
  });

  test('falls with each permit and rises with each that is given back', () => {
    const way = lead();
    way.known(50);
    way.wait('a', 20);
    expect(way.left()).toBe(30);
    way.ask('a', { held: 5, returned: 10, ended: 5 });
    expect(way.left()).toBe(40);
  });

  test('does not rise when calls end', () => {
    const way = lead();
    way.known(50);
    way.wait('a', 20);
    way.ask('a', { ended: 20 });
    expect(way.left()).toBe(30);
  });

  test('falls by the calls that a process has sent alone', () => {
    const way = lead();
    way.known(50);
    way.ask('b', { held: 3, ended: 7 });
    expect(way.left()).toBe(40);
    expect(way.ask('c')).toMatchObject({ issued: 11, outstanding: 3 });
  });

  test('rises by the permits of a reply that never arrived', () => {
    const way = lead();
    way.known(50);
    way.wait('a', 20);
    way.ask('a');
    expect(way.left()).toBe(50);
  });

  test('does not rise where an old state returns, which lacks the end of calls', () => {
    const way = lead();
    way.known(50);
    way.wait('a', 20);
    const old = way.copy();
    way.ask('a', { ended: 20 });
    way.replace(old);
    way.ask('a');
    expect(way.left()).toBe(30);
  });

  test('is less where an answer has less: somebody else uses the limit', () => {
    const way = lead();
    way.known(50);
    const reply = way.wait('a', 1);
    way.ask('a', { ended: 1, told: [way.told(20, reply)] });
    expect(way.left()).toBe(20);
  });

  test('stays where an answer of an earlier window is told late', () => {
    const way = lead();
    way.known(50);
    const early = { issued: 0, outstanding: 0, reset: reset - 10_000, resetInMs: -1 };
    way.ask('b', { ended: 1, told: [way.told(3, early, early)] });
    expect(way.left()).toBe(49);
  });

  test('is told again to a state that has forgotten it, and only to that', () => {
    const way = lead();
    way.known(50);
    const again = { issued: undefined, outstanding: undefined, again: true };
    way.ask('b', { told: [way.told(7, { issued: 0, outstanding: 0 }, again)] });
    expect(way.left()).toBe(50);
    way.lose();
    way.ask('b', { told: [way.told(7, { issued: 0, outstanding: 0 }, again)] });
    expect(way.left()).toBe(7);
    expect(way.wait('c', 20).granted).toBe(7);
  });

  test('a process that died keeps what it held until the next reset', () => {
    const way = lead();
    way.known(50);
    way.wait('b', 20);
    way.after(30_000);
    expect(way.ask('a')).toMatchObject({ outstanding: 0 });
    expect(way.left()).toBe(30);
    expect([...way.scope().members.keys()]).toEqual(['a']);
  });
});

describe('after the reset', () => {
  test('one call goes first; its answer says how many follow', () => {
    const way = lead();
    way.known(0);
    expect(way.wait('a', 5)).toMatchObject({
      granted: 0,
      opensInMs: 3_600_000,
      left: 0,
      resetInMs: 3_600_000,
    });
    way.after(3_600_000);
    const first = way.wait('a', 5);
    expect(first).toMatchObject({ granted: 1, isFirst: true });
    expect(way.wait('b', 5)).toMatchObject({ granted: 0, opensInMs: undefined });
    const next = { reset: reset + 3_600_000, resetInMs: 3_600_000 };
    way.ask('a', { ended: 1, waiting: 0, told: [way.told(99, first, next)], first: 'answered' });
    expect(way.wait('b', 5)).toMatchObject({ granted: 5, isFirst: false });
  });

  test.each(['lost', 'died'] as const)('the next goes when the first is %s', (end) => {
    const way = lead();
    way.known(0);
    way.after(3_600_000);
    way.wait('a', 1);
    expect(way.wait('b', 1).granted).toBe(0);
    if (end === 'lost') way.ask('a', { ended: 1, first: 'lost' });
    else way.after(3_605_000);
    expect(way.wait('b', 1)).toMatchObject({ granted: 1, isFirst: true });
  });

  test('an answer of the new window may be told by a process whose clock is off: the earliest reset holds', () => {
    const way = lead();
    way.known(0);
    way.ask('b', { told: [way.told(0, { issued: 0, outstanding: 0 }, { resetInMs: 3_590_000 })] });
    way.after(3_590_000);
    expect(way.wait('b', 1).granted).toBe(1);
  });

  test('a server whose clock is set back by a failover delays nobody', () => {
    const way = lead();
    way.known(0);
    way.after(1_000_000);
    way.ask('a');
    way.back(900_000);
    expect(way.wait('a', 1).opensInMs).toBe(2_600_000);
  });
});

describe('a refusal', () => {
  const refused = { status: 429, waitMs: 10_000, draw: 500, wentFirst: false };

  test('closes the gate for all, with jitter, and then one call goes first', () => {
    const way = lead();
    way.known(50);
    way.ask('a', { ended: 1, refused });
    expect(way.wait('b', 3)).toMatchObject({ granted: 0, opensInMs: 10_500, status: 429, ahead: 0 });
    way.after(10_500);
    expect(way.wait('b', 3)).toMatchObject({ granted: 1, isFirst: true });
    expect(way.wait('c', 3)).toMatchObject({ granted: 0, opensInMs: undefined, status: 429 });
    way.ask('b', { ended: 1, first: 'answered' });
    expect(way.wait('c', 3)).toMatchObject({ granted: 3, status: undefined });
  });

  test('of calls that went first makes the wait longer where the server names none', () => {
    const way = lead();
    way.known(50);
    const own = { status: 503, waitMs: undefined, draw: 0, wentFirst: true };
    way.ask('a', { ended: 1, refused: { ...own, waitMs: 0 } });
    let openMs = 0;
    const waits = Array.from({ length: 6 }, () => {
      const { opensInMs } = way.wait('b', 1);
      openMs += opensInMs!;
      way.after(openMs);
      expect(way.wait('b', 1).granted).toBe(1);
      way.ask('b', { ended: 1, refused: own });
      return opensInMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  });

  test('with 503 and no Retry-After closes it only where the call went first', () => {
    const way = lead();
    way.known(50);
    way.ask('a', { ended: 1, refused: { status: 503, waitMs: undefined, draw: 0, wentFirst: true } });
    expect(way.wait('b', 3).granted).toBe(3);
  });

  test('the right to go first passes on when that call gets no answer for five seconds', () => {
    const way = lead();
    way.known(50);
    way.ask('a', { ended: 1, refused });
    way.after(10_500);
    way.wait('b', 1);
    expect(way.wait('c', 1).granted).toBe(0);
    way.after(15_500);
    expect(way.wait('c', 1).granted).toBe(1);
  });
});

describe('shares', () => {
  test('while over half is left a process may have 512 permits ahead, or its part of half of what is left', () => {
    const way = lead();
    way.known(99);
    // 99 are left for one, 50 for two.
    expect(way.ask('a', { wanted: 600 })).toMatchObject({ granted: 49, ahead: 49 });
    // 50 are half of the limit: an eighth of them.
    expect(way.ask('b', { wanted: 600 })).toMatchObject({ granted: 3, ahead: 3 });
    // 47 for three.
    expect(way.ask('c', { wanted: 600 })).toMatchObject({ granted: 1, ahead: 1 });
  });

  test('a process gets no more than 512 permits ahead, however much is left', () => {
    const way = lead();
    const first = way.wait('a', 1);
    const much = { limit: 10_000, least: 9_999 };
    way.ask('a', { ended: 1, told: [way.told(9_999, first, much)], first: 'answered' });
    expect(way.ask('a', { wanted: 600 })).toMatchObject({ granted: 512, ahead: 512 });
  });

  test('near the limit processes get what they wait for in turn, in equal parts', () => {
    const way = lead();
    way.known(0);
    way.after(3_600_000);
    const first = way.wait('b', 10);
    for (const name of ['c', 'd']) expect(way.wait(name, 10).granted).toBe(0);
    const next = { reset: reset + 3_600_000, resetInMs: 3_600_000 };
    way.ask('b', { ended: 1, told: [way.told(5, first, next)] });
    // One of the five is kept for c, which waits for longer.
    expect(way.wait('d', 10).granted).toBe(3);
    expect(way.wait('d', 10, { held: 3 }).granted).toBe(1);
    expect(way.wait('c', 10).granted).toBe(1);
    expect(way.left()).toBe(0);
  });

  test('who waits longest is asked for first, and those who should have asked and have not are passed over', () => {
    const way = lead();
    way.known(0);
    way.wait('b', 1);
    const { askAgainInMs } = way.wait('c', 1);
    expect(askAgainInMs).toBe(30_000);
    way.after(3_600_000);
    expect(way.wait('d', 1).granted).toBe(1);
  });

  test('a thousand processes that wait ask at most some hundred times a second', () => {
    const way = lead();
    way.known(0);
    way.after(3_599_000);
    const waits = Array.from({ length: 1_000 }, (_, index) => way.wait(`m${index}`, 1).askAgainInMs);
    expect(waits[0]).toBe(1_000);
    expect(waits.at(-1)).toBe(1_000 + 999 * 2);
    way.after(3_600_000);
    expect(way.wait('m0', 1).granted).toBe(1);
    const looks = Array.from({ length: 999 }, (_, index) => way.wait(`m${index + 1}`, 1).askAgainInMs);
    expect(looks.reduce((sum, ms) => sum + 1_000 / ms, 0)).toBeLessThan(450);
  });
});

test('the same question put again gets the same reply and changes nothing', () => {
  const way = lead();
  way.known(50);
  const question = way.question('a', { waiting: 3, wanted: 3 });
  const reply = way.put(question);
  const before = structuredClone(way.scope());
  way.after(5_000);
  expect(way.put(question)).toEqual(reply);
  expect(way.put({ ...question, number: question.number - 1, wanted: 9 })).toEqual(reply);
  expect(way.scope()).toEqual(before);
});

test('a state is written as whole numbers of at most 14 digits, and is the same after it was written and read', () => {
  const way = lead();
  way.known(50);
  way.wait('b', 7);
  const { common, members } = way.scope();
  const text = JSON.stringify([common, ...members.values()]);
  expect(text).not.toMatch(/\d{15}|\d\.\d|null/);
});

test('each scope has a state of its own, which begins anew after a restart', async () => {
  const pacing = createMemoryPacing(() => startMs);
  const { question } = lead();
  const epochs = [
    await pacing.ask('one', question('a', { wanted: 1, waiting: 1 })),
    await pacing.ask('one', question('b')),
    await pacing.ask('two', question('b')),
  ].map(({ epoch }) => epoch);
  pacing.restart();
  epochs.push((await pacing.ask('one', question('c'))).epoch);
  expect(epochs).toEqual(['a.1', 'a.1', 'b.2', 'c.1']);
});
