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

/** Creates the mark of one attach. */
export function createOwnRenewals(): OwnRenewals {
  const inside = new AsyncLocalStorage<true>();
  return { run: (present) => inside.run(true, present), isInside: () => inside.getStore() === true };
}
