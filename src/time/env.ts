import { createAwakeTime } from './awake.js';
import { ownValue } from '../wire/prototype-pollution.js';

/** The part of an `AbortSignal` that a sleep uses. A lighter object may be given in its place. */
export interface EndOfSleep {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Clock, random numbers and timers. Everything else in the package gets them as this argument, so that tests can replace them. */
export interface Env {
  /** Milliseconds since the epoch on this machine's clock. */
  now(): number;
  /** A random number, uniform in [0, 1). */
  random(): number;
  /**
   * Resolves after `ms` (Infinity: never), or at once when `signal` aborts; the caller has to look at the signal to tell which.
   * Never rejects and leaves neither timer nor listener behind. With `ref: false` the wait does not keep the process alive.
   * `awake` is for timeouts: time during which the process was stopped does not count, and data that arrived meanwhile is read before the
   * timeout ends.
   */
  sleep(
    ms: number,
    options?: { signal?: EndOfSleep | undefined; ref?: boolean; awake?: boolean },
  ): Promise<void>;
  /** For how long this process has been stopped in total; measured only while a `sleep` with `awake` is under way. */
  asleepMs?(): number;
}

/** The longest delay of a timer. Node and browsers fire at once for a longer one. */
const longestTimerMs = 2 ** 31 - 1;
const awakeTime = createAwakeTime();

/** The clock, chance and timers of the system. */
export const systemEnv: Env = {
  now: () => Date.now(),
  random: () => Math.random(),
  asleepMs: awakeTime.asleepMs,
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
        // In browsers a timer is a number and has no `unref`.
        if (!ref && typeof timer === 'object') timer.unref();
      };
      signal?.addEventListener('abort', finish, { once: true });
      if (awake && (ms <= longestTimerMs || ms === Infinity)) stop = awakeTime.start(ms, ref, finish);
      // An infinite wait sets no timer, which would keep the process alive for nothing.
      else if (ms !== Infinity) arm(ms);
    }),
};
