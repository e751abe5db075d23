import { AsyncLocalStorage } from 'node:async_hooks';

/** Tells what is done for a renewal from everything else that the application does. */
export interface OwnRenewals {
  /** Runs the application's function that presents a grant. */
  run<T>(present: () => T): T;
  /** Whether the code that asks is called, by however many promises, from such a function. */
  isInside(): boolean;
}

/** Creates the marks of the renewals that the application's own function makes. */
export function createOwnRenewals(): OwnRenewals {
  const inside = new AsyncLocalStorage<true>();
  return { run: (present) => inside.run(true, present), isInside: () => inside.getStore() === true };
}
