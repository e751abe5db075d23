/** A counting semaphore: a limited number of slots, given in the order in which they were requested. */
export interface Slots {
  /** Waits for a slot. Resolves with the function that returns it; rejects with the reason of the signal. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Creates `count` slots. */
export function createSlots(count: number): Slots {
  let free = count;
  const waiting: (() => void)[] = [];
  const giveBack = () => {
    const next = waiting.shift();
    if (next) next();
    else free++;
  };
  return {
    async take(signal) {
      const turn = new Promise<void>((resolve) => {
        if (free === 0) return void waiting.push(resolve);
        free--;
        resolve();
      });
      try {
        await unlessAborted(turn, signal);
      } catch (error) {
        // The slot that a cancelled waiter gets later is passed on to the next one.
        void turn.then(giveBack);
        throw error;
      }
      return giveBack;
    },
  };
}

/** Settles as `work` does, or rejects with the reason of the signal; the work itself is not stopped. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => (stop = () => reject(signal.reason)));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
