import type { Env } from './env.js';

/** Calls somebody at a moment; there is one moment at a time. */
export interface Alarm {
  /** Sets the moment, in milliseconds of the alarm's clock. One that is set already for an earlier moment stays. */
  set(atMs: number): void;
  clear(): void;
}

/**
 * Creates an alarm that is not set. `now` is its clock; `due` is called at the moment, and may be called earlier: it looks again. With
 * `ref: false` it does not keep the process alive.
 */
export function createAlarm(
  env: Env,
  now: () => number,
  due: () => void,
  { ref = true }: { ref?: boolean } = {},
): Alarm {
  let timer: { readonly atMs: number; readonly stop: AbortController } | undefined;

  function clear(): void {
    timer?.stop.abort();
    timer = undefined;
  }

  return {
    clear,
    set(atMs) {
      if (atMs === Infinity || (timer && timer.atMs <= atMs)) return;
      clear();
      const own = { atMs, stop: new AbortController() };
      timer = own;
      // The moment comes by the clock, whether or not the process is stopped until then. This wait only makes a stop noticed.
      if (env.asleepMs) void env.sleep(Infinity, { signal: own.stop.signal, awake: true, ref });
      void env.sleep(atMs - now(), { signal: own.stop.signal, ref }).then(() => {
        if (timer !== own) return;
        timer = undefined;
        due();
        own.stop.abort();
      });
    },
  };
}
