/** A counting semaphore: a limited number of slots, given in the order in which they were requested. */
interface Slots {
  /** Waits for a slot. Resolves with the function that returns it; rejects with the reason of the signal. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Creates `count` slots. */
function createSlots(count: number): Slots {
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

/**
 * Creates `count` slots for locks. One of them is never taken by locks under which another lock is taken (`isOuter`): if these held all
 * slots, each would wait for a slot that none of them gives back. With a single slot, one such lock is held beside it.
 */
export function createLockSlots(count: number): {
  take(isOuter: boolean, signal: AbortSignal): Promise<() => void>;
} {
  const slots = createSlots(count);
  const outer = createSlots(Math.max(1, count - 1));
  return {
    async take(isOuter, signal) {
      if (!isOuter) return slots.take(signal);
      const giveBackOuter = await outer.take(signal);
      if (count === 1) return giveBackOuter;
      try {
        const giveBack = await slots.take(signal);
        return () => {
          giveBack();
          giveBackOuter();
        };
      } catch (error) {
        giveBackOuter();
        throw error;
      }
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
