import { createGate, type Gate, type Ticket } from '../../../../src/pacing/gate.js';
import { readAnswer } from '../../../../src/wire/answer.js';
import { learnClock, serverOffsetMs, unknownClock } from '../../../../src/wire/server-clock.js';
import { createManualEnv, type ManualEnv } from '../../../support/manual-env.js';
import { createChance } from '../../../../bench/simulation/chance.js';
import type { LimitedServer } from './server.js';

export interface Traffic {
  server: LimitedServer;
  /** How far the server's clock is ahead. */
  skewMs: number;
  calls: number;
  concurrency: number;
  /** One way, in milliseconds: from and to. */
  latencyMs: readonly [number, number];
  seed: number;
  /** Part of the calls that are given up in flight. */
  lost?: number;
  /** Called before each call is judged, with the number of calls judged so far. */
  before?: (judged: number) => void;
}

export interface Outcome {
  elapsedMs: number;
  startMs: number;
  env: ManualEnv;
  gate: Gate;
  /** What each call of the server was answered with, in order. */
  statuses: number[];
  /** Calls that the gate turned away. */
  tooLong: number;
}

/** Drives calls through a gate to a server with limits, as the line would. */
export async function drive(traffic: Traffic): Promise<Outcome> {
  const { server, skewMs, calls, concurrency, latencyMs, lost = 0, seed } = traffic;
  const random = createChance(seed);
  const env = createManualEnv(1_800_000_000_000 + Math.floor(random() * 10_000), { realTimers: false });
  env.chance = random();
  let clock = unknownClock;
  const gate = createGate({ env, serverOffsetMs: () => serverOffsetMs(clock) ?? 0 });
  const startMs = env.now();
  const statuses: number[] = [];
  let tooLong = 0;
  let begun = 0;
  const leg = () => Math.round(latencyMs[0] + random() * (latencyMs[1] - latencyMs[0]));

  async function attempt(ticket: Ticket): Promise<'again' | 'over'> {
    const passage = await gate.waitToPass(ticket, { maxMs: 120_000, signal: undefined });
    if (passage.kind !== 'go') {
      tooLong++;
      return 'over';
    }
    await env.sleep(leg());
    traffic.before?.(statuses.length);
    const { status, headers } = server.judge(env.now() + skewMs);
    statuses.push(status);
    if (random() < lost) {
      gate.lost(ticket);
      return 'over';
    }
    await env.sleep(leg());
    clock = learnClock(clock, headers['date'], env.now());
    const { rateLimit } = readAnswer(status, headers);
    gate.answered(ticket, { status, rateLimit, retryAfterMs: undefined });
    return status === 429 ? 'again' : 'over';
  }

  async function worker(): Promise<void> {
    while (begun < calls) {
      begun++;
      const ticket = gate.ticket();
      while ((await attempt(ticket)) === 'again');
    }
  }

  const work = Promise.all(Array.from({ length: concurrency }, worker));
  let endMs = 0;
  void work.then(() => (endMs = env.now()));
  for (let step = 0; endMs === 0 && step < 1_000; step++) await env.advance(10_000);
  await work;
  return { elapsedMs: endMs - startMs, startMs, env, gate, statuses, tooLong };
}
