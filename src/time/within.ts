import type { Env } from './env.js';
import type { Way } from '../wire/way.js';

/** How long and by whose leave a call waits. */
export interface Patience {
  readonly maxMs: number;
  readonly signal: AbortSignal | undefined;
  /** The way that the call itself takes; undefined where nobody's call asks. */
  readonly way?: Way | undefined;
}

/** The moment that patience is measured from and ends at: time goes by only while the process runs. */
export function awakeNow(env: Env): number {
  return env.now() - (env.asleepMs?.() ?? 0);
}

/** The moment of {@link awakeNow} by this machine's clock, if the process is not stopped until then. */
export function byClock(env: Env, awakeMs: number): number {
  return awakeMs + (env.asleepMs?.() ?? 0);
}

/** How a bounded wait ended. */
export type Waited<T> =
  { kind: 'done'; value: T } | { kind: 'failed'; error: unknown } | { kind: 'elapsed' } | { kind: 'aborted' };

/**
 * Waits for `work` for at most `ms`, and no longer than `signal` allows. The work itself goes on: what it does later is the
 * business of whoever owns it. Never rejects, leaves no timer and no listener.
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
  const timer = new AbortController();
  const stop = () => timer.abort();
  signal?.addEventListener('abort', stop, { once: true });
  const elapsed = env
    .sleep(ms, { signal: timer.signal, awake: true })
    .then((): Waited<T> => (signal?.aborted ? { kind: 'aborted' } : { kind: 'elapsed' }));
  try {
    return await Promise.race([settled, elapsed]);
  } finally {
    signal?.removeEventListener('abort', stop);
    timer.abort();
  }
}

/** Starts user code that may throw before it returns a promise, or return no promise at all. */
export async function call<T>(work: () => T | PromiseLike<T>): Promise<T> {
  return work();
}
