import {
  byTime,
  isTokenFailure,
  tokenEventOf,
  type TokenEvent,
  type TokenEventName,
} from './token-events.js';

/** The newest events of tokens, in bounded memory. */
export interface TokenRecord {
  add(event: TokenEventName, detail: object, atMs: number): void;
  /** All that are kept, the oldest first. */
  kept(): TokenEvent[];
}

/** So many of the newest are kept of those that tell of a failure, and so many of the others. */
export const mostTokenEvents = 200;

/** Creates the record of one recorder. Several that are restored are put together. */
export function createTokenRecord(restored: readonly TokenEvent[] = []): TokenRecord {
  const failures: TokenEvent[] = [];
  const others: TokenEvent[] = [];
  for (const event of [...restored].sort(byTime)) keep(event);

  function keep(event: TokenEvent): void {
    const kept = isTokenFailure(event) ? failures : others;
    kept.push(event);
    if (kept.length > mostTokenEvents) kept.shift();
  }

  return {
    add: (event, detail, atMs) => keep(tokenEventOf(event, detail, atMs)),
    kept: () => [...failures, ...others].sort(byTime),
  };
}
