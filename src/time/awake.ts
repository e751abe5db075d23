/**
 * Starts a stopwatch, and returns the function that reads it in milliseconds. It reads the larger of two differences: `performance.now()`
 * may stand still while the machine sleeps, and `Date.now()` can be set back.
 */
export function stopwatch(): () => number {
  const [wallMs, steadyMs] = [Date.now(), performance.now()];
  return () => Math.max(Date.now() - wallMs, performance.now() - steadyMs);
}

/**
 * Awake time: the time during which this process runs, in milliseconds. Time during which it is stopped (SIGSTOP, sleep) does not count.
 */
export interface AwakeTime {
  /** For how long the process has been stopped in total. Stops are noticed only while a wait of {@link AwakeTime.start} is under way. */
  asleepMs(): number;
  /**
   * Calls `over` when the process has been awake for `ms`, but not before it could read what had arrived on its sockets while it was
   * stopped. Returns a function that cancels the wait. With `ref: false` the wait does not keep the process alive.
   */
  start(ms: number, ref: boolean, over: () => void): () => void;
}

/** The interval of the timer that notices stops by firing late. */
const beatMs = 250;
/** A timer that fires later than this means that the process was stopped or its event loop was blocked. A smaller delay is ordinary. */
const lateMs = 100;
/**
 * The time after a stop in which arrived data is read: TLS, decompression and a driver's own queue take several turns of the event loop.
 */
const graceMs = 250;
/** After this many graces a wait ends although the process keeps being stopped, so that no wait lasts for ever. */
const mostGraces = 20;

/**
 * Creates the measure of awake time. A process is stopped by SIGSTOP, a closed laptop lid or a frozen container; work that blocks the
 * event loop has the same effect. When the process continues, the timers that are due fire before anything is read from a socket. A plain
 * timeout would then give up an answer that has already arrived.
 */
export function createAwakeTime(): AwakeTime {
  let asleepMs = 0;
  let waiting = 0;
  let beat: { timer: ReturnType<typeof setTimeout>; dueAtMs: number } | undefined;

  /** Adds a stop that shows in the beat's delay. Also called from other timers, which may fire before the late beat does. */
  function notice(): number {
    const overdueMs = beat ? Date.now() - beat.dueAtMs : 0;
    if (beat && overdueMs > lateMs) {
      asleepMs += overdueMs;
      beat.dueAtMs += overdueMs;
    }
    return asleepMs;
  }

  function nextBeat(): void {
    notice();
    const timer = setTimeout(nextBeat, beatMs);
    unref(timer);
    beat = { timer, dueAtMs: Date.now() + beatMs };
  }

  function leave(): void {
    notice();
    if (--waiting > 0) return;
    clearTimeout(beat?.timer);
    beat = undefined;
  }

  return {
    asleepMs: notice,
    start(ms, ref, over) {
      if (waiting++ === 0) nextBeat();
      const endsAtMs = Date.now() - notice() + ms;
      let timer: ReturnType<typeof setTimeout> | undefined;
      let isOver = false;
      const stop = () => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        leave();
      };
      const arm = (partMs: number, graces: number) => {
        const [dueAtMs, asleepBefore] = [Date.now() + partMs, asleepMs];
        timer = setTimeout(() => {
          const wasStopped = notice() > asleepBefore || Date.now() - dueAtMs > lateMs;
          const leftMs = endsAtMs - (Date.now() - asleepMs);
          if (wasStopped && graces < mostGraces) return arm(Math.max(leftMs, graceMs), graces + 1);
          afterReading(() => {
            if (isOver) return;
            stop();
            over();
          });
        }, partMs);
        if (!ref) unref(timer);
      };
      // An infinite wait needs no timer. It is started only so that stops are noticed meanwhile.
      if (ms !== Infinity) arm(Math.max(0, ms), 0);
      return stop;
    },
  };
}

/**
 * Calls back when what lies in the sockets has been read. Timers fire before that, so that a wait whose timer is a moment late would miss an
 * answer that has arrived. Browsers have no `setImmediate`, and no such order.
 */
function afterReading(work: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(work);
  else work();
}

/** Lets the process end before the timer fires. In browsers a timer is a number and has no `unref`. */
function unref(timer: unknown): void {
  if (typeof timer === 'object') (timer as { unref?: () => void } | null)?.unref?.();
}
