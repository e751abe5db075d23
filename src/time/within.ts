import type { EndOfSleep, Env } from './env.js';
import type { Way } from '../wire/way.js';

/** How long a call waits for a token or a store, and what ends the wait earlier. */
export interface WaitBounds {
  /** In awake time: time during which the process is stopped does not count. */
  readonly maxMs: number;
  readonly signal: AbortSignal | undefined;
  /** Agents and proxy of the call, for a token request that is made on its behalf; undefined where no call waits. */
  readonly way?: Way | undefined;
}

/** The current time on a clock that stands still while the process is stopped. Timeouts and deadlines are measured on it. */
export function awakeNow(env: Env): number {
  return env.now() - (env.asleepMs?.() ?? 0);
}

/** Converts a moment of the clock of {@link awakeNow} to this machine's clock; right if the process is not stopped until then. */
export function byClock(env: Env, awakeMs: number): number {
  return awakeMs + (env.asleepMs?.() ?? 0);
}

/** How a bounded wait ended. */
export type Waited<T> =
  { kind: 'done'; value: T } | { kind: 'failed'; error: unknown } | { kind: 'elapsed' } | { kind: 'aborted' };

/**
 * Creates the end of one sleep. An `AbortController` would do the same, but takes more time than all the rest of a wait, and a call may have
 * several waits.
 */
export function createEnd(): EndOfSleep & { abort(): void } {
  let wake: (() => void) | undefined;
  const end = {
    aborted: false,
    addEventListener(_type: 'abort', listener: () => void) {
      wake = listener;
    },
    removeEventListener() {
      wake = undefined;
    },
    abort() {
      end.aborted = true;
      wake?.();
    },
  };
  return end;
}

/**
 * Waits for `work` for at most `ms`, and no longer than until `signal` aborts. The work itself is not stopped when the wait ends.
 * Never rejects, and leaves neither timer nor listener behind.
 */
export async function within<T>(
  env: Env,
  ms: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<Waited<T>> {
  const settled = work.then(
    (value): Waited<T> => ({ kind: 'done', value }),
    (error: unknown): Waited<T> => ({ kind: 'failed', error }),
  );
  if (signal?.aborted) return { kind: 'aborted' };
  const timer = createEnd();
  const stop = () => timer.abort();
  signal?.addEventListener('abort', stop, { once: true });
  const elapsed = env
    .sleep(ms, { signal: timer, awake: true })
    .then((): Waited<T> => (signal?.aborted ? { kind: 'aborted' } : { kind: 'elapsed' }));
  try {
    return await Promise.race([settled, elapsed]);
  } finally {
    signal?.removeEventListener('abort', stop);
    timer.abort();
  }
}

/**
 * Calls a function of the application and waits for its promise for at most `ms`. A value that is there at once is not waited for. Never
 * rejects.
 */
export async function callWithin<T>(
  env: Env,
  ms: number,
  work: () => T | PromiseLike<T>,
): Promise<Waited<Awaited<T>>> {
  try {
    const value = work();
    if (typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then !== 'function')
      return { kind: 'done', value: value as Awaited<T> };
    return await within(env, ms, Promise.resolve(value));
  } catch (error) {
    return { kind: 'failed', error };
  }
}

/** Calls a function of the application, and rejects where it throws before it returns a promise. It may return no promise at all. */
export async function call<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return work();
}
