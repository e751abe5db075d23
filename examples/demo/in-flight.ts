/** The calls in flight, by their numbers. */
export interface InFlight {
  began(index: number): void;
  ended(index: number): void;
  /** Runs `work` once, when all calls that are in flight now have ended; at once where there are none. */
  whenEnded(work: () => void): void;
}

export function createInFlight(): InFlight {
  const now = new Set<number>();
  const waiting = new Set<{ readonly left: Set<number>; readonly work: () => void }>();

  return {
    began: (index) => void now.add(index),
    ended(index) {
      now.delete(index);
      for (const one of waiting) {
        one.left.delete(index);
        if (one.left.size > 0) continue;
        waiting.delete(one);
        one.work();
      }
    },
    whenEnded(work) {
      if (now.size === 0) return work();
      waiting.add({ left: new Set(now), work });
    },
  };
}
