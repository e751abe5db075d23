import { describe, expect, test } from 'vitest';
import type { Gate, Ticket } from '../../../src/pacing/gate.js';
import type { Passage } from '../../../src/pacing/waiting.js';
import { createOutage } from '../../../src/pacing/outage.js';
import { createSharedGate } from '../../../src/pacing/shared-gate.js';
import { noRateLimit, rateLimitOf } from '../../../src/wire/rate-limit.js';
import { createCommonState } from '../../support/common-state.js';
import { createManualEnv, settled } from '../../support/manual-env.js';

/** Gates of several processes under one limit, on one clock that stands still. */
function stand() {
  const env = createManualEnv();
  const common = createCommonState(env);
  const told: string[] = [];
  let members = 0;

  function gateOf() {
    const outage = createOutage({
      now: env.now,
      alone: () => void told.push('alone'),
      together: () => void told.push('together'),
    });
    const member = `m${++members}`;
    const { shared } = common;
    return createSharedGate(
      { env, serverOffsetMs: () => 0, shared, outage, inContext: (work) => work(), member: () => member },
      'scope',
    );
  }
  const answer = (remaining: number, { limit = 25, resetInMs = 10_000, status = 200 } = {}) => ({
    status,
    rateLimit: rateLimitOf(String(limit), String(remaining), String((env.now() + resetInMs) / 1000)),
    retryAfterMs: undefined,
  });
  const heldBy = () => common.members('scope').map(({ held }) => held);
  return { env, common, told, gateOf, answer, heldBy };
}

/** Lets one more call wait at a gate, and tells what has become of it. */
function enter(gate: Gate, { maxMs = 60_000 } = {}): { ticket: Ticket; passage: Passage | undefined } {
  const call = { ticket: gate.ticket(), passage: undefined as Passage | undefined };
  const passing = gate.waitToPass(call.ticket, { maxMs, signal: undefined });
  if (passing instanceof Promise) void passing.then((passage) => (call.passage = passage));
  else call.passage = passing;
  return call;
}

/** Gates that know of a limit, of which so much is left. */
async function informed(remaining: number, gates = 1, limit = 1_000) {
  const stage = stand();
  const all = Array.from({ length: gates }, stage.gateOf);
  for (const gate of all) {
    const { ticket } = enter(gate);
    await settled();
    gate.answered(ticket, stage.answer(remaining, { limit }));
    await settled();
  }
  stage.common.asked.length = 0;
  return { ...stage, all, gate: all[0]! };
}

test('the first call waits for a permit, and no longer than for that', async () => {
  const { common, gateOf } = stand();
  const gate = gateOf();
  expect(gate.tryPass(gate.ticket())).toBe(false);
  const call = enter(gate);
  expect([call.passage, gate.waiting]).toEqual([undefined, 1]);
  await settled();
  expect([call.passage, gate.waiting]).toEqual([{ kind: 'go' }, 0]);
  expect(common.asked.length).toBe(1);
});

test('while the limit is far, calls pass at once by permits that were asked for ahead', async () => {
  const { gate, common, answer } = await informed(999);
  let passed = 0;
  for (let call = 0; call < 200; call++) {
    const ticket = gate.ticket();
    if (gate.tryPass(ticket)) passed++;
    else void gate.waitToPass(ticket, { maxMs: 60_000, signal: undefined });
    await settled();
    gate.answered(ticket, answer(999 - call, { limit: 1_000 }));
  }
  expect(passed).toBeGreaterThanOrEqual(195);
  expect(common.asked.length).toBeLessThanOrEqual(40);
});

test('what is left is left for all: many calls at several gates take no more than that', async () => {
  const { all, env } = await informed(6, 3, 25);
  const calls = all.map((gate) => Array.from({ length: 10 }, () => enter(gate)));
  await env.advance(1_000);
  const passed = calls.map((own) => own.filter(({ passage }) => passage?.kind === 'go').length);
  const sum = passed.reduce((one, other) => one + other);
  expect(sum).toBeLessThanOrEqual(6);
  expect(sum).toBeGreaterThanOrEqual(5);
  expect(Math.min(...passed)).toBeGreaterThanOrEqual(1);
});

describe('a call that has passed and is not sent', () => {
  test('leaves its permit to the next one', async () => {
    const { gateOf, common } = stand();
    const gate = gateOf();
    const { ticket } = enter(gate);
    await settled();
    gate.release(ticket);
    const asked = common.asked.length;
    expect(gate.tryPass(gate.ticket())).toBe(true);
    expect(common.asked.length).toBe(asked);
  });

  test('leaves the right to go first, too', async () => {
    const { gateOf, common, env, answer } = stand();
    const [one, other] = [gateOf(), gateOf()];
    const { ticket } = enter(one);
    await settled();
    one.answered(ticket, answer(0, { resetInMs: 1_000 }));
    await settled();
    const first = enter(one);
    await env.advance(1_100);
    expect(first.passage).toEqual({ kind: 'go' });
    const waits = enter(other);
    await env.advance(1_000);
    expect(waits.passage).toBeUndefined();
    one.release(first.ticket);
    const again = enter(one);
    expect(again.passage).toEqual({ kind: 'go' });
    one.answered(again.ticket, answer(24));
    await env.advance(1_000);
    expect(waits.passage).toEqual({ kind: 'go' });
    expect(common.asked.some(({ question }) => question.first === 'answered')).toBe(true);
  });
});

test('a refusal takes back at once what the gate holds, before the common state has been told', async () => {
  const { gate, common } = await informed(999);
  const calls = Array.from({ length: 8 }, () => enter(gate));
  await settled();
  common.state = 'hangs';
  gate.answered(calls[0]!.ticket, { status: 429, rateLimit: noRateLimit, retryAfterMs: 30_000 });
  expect(gate.tryPass(gate.ticket())).toBe(false);
  common.release();
});

test('a pacing that grants nothing and lets a process ask again at once does not keep it busy with questions', async () => {
  const { gateOf, common, env } = stand();
  const { ask } = common.shared;
  common.shared.ask = async (scope, question) => ({
    ...(await ask(scope, question)),
    granted: 0,
    askAgainInMs: 0,
  });
  const call = enter(gateOf(), { maxMs: 1_000 });
  await env.advance(1_000);
  expect(call.passage?.kind).toBe('too-long');
  expect(common.asked.length).toBeLessThanOrEqual(101);
});

describe('after a refusal', () => {
  const refusal = { status: 429, rateLimit: noRateLimit, retryAfterMs: 30_000 };

  test.each(['before the common state has answered', 'after that'])(
    'a call that has passed and was not sent waits until the gate opens, and so do others: %s',
    async (when) => {
      const { gate, common, env } = await informed(999);
      const [refused, late, aborted] = [enter(gate), enter(gate), enter(gate)];
      await settled();
      expect([late, aborted].map(({ passage }) => passage?.kind)).toEqual(['go', 'go']);
      if (when !== 'after that') common.state = 'hangs';
      gate.answered(refused.ticket, refusal);
      await settled();
      gate.release(aborted.ticket);
      expect(gate.tryPass(gate.ticket())).toBe(false);
      const again = gate.waitToPass(late.ticket, { maxMs: 60_000, signal: undefined });
      expect(again).toBeInstanceOf(Promise);
      common.state = 'answers';
      common.release();
      await env.advance(29_000);
      expect(gate.waiting).toBe(1);
      await env.advance(2_000);
      expect(await again).toEqual({ kind: 'go' });
    },
  );

  test('a process that hears of it sends nothing more by the permits that it has', async () => {
    const { all, env, answer, common } = await informed(999, 2);
    const [one, other] = all as [Gate, Gate];
    for (let call = 0; call < 20; call++) {
      const { ticket } = enter(one);
      await settled();
      one.answered(ticket, answer(999 - call, { limit: 1_000 }));
      await settled();
    }
    const refused = enter(other);
    await settled();
    other.answered(refused.ticket, refusal);
    await settled();
    const asked = common.asked.length;
    const passes = () => one.tryPass(one.ticket());
    expect(passes()).toBe(true);
    while (common.asked.length === asked && passes()) await settled();
    await settled();
    expect([common.asked.length, passes()]).toEqual([asked + 1, false]);
    enter(one);
    await settled();
    await env.advance(29_000);
    expect(one.waiting).toBe(1);
  });
});

describe('while the common state is away', () => {
  test('calls go by what this process knows, the answers that came before included', async () => {
    const { gate, common, env, told } = await informed(2, 1, 25);
    common.state = 'rejects';
    const calls = Array.from({ length: 5 }, () => enter(gate));
    await env.advance(1_000);
    expect(told).toEqual(['alone']);
    expect(calls.filter(({ passage }) => passage?.kind === 'go').length).toBe(2);
    expect(gate.opening()!.atMs).toBeGreaterThan(env.now());
  });

  test('a call that wears out its patience is told so, and the others go on waiting', async () => {
    const { gateOf, common, env } = stand();
    common.state = 'hangs';
    const gate = gateOf();
    const [short, long] = [enter(gate, { maxMs: 300 }), enter(gate)];
    await env.advance(300);
    expect([short.passage?.kind, long.passage]).toEqual(['too-long', undefined]);
    await env.advance(200);
    expect(long.passage).toEqual({ kind: 'go' });
    common.release();
  });

  test('what was sent without a permit is told, so that the common state counts it', async () => {
    const { gateOf, common, heldBy, env, told } = stand();
    common.state = 'rejects';
    const gate = gateOf();
    const calls = Array.from({ length: 4 }, () => enter(gate));
    await env.advance(600);
    expect(calls.every(({ passage }) => passage?.kind === 'go')).toBe(true);
    common.state = 'answers';
    await env.advance(2_000);
    gate.release(gate.ticket());
    await env.advance(2_000);
    // The fifth is the permit that the first of the four had been asked for.
    expect([heldBy(), told]).toEqual([[5], ['alone', 'together']]);
  });
});

test('a late reply is good for what is left of the time of its permits, and for nothing after that', async () => {
  for (const [lateMs, passes] of [
    [9_000, true],
    [11_000, false],
  ] as const) {
    const { gate, common, env } = await informed(999);
    common.state = 'hangs';
    const waits = enter(gate);
    await settled();
    // The process is stopped for so long.
    env.jump(lateMs);
    common.release();
    await settled();
    expect([lateMs, waits.passage?.kind]).toEqual([lateMs, passes ? 'go' : undefined]);
    common.state = 'answers';
    common.release();
    await env.advance(1_000);
    expect(waits.passage?.kind).toBe('go');
  }
});

test('a gate without calls gives back what it holds, and is idle then', async () => {
  const { gate, common, env, heldBy, answer } = await informed(999);
  for (let call = 0; call < 20; call++) {
    const { ticket } = enter(gate);
    await settled();
    gate.answered(ticket, answer(999 - call, { limit: 1_000 }));
    await settled();
  }
  expect(heldBy()[0]).toBeGreaterThan(0);
  await env.advance(20_000);
  expect(heldBy()).toEqual([0]);
  const asked = common.asked.length;
  await env.advance(3_600_000);
  expect([common.asked.length, env.sleeping, gate.isIdle()]).toEqual([asked, 0, true]);
});

test('calls that wait get what they wait for, also where what is not used is given back meanwhile', async () => {
  const { gateOf, common, env, answer } = stand();
  const gate = gateOf();
  const { ticket } = enter(gate);
  await settled();
  gate.answered(ticket, answer(0, { resetInMs: 1_000 }));
  const waits = enter(gate);
  await settled();
  gate.giveBack();
  await env.advance(1_100);
  expect(waits.passage).toEqual({ kind: 'go' });
  gate.giveBack();
  // A call that is sent again has its ticket already.
  gate.answered(waits.ticket, answer(20));
  await settled();
  const again = gate.waitToPass(waits.ticket, { maxMs: 60_000, signal: undefined });
  await env.advance(100);
  expect(await again).toEqual({ kind: 'go' });
  expect(common.asked.length).toBeLessThan(12);
});
