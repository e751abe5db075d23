/** Milliseconds since it was started, by the clock that has seen more: one stands still while a machine sleeps, the other can be set back. */
export function stopwatch(): () => number {
  const [wallMs, steadyMs] = [Date.now(), performance.now()];
  return () => Math.max(Date.now() - wallMs, performance.now() - steadyMs);
}

/** Time in which this process runs, in milliseconds. */
export interface Wakefulness {
  /** How long it has been stopped, all in all, while anybody waited in {@link Wakefulness.start}. */
  asleepMs(): number;
  /**
   * Calls `over` when the process has been awake for `ms`, and never before it had a turn to read what has arrived while it was stopped.
   * Returns what ends the wait. `ref: false` lets the process end meanwhile.
   */
  start(ms: number, ref: boolean, over: () => void): () => void;
}

/** So often somebody looks whether the process runs. */
const beatMs = 250;
/** A timer that is later than this says that the process was stopped, or worked without a pause; less is an ordinary delay. */
const lateMs = 100;
/** To read what has arrived: a TLS connection, a decompression and a driver's own queue take several turns of the event loop. */
const graceMs = 250;
/** A process that never comes to itself must not wait for ever. */
const mostGraces = 20;

/**
 * Creates the measure. A process is stopped by SIGSTOP, a laptop's lid, a frozen container, or by work that keeps the event loop busy. On
 * waking the timers that are due fire before anything is read from a socket: without a measure each of them would give up an answer that
 * has been there all the time.
 */
export function createWakefulness(): Wakefulness {
  let asleepMs = 0;
  let waiting = 0;
  let beat: { timer: ReturnType<typeof setTimeout>; dueAtMs: number } | undefined;

  /** Also asked before the beat itself has come to run. */
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
          stop();
          over();
        }, partMs);
        if (!ref) unref(timer);
      };
      // For ever there is no timer: it only makes sure that a stop is noticed.
      if (ms !== Infinity) arm(Math.max(0, ms), 0);
      return stop;
    },
  };
}

/** Browsers return a number. */
function unref(timer: unknown): void {
  if (typeof timer === 'object') (timer as { unref?: () => void } | null)?.unref?.();
}
