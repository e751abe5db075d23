import { describe, expect, test } from 'vitest';
import type { Question, Reply } from '../../../../src/pacing/shared/exchange.js';
import * as questions from '../../../../src/pacing/shared/questions.js';
import * as shares from '../../../../src/pacing/shared/share.js';
import { noRateLimit, type RateLimit } from '../../../../src/wire/rate-limit.js';

const startMs = 1_800_000_000_000;

const reply = (more: Partial<Reply> = {}): Reply => ({
  epoch: 'e',
  granted: 0,
  validMs: 10_000,
  isFirst: false,
  ahead: 32,
  opensInMs: undefined,
  status: undefined,
  askAgainInMs: 50,
  limit: 100,
  left: 90,
  resetInMs: 5_000,
  issued: 40,
  outstanding: 4,
  ...more,
});

/** A share that is led step by step. */
function lead() {
  let share = shares.newShare('m');
  let nowMs = startMs;
  const self = {
    after: (ms: number) => void (nowMs = startMs + ms),
    share: () => share,
    may: () => shares.maySpend(share, nowMs),
    ask(waiting = 0): Question | undefined {
      const next = questions.nextQuestion(share, { nowMs, waiting });
      if (next) share = next.share;
      return next?.question;
    },
    again: () => questions.askedAgain(share, nowMs),
    reply: (more: Partial<Reply> = {}) => void (share = shares.replied(share, reply(more), nowMs)),
    spend(): shares.Permit {
      const next = shares.spent(share);
      share = next.share;
      return next.permit;
    },
    alone(): shares.Permit {
      const next = shares.spentAlone(share);
      share = next.share;
      return next.permit;
    },
    unsend: (permit: shares.Permit) => void (share = shares.unsent(share, permit)),
    lose: (permit: shares.Permit) => void (share = shares.lost(share, permit, nowMs)),
    answer(permit: shares.Permit, rateLimit: RateLimit = noRateLimit, status = 200, retryAfterMs?: number) {
      const clock = { nowMs, serverOffsetMs: 60_000, draw: 0.25 };
      share = shares.answered(share, permit, { status, rateLimit, retryAfterMs }, clock);
    },
    /** A share of which so many permits were granted. */
    granted(granted: number, more: Partial<Reply> = {}) {
      self.ask(1);
      self.reply({ granted, ...more });
      return self;
    },
  };
  return self;
}

const limits = (remaining: number, resetInMs = 30_000): RateLimit => ({
  limit: 100,
  remaining,
  // On the API's clock, which is a minute ahead.
  resetMs: startMs + 60_000 + resetInMs,
});

test('a process that waits asks, and spends what it is granted', () => {
  const way = lead();
  expect(way.may()).toBe(false);
  expect(way.ask(3)).toMatchObject({ member: 'm', number: 1, held: 0, waiting: 3, wanted: 3 });
  way.reply({ granted: 2 });
  expect(way.may()).toBe(true);
  way.spend();
  expect(way.spend()).toEqual({ epoch: 'e', issued: 40, outstanding: 4, isFirst: false });
  expect(way.may()).toBe(false);
  expect(way.ask(1)).toBeUndefined();
  expect(shares.admission(way.share(), startMs)).toEqual({ kind: 'answer', atMs: startMs + 50 });
  expect(questions.nextAtMs(way.share(), 1)).toBe(startMs + 50);
  way.after(50);
  expect(way.ask(1)).toMatchObject({ number: 2, held: 2 });
});

test('what it asks for is doubled as long as it is used, up to what may be had ahead', () => {
  const way = lead();
  const wanted: number[] = [];
  for (let now = 0; now < 6; now++) {
    way.after(100 * now);
    // The first two calls wait; later ones are asked for when half is spent.
    const question = way.ask(now < 2 ? 1 : 0)!;
    wanted.push(question.wanted);
    way.reply({ granted: question.wanted, ahead: 10 });
    const spent = now < 1 ? 1 : Math.ceil(way.share().facts.size / 2);
    for (let call = 0; call < spent; call++) way.answer(way.spend());
  }
  expect(wanted).toEqual([1, 2, 3, 6, 6, 5]);
  expect(way.share().permits).toBe(5);
});

test('a process that calls rarely asks for one permit at a time, and for none ahead', () => {
  const way = lead();
  for (let now = 0; now < 3; now++) {
    way.after(30_000 * now);
    expect(way.ask(1)).toMatchObject({ wanted: 1 });
    way.reply({ granted: 1 });
    way.answer(way.spend());
    expect(way.ask()).toBeUndefined();
    way.after(30_000 * now + 10_000);
    expect(way.ask()).toMatchObject({ wanted: 0, ended: 1 });
    way.reply();
  }
});

describe('permits that are not spent', () => {
  test('are void after their time, counted from when the question was put, and are given back', () => {
    const way = lead();
    way.ask(3);
    way.after(4_000);
    way.reply({ granted: 3 });
    way.after(9_999);
    expect(way.may()).toBe(true);
    expect(way.ask()).toBeUndefined();
    expect(questions.nextAtMs(way.share(), 0)).toBe(startMs + 10_000);
    way.after(10_000);
    expect(way.may()).toBe(false);
    expect(way.ask()).toMatchObject({ held: 0, returned: 3, wanted: 0 });
  });

  test('are given back at once where they arrive too late', () => {
    const way = lead();
    way.ask(3);
    way.after(60_000);
    way.reply({ granted: 3 });
    expect(way.may()).toBe(false);
    way.after(60_050);
    expect(way.ask(3)).toMatchObject({ held: 0, returned: 3, waiting: 3 });
  });

  test('are given back at once after a refusal, also those of a reply that did not know of it', () => {
    const way = lead().granted(4);
    const permit = way.spend();
    way.after(10);
    way.answer(permit, limits(0), 429);
    expect(way.may()).toBe(false);
    expect(questions.nextAtMs(way.share(), 0)).toBe(0);
    expect(way.ask()).toMatchObject({
      held: 0,
      returned: 3,
      ended: 1,
      refused: { status: 429, waitMs: 29_990, draw: 250, wentFirst: false },
    });
    way.reply({ granted: 2 });
    way.spend();
    const other = way.spend();
    way.ask(1);
    way.answer(other, limits(0), 429, 40_000);
    way.reply({ granted: 5 });
    expect(way.may()).toBe(false);
  });

  test('are given back when the gate is forgotten', () => {
    const way = lead().granted(4);
    way.answer(way.spend());
    expect(questions.givenBack(way.share(), startMs)?.question).toMatchObject({
      held: 0,
      returned: 3,
      ended: 1,
      wanted: 0,
    });
    expect(questions.givenBack(shares.newShare('x'), startMs)).toBeUndefined();
  });

  test('a call that was not sent gives its permit to the next one', () => {
    const way = lead().granted(1, { isFirst: true });
    way.unsend(way.spend());
    expect(way.spend().isFirst).toBe(true);
  });
});

describe('what is told', () => {
  test('the answer that others wait for: at once', () => {
    const way = lead().granted(2, { isFirst: true });
    const [first, second] = [way.spend(), way.spend()];
    expect([first.isFirst, second.isFirst]).toEqual([true, false]);
    way.answer(second, limits(80));
    expect(way.ask()).toBeUndefined();
    way.answer(first, limits(81));
    expect(way.ask()).toMatchObject({ ended: 2, first: 'answered', wanted: 0 });
  });

  test('that the call that others wait for is lost: at once', () => {
    const way = lead().granted(1, { isFirst: true });
    way.lose(way.spend());
    expect(way.ask()).toMatchObject({ ended: 1, first: 'lost' });
  });

  test('else soon where the limit is near, and when the permits are void where it is far', () => {
    const near = lead().granted(1, { ahead: 0 });
    near.answer(near.spend(), limits(3));
    expect(questions.nextAtMs(near.share(), 0)).toBe(startMs + 250);
    const far = lead().granted(2);
    far.answer(far.spend(), limits(90));
    expect(questions.nextAtMs(far.share(), 0)).toBe(startMs + 10_000);
  });

  test('of several answers of a window the one that promises most, and the least that was left', () => {
    const way = lead().granted(4);
    const old = way.spend();
    way.ask(9);
    way.reply({ granted: 1, issued: 60, outstanding: 2, isFirst: true });
    const [first, other] = [way.spend(), way.spend()];
    way.answer(other, limits(70));
    way.answer(old, limits(75));
    way.answer(first, limits(69, 29_000));
    expect(way.ask()?.told).toEqual([
      {
        limit: 100,
        remaining: 70,
        least: 70,
        reset: startMs + 90_000,
        resetInMs: 30_000,
        issued: 60,
        outstanding: 2,
        again: false,
      },
    ]);
  });

  test('what was told before is repeated until the reset, for a state that was lost', () => {
    const way = lead().granted(1, { ahead: 0 });
    way.answer(way.spend(), limits(70));
    way.after(250);
    way.ask();
    way.reply();
    way.after(1_000);
    expect(way.ask(1)?.told).toMatchObject([{ remaining: 70, resetInMs: 29_000, again: true }]);
    way.reply({ epoch: 'other' });
    way.after(2_000);
    expect(way.ask(1)?.told).toMatchObject([{ remaining: 70, issued: undefined, again: false }]);
    way.reply({ epoch: 'other' });
    way.after(40_000);
    expect(way.ask(1)?.told).toEqual([]);
  });

  test('calls that were sent alone: as held and as ended', () => {
    const way = lead();
    const [one] = [way.alone(), way.alone()];
    way.answer(one, limits(70));
    way.unsend(way.alone());
    expect(way.ask(1)).toMatchObject({ held: 1, ended: 1, told: [{ remaining: 70, issued: undefined }] });
  });

  test('a success without rate-limit headers', () => {
    const way = lead().granted(2);
    way.answer(way.spend(), noRateLimit, 502);
    way.answer(way.spend());
    way.after(10_000);
    expect(way.ask()).toMatchObject({ ended: 2, unlimited: 40 });
  });
});

test('a question put again is the same, with times as they are now', () => {
  const way = lead().granted(1, { isFirst: true });
  way.answer(way.spend(), limits(0), 429);
  const question = way.ask()!;
  way.after(7_000);
  expect(way.again()).toEqual({
    ...question,
    told: [{ ...question.told[0], resetInMs: 23_000 }],
    refused: { ...question.refused, waitMs: 23_000 },
  });
});

test('a call that comes when all that waited have got their permits asks at once', () => {
  const way = lead().granted(1, { ahead: 0 });
  way.spend();
  expect(way.ask(1)).toMatchObject({ number: 2, waiting: 1 });
});

test('calls that were sent alone are told with the first question after that', () => {
  const way = lead();
  way.ask(1);
  way.alone();
  way.reply();
  expect(way.ask()).toMatchObject({ number: 2, held: 1 });
});

test('while the gate is closed calls wait until it opens', () => {
  const way = lead();
  way.ask(1);
  way.reply({ opensInMs: 5_000, status: 503 });
  expect(shares.admission(way.share(), startMs)).toEqual({
    kind: 'until',
    atMs: startMs + 5_000,
    status: 503,
  });
});
