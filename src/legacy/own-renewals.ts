import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Marks what the application's own `exchange` function does for a renewal. Its token request must pass: answered from the renewal that it
 * is part of, it would wait for itself.
 */
export interface OwnRenewals {
  /** Runs the application's function that makes the token request of a renewal. */
  run<T>(present: () => T): T;
  /** Whether the calling code runs inside such a function, synchronously or asynchronously (by `AsyncLocalStorage`). */
  isInside(): boolean;
}

/** One for all marks: before Node 24 each storage that was ever used slows down every promise of the process, and is never given back. */
const marks = new AsyncLocalStorage<readonly object[]>();

/** Creates a mark. */
export function createOwnRenewals(): OwnRenewals {
  const mark = {};
  return {
    run: (present) => marks.run([...(marks.getStore() ?? []), mark], present),
    isInside: () => marks.getStore()?.includes(mark) === true,
  };
}
