import { createWakefulness } from './awake.js';
import { ownValue } from '../wire/own.js';

/** The only home of time, chance and timers; everything else gets them as an argument, so that tests are exact. */
export interface Env {
  /** Milliseconds since the epoch on this machine's clock. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /**
   * Resolves after `ms` (Infinity: never), or at once when `signal` aborts: the caller looks at the signal.
   * Never rejects and leaves neither timer nor listener. `ref: false` lets the process end while it waits.
   * `awake`: for the end of somebody's patience. Time in which the process was stopped does not count, and what has arrived meanwhile is
   * read first.
   */
  sleep(
    ms: number,
    options?: { signal?: AbortSignal | undefined; ref?: boolean; awake?: boolean },
  ): Promise<void>;
  /** How long this process has been stopped, all in all, while somebody slept `awake`. */
  asleepMs?(): number;
}

/** Longer delays fire at once in Node and in browsers. */
const longestTimerMs = 2 ** 31 - 1;
const wakefulness = createWakefulness();

export const systemEnv: Env = {
  now: () => Date.now(),
  random: () => Math.random(),
  asleepMs: wakefulness.asleepMs,
  sleep: (ms, options = {}) =>
    new Promise((resolve) => {
      const signal = ownValue(options, 'signal');
      const ref = ownValue(options, 'ref') ?? true;
      const awake = ownValue(options, 'awake') ?? false;
      if (signal?.aborted) return resolve();
      const endsAtMs = Date.now() + ms;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let stop = () => clearTimeout(timer);
      const finish = () => {
        stop();
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const arm = (remainingMs: number) => {
        timer = setTimeout(
          () => (remainingMs > longestTimerMs ? arm(endsAtMs - Date.now()) : finish()),
          Math.min(Math.max(remainingMs, 0), longestTimerMs),
        );
        // Browsers return a number.
        if (!ref && typeof timer === 'object') timer.unref();
      };
      signal?.addEventListener('abort', finish, { once: true });
      if (awake && (ms <= longestTimerMs || ms === Infinity)) stop = wakefulness.start(ms, ref, finish);
      // For ever there is no timer: it would keep the process alive, and fire for nothing.
      else if (ms !== Infinity) arm(ms);
    }),
};
