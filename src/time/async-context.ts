import { AsyncLocalStorage } from 'node:async_hooks';

/** Runs a function in the async context that was captured, whatever the context of whoever calls it. */
export type InContext = <T>(work: () => T) => T;

/**
 * Captures the async context of whoever calls this: the values that `AsyncLocalStorage` has there, such as a transaction, the scope of a
 * request or the span of a trace.
 */
export function captureContext(): InContext {
  return AsyncLocalStorage.snapshot();
}
