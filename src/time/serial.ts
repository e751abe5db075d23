/** The queue of one account: what changes its tokens runs one after another, and stops counting once the application brings new tokens. */
export interface Turns {
  /** Runs a renewal, a late save or a `setTokens` after those before it have settled, whether they succeeded or failed. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing is under way, and nothing waits for its turn. */
  isIdle(): boolean;
  /** Aborts when the application brings new tokens. The result of what was under way for the old ones is then neither saved nor used. */
  readonly generation: AbortSignal;
  /** Aborts the current generation and starts a new one, whose signal it returns. */
  supersede(): AbortSignal;
}

/** Creates the queue of one account. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let generation: AbortController | undefined;
  const current = () => (generation ??= new AbortController());
  return {
    inTurn(work) {
      waiting++;
      const result = last.then(work);
      const over = () => void waiting--;
      last = result.then(over, over);
      return result;
    },
    isIdle: () => waiting === 0,
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
