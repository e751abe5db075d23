import type { Env } from '../../src/time/env.js';
import { isOnTheWire } from './on-the-wire.js';
import { patienceMs } from './patience.js';
import { hasMoved, noteMove } from './traffic.js';

interface Sleeper {
  atMs: number;
  order: number;
  wake: () => void;
}

/** A clock that stands still until a test moves it. */
export interface ManualEnv extends Env {
  /** Moves time forward, waking sleepers in order; between two of them everything that can run runs. */
  advance(ms: number): Promise<void>;
  /** Sets the clock without waking anybody, as a laptop's lid does. */
  jump(ms: number): void;
  /** What `random` returns from now on. @default 0 */
  chance: number;
  /** Waits that are under way: none may be left behind. */
  readonly sleeping: number;
  /** Milliseconds that each of them still has. */
  readonly pending: number[];
  /** Moves time in small steps until `work` has settled, as long as somebody waits for this clock; real input gets its turns between. */
  drive<T>(work: Promise<T>, stepMs?: number): Promise<T>;
}

/**
 * Starts at a whole second. `realTimers`: what is tested may also wait for timers of this machine, as axios-retry does, so they get their
 * turn at each step; that takes a millisecond of real time.
 */
export function createManualEnv(
  startMs = 1_800_000_000_000,
  { realTimers = true }: { realTimers?: boolean } = {},
): ManualEnv {
  let nowMs = startMs;
  let order = 0;
  let sleepers: Sleeper[] = [];

  const env: ManualEnv = {
    chance: 0,
    now: () => nowMs,
    random: () => env.chance,
    sleep: (ms, { signal } = {}) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        if (ms <= 0) return void setImmediate(resolve);
        const wake = () => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { atMs: nowMs + ms, order: order++, wake };
        sleepers.push(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    get sleeping() {
      return sleepers.length;
    },
    get pending() {
      return sleepers.map(({ atMs }) => atMs - nowMs);
    },
    async drive(work, stepMs = 250) {
      let over = false;
      void work.then(
        () => (over = true),
        () => (over = true),
      );
      const giveUpAt = Date.now() + patienceMs;
      while (!over && Date.now() < giveUpAt) {
        if (env.sleeping > 0) await env.advance(stepMs);
        // Nobody waits for this clock. axios-retry sends again from a timer of its own.
        else await settled().then(() => new Promise((resolve) => setTimeout(resolve, 1)));
      }
      if (!over) throw new Error(`${patienceMs} ms of driving have not settled it`);
      return work;
    },
    jump(ms) {
      nowMs += ms;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await settled();
        const [next] = sleepers
          .filter(({ atMs }) => atMs <= untilMs)
          .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
        if (!next) break;
        nowMs = Math.max(nowMs, next.atMs);
        next.wake();
        if (realTimers) noteMove();
      }
      nowMs = untilMs;
      await settled();
    },
  };
  return env;
}

/**
 * Lets promises and ready input run, and waits for the answers that are on their way: a busy machine takes its time for them. Where something
 * has moved, timers that are due at once get their turn too: axios-retry sends again by a timer of 0 ms, and the millisecond that this takes
 * is thousands of turns, in which a clock that went on would pass minutes.
 */
export async function settled(): Promise<void> {
  for (;;) {
    for (let turns = 0; turns < 10 || isOnTheWire(); turns++)
      await new Promise((resolve) => setImmediate(resolve));
    if (!hasMoved()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Waits for something that real input brings about; fails when it does not come. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const giveUpAt = Date.now() + patienceMs;
  while (!condition()) {
    if (Date.now() > giveUpAt) throw new Error(`waited ${patienceMs} ms for ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
