import { describe, expect, test } from 'vitest';
import { createLoginGate, type LoginAsker, type Visit } from '../../../../src/token/endpoint/login-gate.js';
import type { Rank } from '../../../../src/token/endpoint/login-pace.js';
import { createManualEnv, type ManualEnv } from '../../../support/manual-env.js';

const open = never();

/** Not one for all: each listener would be counted. */
function never(): AbortSignal {
  return new AbortController().signal;
}

function asker(rank: Rank, turn: number, { most = 8, waitsUntilMs = Infinity } = {}): LoginAsker {
  return { rank: () => rank, ticket: () => turn, most, waitsUntilMs: () => waitsUntilMs };
}

/** A login host that answers after 20 ms and serves only so many. */
function createHost(env: ManualEnv, serves: (nowMs: number, underWay: number) => number | undefined) {
  let underWay = 0;
  const seen = { requests: 0, refusals: 0, order: [] as number[] };
  async function ask(visit: Visit, turn: number): Promise<boolean> {
    seen.requests++;
    seen.order.push(turn);
    const retryAfterMs = serves(env.now(), ++underWay);
    await env.sleep(20);
    underWay--;
    if (retryAfterMs === undefined) visit.served();
    else {
      seen.refusals++;
      visit.throttled(retryAfterMs);
    }
    return retryAfterMs === undefined;
  }
  return { seen, ask };
}

async function run(
  env: ManualEnv,
  serves: (nowMs: number, underWay: number) => number | undefined,
  most = 8,
) {
  const gate = createLoginGate(env);
  const host = createHost(env, serves);
  let answers = 0;
  const all = Array.from({ length: 1_000 }, async (_, turn) => {
    const mine = asker('call', turn, { most });
    for (;;) {
      const entered = await gate.wait(mine, never());
      if (entered.kind !== 'in') throw new Error('no asker has less than all the time');
      if (await host.ask(entered.visit, turn)) break;
    }
    answers++;
  });
  let isOver = false;
  void Promise.all(all).then(() => (isOver = true));
  while (!isOver && env.sleeping > 0) await env.advance(Math.min(...env.pending));
  return { answers, ...host.seen, gate };
}

describe('a thousand token requests', () => {
  const windows = [1_000, 5_000, 10_000];
  test.each(windows)('at a login host that serves 50 in %i ms: at most 1,050 requests', async (windowMs) => {
    const env = createManualEnv(undefined, { realTimers: false });
    let window = 0;
    let count = 0;
    const { answers, requests } = await run(env, (nowMs) => {
      const now = Math.floor(nowMs / windowMs);
      if (now !== window) count = 0;
      window = now;
      return ++count > 50 ? Math.ceil(((now + 1) * windowMs - nowMs) / 1000) * 1000 : undefined;
    });
    expect(answers).toBe(1_000);
    expect(requests).toBeLessThanOrEqual(1_050);
    expect(env.sleeping).toBe(0);
  });

  test('at a login host that serves 50 at once, whatever the option says: at most 1,050 requests', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const { answers, requests } = await run(env, (_, underWay) => (underWay > 50 ? 1_000 : undefined), 64);
    expect(answers).toBe(1_000);
    expect(requests).toBeLessThanOrEqual(1_050 + 64);
  });

  test('at a login host that turns nobody away: in the order of their calls, at most eight at once', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    let most = 0;
    const { order, gate } = await run(env, (_, underWay) => void (most = Math.max(most, underWay)));
    expect(order).toEqual(Array.from({ length: 1_000 }, (_, turn) => turn));
    expect(most).toBe(8);
    expect(gate.isAwaited()).toBe(false);
  });
});

describe('the gate of the login host', () => {
  test('lets those that come later in front by rank, and by the turn of their first call', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const gate = createLoginGate(env);
    const visit = gate.enter(asker('call', 0, { most: 1 }))!;
    const order: string[] = [];
    const waits = (
      [
        ['background', Infinity],
        ['call', 7],
        ['call', 3],
        ['first', 9],
      ] as const
    ).map(async ([rank, turn]) => {
      const entered = await gate.wait(asker(rank, turn, { most: 1 }), open);
      order.push(`${rank} ${turn}`);
      if (entered.kind === 'in') entered.visit.leave();
    });
    visit.served();
    await Promise.all(waits);
    expect(order).toEqual(['first 9', 'call 3', 'call 7', 'background Infinity']);
    expect(env.sleeping).toBe(0);
  });

  test('moves a renewal forward when a call begins to wait for it', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const gate = createLoginGate(env);
    const visit = gate.enter(asker('call', 0, { most: 1 }))!;
    let rank: Rank = 'background';
    const mine = { ...asker('call', 1, { most: 1 }), rank: () => rank };
    const entering = gate.wait(mine, open);
    const other = new AbortController();
    void gate.wait(asker('call', 2, { most: 1 }), other.signal);
    rank = 'call';
    gate.changed(mine);
    visit.served();
    expect((await entering).kind).toBe('in');
    other.abort();
  });

  test('gives the place of a request without an answer to the next one after five seconds', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const gate = createLoginGate(env);
    const hanging = gate.enter(asker('call', 0, { most: 1 }))!;
    const entering = gate.wait(asker('call', 1, { most: 1 }), open);
    await env.advance(4_999);
    expect(hanging.isValid()).toBe(true);
    await env.advance(1);
    expect(hanging.isValid()).toBe(false);
    expect((await entering).kind).toBe('in');
    hanging.served();
  });

  test('turns away at once who has less time than the login host asks for, and lets the others wait', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const gate = createLoginGate(env);
    const visit = gate.enter(asker('call', 0))!;
    visit.throttled(10_000);
    const startMs = env.now();
    const hasty = gate.wait(asker('call', 1, { waitsUntilMs: startMs + 9_999 }), open);
    expect(await hasty).toEqual({ kind: 'closed', untilMs: startMs + 10_000 });
    const patient = gate.wait(asker('call', 2, { waitsUntilMs: startMs + 20_000 }), open);
    await env.advance(9_999);
    expect(env.sleeping).toBe(1);
    await env.advance(1);
    expect((await patient).kind).toBe('in');
    // One goes first.
    expect(gate.enter(asker('call', 3))).toBeUndefined();
  });

  test('a clock that is set back closes nothing for longer', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const gate = createLoginGate(env);
    gate.enter(asker('call', 0))!.throttled(10_000);
    env.jump(-3_600_000);
    const patient = gate.wait(asker('call', 1), open);
    await env.advance(10_000);
    expect((await patient).kind).toBe('in');
  });

  test('leaves nothing behind of who gives up', async () => {
    const env = createManualEnv(undefined, { realTimers: false });
    const gate = createLoginGate(env);
    gate.enter(asker('call', 0))!.throttled(10_000);
    const gone = new AbortController();
    const waiting = gate.wait(asker('call', 1), gone.signal);
    expect(env.sleeping).toBe(1);
    gone.abort();
    expect(await waiting).toEqual({ kind: 'aborted' });
    await env.advance(0);
    expect(env.sleeping).toBe(0);
  });
});
