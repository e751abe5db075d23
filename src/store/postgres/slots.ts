/** A number of places, given in the order in which they were asked for. */
export interface Slots {
  /** Resolves with what gives the place back; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<() => void>;
}

/** Creates `count` places. */
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
        // A turn that nobody wants any more is passed on when it comes.
        void turn.then(giveBack);
        throw error;
      }
      return giveBack;
    },
  };
}

/** What `work` comes to, or a rejection with the signal's reason; the work itself goes on. */
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
