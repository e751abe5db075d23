/** What happens to one account's tokens happens one after another, and only for the tokens that count now. */
export interface Turns {
  /** Renewals, late saves and `setTokens`, in order; nobody's failure stops the next. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Aborts when the application brings tokens of its own: what was under way for the old ones is neither saved nor used. */
  readonly generation: AbortSignal;
  /** Starts a new generation. */
  supersede(): AbortSignal;
}

/** Creates the turns of one account. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let generation = new AbortController();
  return {
    inTurn(work) {
      const result = last.then(work);
      last = result.catch(() => undefined);
      return result;
    },
    get generation() {
      return generation.signal;
    },
    supersede() {
      generation.abort();
      generation = new AbortController();
      return generation.signal;
    },
  };
}
