import type { Env } from '../env.js';
import { lateSaveDelayMs } from './backoff.js';

/** Saves that go on after their renewal: one loop per account. */
export interface LateSave {
  /** Goes on trying until `attempt` says that nothing is left to save, or `signal` aborts. */
  start(signal: AbortSignal): void;
  /** The loop, while it counts as under way: for its first minute. */
  underWay(): Promise<void> | undefined;
}

/** So long a late save keeps the process alive, and `idle()` waiting. */
const aliveMs = 60_000;

/** Creates the loop; `attempt` tries once and tells whether anything is left to save. */
export function createLateSave(deps: { env: Env; attempt: () => Promise<'done' | 'left'> }): LateSave {
  const { env, attempt } = deps;
  let loop: { signal: AbortSignal; startedAtMs: number; over: Promise<void> } | undefined;

  async function run(signal: AbortSignal, startedAtMs: number): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      const ref = env.now() - startedAtMs < aliveMs;
      await env.sleep(lateSaveDelayMs(tries, env.random()), { signal, ref });
      if (signal.aborted || (await attempt()) === 'done') return;
    }
  }

  return {
    start(signal) {
      if (loop && !loop.signal.aborted) return;
      const startedAtMs = env.now();
      const own = { signal, startedAtMs, over: run(signal, startedAtMs) };
      loop = own;
      const finish = () => {
        if (loop === own) loop = undefined;
      };
      own.over = own.over.then(finish, finish);
    },
    underWay() {
      if (!loop) return undefined;
      const leftMs = loop.startedAtMs + aliveMs - env.now();
      return leftMs > 0 ? Promise.race([loop.over, env.sleep(leftMs, { ref: false })]) : undefined;
    },
  };
}
