import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createGate, type Ticket } from '../../../src/pacing/gate.js';
import type { Passage } from '../../../src/pacing/waiting.js';
import { noRateLimit, rateLimitOf } from '../../../src/wire/rate-limit.js';
import { createManualEnv, settled } from '../../support/manual-env.js';

const go = { kind: 'go' };
const quiet = { status: 200, rateLimit: noRateLimit, retryAfterMs: undefined };
const busy = (retryAfterMs: number) => ({ status: 503, rateLimit: noRateLimit, retryAfterMs });

/** A gate on a clock that stands still, and what became of the calls at it. */
function stand() {
  const env = createManualEnv();
  const gate = createGate({ env, serverOffsetMs: () => 0 });
  const log: string[] = [];
  const told = (remaining: number, resetInMs: number, status = 200) => ({
    status,
    rateLimit: rateLimitOf('25', String(remaining), String((env.now() + resetInMs) / 1000)),
    retryAfterMs: undefined,
  });
  const enter = (
    ticket: Ticket,
    { maxMs = 60_000, signal }: { maxMs?: number; signal?: AbortSignal } = {},
  ) => {
    const passage = gate.waitToPass(ticket, { maxMs, signal });
    if (passage instanceof Promise) void passage.then(({ kind }) => log.push(`${ticket.turn} ${kind}`));
    return passage;
  };
  /** Lets a call out that must not wait. */
  const leave = (ticket = gate.ticket()) => {
    expect(enter(ticket)).toEqual(go);
    return ticket;
  };
  return { env, gate, log, told, enter, leave };
}

/** A gate that is closed for `ms`, with `count` calls before it. */
function closed(ms: number, count: number, options?: { maxMs?: number; signal?: AbortSignal }) {
  const way = stand();
  way.gate.answered(way.leave(), busy(ms));
  const tickets = Array.from({ length: count }, () => way.gate.ticket());
  const passages = tickets.map((ticket) => way.enter(ticket, options));
  return { ...way, tickets, passages };
}

describe('the straight path', () => {
  test('waits for no promise, and sets no timer', () => {
    const { env, gate, leave, told } = stand();
    const tickets = Array.from({ length: 10 }, () => leave());
    for (const [index, ticket] of tickets.entries()) gate.answered(ticket, told(24 - index, 5_000));
    for (let count = 0; count < 15; count++) leave();
    expect(env.sleeping).toBe(0);
  });

  test('no headers, no pacing', () => {
    const { gate, leave } = stand();
    gate.answered(leave(), quiet);
    for (let count = 0; count < 1_000; count++) leave();
  });
});

describe('the queue', () => {
  test('lets out ten before the first answer, then as many as the limit allows, at once and in order', async () => {
    const { env, gate, log, told, enter } = stand();
    const tickets = Array.from({ length: 40 }, () => gate.ticket());
    for (const ticket of tickets) void enter(ticket);
    await settled();
    expect(gate.waiting).toBe(30);
    gate.answered(tickets[0]!, told(24, 5_000));
    await settled();
    expect(log).toEqual(tickets.slice(10, 25).map(({ turn }) => `${turn} go`));
    await env.advance(4_999);
    expect(gate.waiting).toBe(15);
    await env.advance(1);
    expect(log.at(-1)).toBe('25 go');
    gate.answered(tickets[25]!, told(10, 10_000));
    for (const ticket of tickets.slice(1, 25)) gate.answered(ticket, told(0, 0));
    await settled();
    expect(log.slice(16)).toEqual(tickets.slice(26, 36).map(({ turn }) => `${turn} go`));
    await env.advance(20_000);
    gate.answered(tickets[36]!, told(24, 10_000));
    await settled();
    expect([gate.waiting, env.sleeping]).toEqual([0, 0]);
  });

  test('places a call that comes back where it was', async () => {
    const { env, gate, log, enter, leave } = stand();
    const [first, second, third] = [gate.ticket(), gate.ticket(), gate.ticket()];
    leave(third);
    leave(first);
    gate.answered(third, busy(2_000));
    void enter(third);
    void enter(second);
    gate.answered(first, busy(1_000));
    void enter(first);
    await env.advance(2_000);
    expect(log).toEqual(['0 go']);
    gate.answered(first, quiet);
    await settled();
    expect(log).toEqual(['0 go', '1 go', '2 go']);
    expect(env.sleeping).toBe(0);
  });

  test('says of each waiting call how many pass before it, whenever it came', () => {
    const { gate, tickets, enter } = closed(5_000, 40);
    expect(tickets.map((ticket) => gate.before(ticket))).toEqual(tickets.map((_ticket, index) => index));
    const [late, early] = [tickets[30]!, gate.ticket()];
    void enter(early);
    expect([gate.before(late), gate.before(early)]).toEqual([30, 40]);
  });

  test('says the same where earlier calls have left, and where one comes back to its old place', async () => {
    const { env, gate, told, enter, leave } = stand();
    const tickets = Array.from({ length: 20 }, () => gate.ticket());
    for (const turn of [7, 3]) leave(tickets[turn]);
    gate.answered(tickets[3]!, busy(5_000));
    const stop = new AbortController();
    for (const turn of [12, 5, 19, 0]) void enter(tickets[turn]!, { signal: stop.signal });
    for (const turn of [9, 2, 15]) void enter(tickets[turn]!);
    gate.answered(tickets[7]!, told(0, 5_000, 429));
    void enter(tickets[7]!);
    const before = (...turns: number[]) => turns.map((turn) => gate.before(tickets[turn]!));
    expect(before(0, 2, 5, 7, 9, 12, 15, 19)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    stop.abort();
    expect(before(2, 7, 9, 15)).toEqual([0, 1, 2, 3]);
    await env.advance(20_000);
  });

  test('does not let a newcomer overtake those whose moment has come', async () => {
    const { env, gate, log, enter, leave, told } = stand();
    gate.answered(leave(), told(0, 5_000));
    void enter(gate.ticket());
    env.jump(6_000);
    const newcomer = enter(gate.ticket());
    expect(newcomer).toBeInstanceOf(Promise);
    await settled();
    expect(log).toEqual(['1 go']);
  });

  test('takes a call that could not be sent back to its place, and gives its leave to the next', async () => {
    const { gate, log, told, enter, leave } = stand();
    gate.answered(leave(), told(1, 5_000));
    const early = gate.ticket();
    leave(early);
    void enter(gate.ticket());
    // Its token took long: it asks again, at the front, and finds the gate as open as before.
    leave(early);
    expect(gate.waiting).toBe(1);
    gate.release(early);
    await settled();
    expect(log).toEqual(['2 go']);
  });

  test('gives the leave of a call that was aborted before it was sent to the next', async () => {
    const { gate, log, told, enter, leave } = stand();
    gate.answered(leave(), told(1, 10_000));
    const ticket = leave();
    void enter(gate.ticket());
    expect(enter(ticket, { signal: AbortSignal.abort() })).toEqual({ kind: 'aborted' });
    await settled();
    expect(log).toEqual(['2 go']);
  });

  test('a replay asks again, and waits before those that came later', async () => {
    const { env, gate, log, told, enter, leave } = stand();
    const call = leave();
    const later = gate.ticket();
    gate.answered(call, told(0, 5_000, 401));
    void enter(later);
    void enter(call);
    expect(gate.waiting).toBe(2);
    await env.advance(5_000);
    expect(log[0]).toBe(`${call.turn} go`);
  });

  test('what is told twice, or of a call that is not under way, changes nothing', () => {
    const { gate, leave } = stand();
    const call = leave();
    gate.answered(call, quiet);
    gate.answered(call, busy(1_000));
    gate.lost(call);
    gate.release(call);
    leave();
  });
});

describe('a closed gate', () => {
  test('lets one call go first, then everybody, in order', async () => {
    const { env, gate, log, tickets } = closed(3_000, 20);
    await env.advance(2_999);
    expect(log).toEqual([]);
    await env.advance(1);
    expect(log).toEqual(['1 go']);
    gate.answered(tickets[0]!, quiet);
    await settled();
    expect(log).toHaveLength(20);
    expect(log).toEqual(tickets.map(({ turn }) => `${turn} go`));
    expect(env.sleeping).toBe(0);
  });

  test('costs a long outage one call per wait', async () => {
    const { env, gate, log, tickets, enter } = closed(1_000, 50);
    for (let second = 1; second <= 5; second++) {
      await env.advance(1_000);
      expect(log).toEqual(Array(second).fill('1 go'));
      gate.answered(tickets[0]!, busy(1_000));
      void enter(tickets[0]!);
    }
    expect(gate.waiting).toBe(50);
  });

  test.each(['lost', 'released', 'silent'])(
    'passes the right to go first on when that call is %s',
    async (fate) => {
      const { env, gate, log, tickets } = closed(1_000, 3);
      await env.advance(1_000);
      expect(log).toEqual(['1 go']);
      if (fate === 'lost') gate.lost(tickets[0]!);
      if (fate === 'released') gate.release(tickets[0]!);
      if (fate === 'silent') await env.advance(4_999);
      if (fate === 'silent') expect(log).toHaveLength(1);
      if (fate === 'silent') await env.advance(1);
      await settled();
      expect(log).toEqual(['1 go', '2 go']);
    },
  );

  test('is no deadlock for the one that goes first and meets a 401, nor for its replay', async () => {
    const { env, gate, log, tickets, enter } = closed(1_000, 3);
    await env.advance(1_000);
    gate.answered(tickets[0]!, { ...quiet, status: 401 });
    expect(enter(tickets[0]!)).toEqual(go);
    await settled();
    expect(log).toEqual(['1 go', '2 go', '3 go']);
  });

  test('is no deadlock for the one that goes first and waits for a token', async () => {
    const { env, gate, log, tickets, enter } = closed(1_000, 3);
    await env.advance(1_000);
    await env.advance(3_000);
    // Its token came after three seconds: it asks again and still goes first.
    expect(enter(tickets[0]!)).toEqual(go);
    await env.advance(5_000);
    expect(log).toEqual(['1 go', '2 go']);
    gate.answered(tickets[0]!, quiet);
    await settled();
    expect(log).toEqual(['1 go', '2 go', '3 go']);
  });
});

describe('patience', () => {
  test('a wait that is too long is refused at once, with the moment', () => {
    const { env, gate, leave, enter } = stand();
    gate.answered(leave(), busy(90_000));
    expect(enter(gate.ticket())).toEqual({ kind: 'too-long', retryAtMs: env.now() + 90_000, status: 503 });
    expect([gate.waiting, env.sleeping]).toEqual([0, 0]);
    expect(enter(gate.ticket(), { maxMs: 90_000 })).toBeInstanceOf(Promise);
    expect(gate.opening()).toMatchObject({ atMs: env.now() + 90_000 });
  });

  test('also when the moment gets later while a call waits', async () => {
    const way = stand();
    const [one, other] = [way.leave(), way.leave()];
    way.gate.answered(one, busy(10_000));
    const passage = way.enter(way.gate.ticket(), { maxMs: 20_000 });
    const patient = way.gate.ticket();
    void way.enter(patient, { maxMs: 60_000 });
    await way.env.advance(1_000);
    way.gate.answered(other, busy(30_000));
    expect(await passage).toEqual({ kind: 'too-long', retryAtMs: way.env.now() + 30_000, status: 503 });
    expect(way.gate.waiting).toBe(1);
    await way.env.advance(30_000);
    expect(way.log).toContain(`${patient.turn} go`);
  });

  test('ends for whoever is not served in time', async () => {
    const { env, gate, log, passages } = closed(10_000, 3, { maxMs: 12_000 });
    await env.advance(11_999);
    expect(log).toEqual(['1 go']);
    await env.advance(1);
    expect(log).toEqual(['1 go', '2 too-long', '3 too-long']);
    expect(await passages[1]).toMatchObject({ retryAtMs: env.now() + 3_000, status: undefined });
    expect([gate.waiting, env.sleeping]).toEqual([0, 0]);
  });

  test('of nothing waits for nothing', () => {
    const { gate, leave, enter } = stand();
    for (let count = 0; count < 10; count++) leave();
    expect(enter(gate.ticket(), { maxMs: 0 })).toMatchObject({ kind: 'too-long' });
  });
});

describe("this machine's clock is set back by an hour", () => {
  const hourMs = 3_600_000;

  test('while the gate is closed: it opens when it would have', async () => {
    const { env, gate, log, enter } = closed(8_000, 0);
    env.jump(-hourMs);
    expect(gate.opening()).toEqual({ kind: 'until', status: 503, atMs: env.now() + 8_000 });
    void enter(gate.ticket());
    await env.advance(7_999);
    expect(log).toEqual([]);
    await env.advance(1);
    expect(log).toEqual(['1 go']);
  });

  test('while a limit is used up: its reset is when it would have been, and a refusal says so', async () => {
    const { env, gate, log, told, enter, leave } = stand();
    gate.answered(leave(), told(0, 10_000));
    await env.advance(4_000);
    // The last time that the gate has seen: what passed since, it waits for once more.
    gate.opening();
    env.jump(-hourMs);
    expect(enter(gate.ticket(), { maxMs: 1_000 })).toMatchObject({
      kind: 'too-long',
      retryAtMs: env.now() + 6_000,
    });
    void enter(gate.ticket());
    await env.advance(6_000);
    expect(log).toEqual(['2 go']);
  });

  test('and the server is heard meanwhile: its resets count on the clock as it is now', async () => {
    const env = createManualEnv();
    let offsetMs = 0;
    const gate = createGate({ env, serverOffsetMs: () => offsetMs });
    const ticket = gate.ticket();
    expect(gate.waitToPass(ticket, { maxMs: 0, signal: undefined })).toEqual(go);
    const reset = String((env.now() + 10_000) / 1000);
    env.jump(-hourMs);
    offsetMs = hourMs;
    gate.answered(ticket, { ...quiet, rateLimit: rateLimitOf(25, 0, reset) });
    expect(gate.opening()).toMatchObject({ atMs: env.now() + 10_000 });
  });
});

describe('an abort', () => {
  test('ends the wait within a tick and leaves nothing behind', async () => {
    const abort = new AbortController();
    const { env, gate, passages } = closed(10_000, 3, { signal: abort.signal });
    expect(env.sleeping).toBe(1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    let ended: Passage[] | undefined;
    void Promise.all(passages.map(async (passage) => passage)).then((all) => (ended = all));
    abort.abort();
    expect([gate.waiting, env.sleeping]).toEqual([0, 0]);
    await settled();
    expect(ended).toEqual([{ kind: 'aborted' }, { kind: 'aborted' }, { kind: 'aborted' }]);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
  });

  test('of one leaves the others in order', async () => {
    const { env, gate, log, enter } = closed(1_000, 0);
    const aborts = Array.from({ length: 6 }, () => new AbortController());
    for (const { signal } of aborts) void enter(gate.ticket(), { signal });
    for (const index of [0, 2, 5]) aborts[index]!.abort();
    await settled();
    expect(gate.waiting).toBe(3);
    log.length = 0;
    await env.advance(1_000);
    expect(log).toEqual(['2 go']);
    await env.advance(10_000);
    expect(log).toEqual(['2 go', '4 go', '5 go']);
    for (const { signal } of aborts) expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    expect(env.sleeping).toBe(0);
  });

  test('from before is seen before anything else', () => {
    const { env, gate, enter } = closed(1_000, 0);
    expect(enter(gate.ticket(), { signal: AbortSignal.abort() })).toEqual({ kind: 'aborted' });
    expect([gate.waiting, env.sleeping]).toEqual([0, 0]);
  });
});

describe('100,000 calls', () => {
  const many = 100_000;
  const crowd = (signal?: AbortSignal) => {
    const way = stand();
    way.gate.answered(way.leave(), busy(1_000));
    const tickets = Array.from({ length: many }, () => way.gate.ticket());
    let served = 0;
    const waits = tickets.map((ticket) => way.gate.waitToPass(ticket, { maxMs: 600_000, signal }));
    for (const wait of waits)
      void Promise.resolve(wait).then(({ kind }) => (served += kind === 'go' ? 1 : 0));
    return { ...way, tickets, served: () => served };
  };

  test('wait with one timer and are let out together', async () => {
    const { env, gate, tickets, served } = crowd();
    expect([gate.waiting, env.sleeping]).toEqual([many, 1]);
    await env.advance(1_000);
    expect(served()).toBe(1);
    gate.answered(tickets[0]!, quiet);
    await settled();
    expect([served(), gate.waiting, env.sleeping]).toEqual([many, 0, 0]);
  });

  test('abort together by one signal', async () => {
    const abort = new AbortController();
    const { env, gate, served } = crowd(abort.signal);
    abort.abort();
    expect([gate.waiting, env.sleeping]).toEqual([0, 0]);
    await settled();
    expect(served()).toBe(0);
  });

  test('leave in order, a window at a time', async () => {
    const { env, gate, tickets, told, served } = crowd();
    await env.advance(1_000);
    for (let from = 0; from < many; from += 1_000) {
      expect([served(), gate.waiting], `from ${from}`).toEqual([from + 1, many - from - 1]);
      gate.answered(tickets[from]!, told(999, 1_000));
      await settled();
      expect(served()).toBe(from + 1_000);
      for (let turn = from + 1; turn < from + 1_000; turn++) gate.answered(tickets[turn]!, told(0, 1_000));
      await env.advance(1_000);
    }
    expect([served(), gate.waiting, env.sleeping]).toEqual([many, 0, 0]);
  });
});

test('time in which the process was stopped ends nobody’s patience: those behind the first wait for its answer', async () => {
  let asleepMs = 0;
  const env = createManualEnv();
  const gate = createGate({ env: { ...env, asleepMs: () => asleepMs }, serverOffsetMs: () => 0 });
  const first = gate.ticket();
  expect(gate.waitToPass(first, { maxMs: 0, signal: undefined })).toEqual(go);
  gate.answered(first, busy(10_000));
  const log: string[] = [];
  const tickets = Array.from({ length: 3 }, () => gate.ticket());
  for (const ticket of tickets)
    void Promise.resolve(gate.waitToPass(ticket, { maxMs: 60_000, signal: undefined })).then(({ kind }) =>
      log.push(`${ticket.turn} ${kind}`),
    );
  env.jump(100_000);
  asleepMs = 95_000;
  await env.advance(1);
  expect(log).toEqual(['1 go']);
  gate.answered(tickets[0]!, quiet);
  await settled();
  expect(log).toEqual(['1 go', '2 go', '3 go']);
});
