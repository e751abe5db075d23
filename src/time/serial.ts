/** Pieces of work that run one after another. */
export interface SerialQueue {
  /** Runs `work` when everything before it has settled, whether it succeeded or failed. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is under way, and nothing waits for its turn. */
  isIdle(): boolean;
}

/** Creates a queue in which nothing waits. */
export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  return {
    inTurn(work) {
      waiting++;
      const result = last.then(work);
      const over = () => void waiting--;
      last = result.then(over, over);
      return result;
    },
    isIdle: () => waiting === 0,
  };
}

/**
 * The queue of one account: renewals, late saves, `setTokens` and the like run one after another, and stop counting once the application
 * brings new tokens.
 */
export interface Turns extends SerialQueue {
  /** Aborts when the application brings new tokens. The result of what was under way for the old ones is then neither saved nor used. */
  readonly generation: AbortSignal;
  /** Aborts the current generation and starts a new one, whose signal it returns. */
  supersede(): AbortSignal;
}

/** Creates the queue of one account. */
export function createTurns(): Turns {
  let generation: AbortController | undefined;
  const current = () => (generation ??= new AbortController());
  return {
    ...createSerialQueue(),
    get generation() {
      return current().signal;
    },
    supersede() {
      generation?.abort();
      generation = undefined;
      return current().signal;
    },
  };
}
