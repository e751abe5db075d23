import type { Env } from '../../time/env.js';
import { call, within } from '../../time/within.js';
import { lateSaveDelayMs } from '../../time/backoff.js';

/** Saves that go on after their renewal: one loop per account. */
export interface LateSave {
  /**
   * Goes on trying until `attempt` says that nothing is left to save, or `signal` aborts. For another pair that was not saved the
   * schedule begins anew.
   */
  start(signal: AbortSignal): void;
  /** The loop, while it counts as under way: for its first minute. */
  underWay(): Promise<void> | undefined;
  /** No loop runs, nor waits for its next try. */
  isIdle(): boolean;
}

/** So long a late save keeps the process alive, and `idle()` waiting. */
const aliveMs = 60_000;

/** Creates the loop; `attempt` tries once and tells whether anything is left to save. */
export function createLateSave(deps: { env: Env; attempt: () => Promise<'done' | 'left'> }): LateSave {
  const { env, attempt } = deps;
  let loop: { startedAtMs: number; stop: () => void; over: Promise<void> } | undefined;

  async function run(signal: AbortSignal, startedAtMs: number): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      const ref = env.now() - startedAtMs < aliveMs;
      await env.sleep(lateSaveDelayMs(tries, env.random()), { signal, ref });
      if (signal.aborted) return;
      // Whatever broke, the pair is still in memory only.
      const left = await call(attempt).catch(() => 'left' as const);
      if (left === 'done') return;
    }
  }

  return {
    start(signal) {
      loop?.stop();
      const own = new AbortController();
      const stop = () => own.abort();
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const startedAtMs = env.now();
      const over = run(own.signal, startedAtMs).then(() => {
        signal.removeEventListener('abort', stop);
        if (loop === started) loop = undefined;
      });
      const started = { startedAtMs, stop, over };
      loop = started;
    },
    underWay() {
      if (!loop) return undefined;
      const leftMs = loop.startedAtMs + aliveMs - env.now();
      return leftMs > 0 ? within(env, leftMs, loop.over).then(() => undefined) : undefined;
    },
    isIdle: () => loop === undefined,
  };
}
