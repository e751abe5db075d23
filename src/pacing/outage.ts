/** Tells of outages of the common state: when the first gate begins to pace alone, and when no gate does any more. */
export interface Outage {
  /** This gate paces alone from now on. `cause`: why the common state could not be asked, in words. */
  began(gate: object, cause: string): void;
  /** The common state has answered this gate again. */
  ended(gate: object): void;
  /** This gate is forgotten, so that nothing is known of the common state by it. */
  left(gate: object): void;
}

/** Creates the outage of one common state, which does not last yet. */
export function createOutage(tell: {
  alone: (cause: string) => void;
  /** `aloneMs`: how long some gate has paced alone. */
  together: (aloneMs: number) => void;
  now: () => number;
}): Outage {
  const alone = new Set<object>();
  let sinceMs = 0;

  return {
    began(gate, cause) {
      const isFirst = alone.size === 0;
      alone.add(gate);
      if (!isFirst) return;
      sinceMs = tell.now();
      tell.alone(cause);
    },
    ended(gate) {
      if (alone.delete(gate) && alone.size === 0) tell.together(Math.max(0, tell.now() - sinceMs));
    },
    left: (gate) => void alone.delete(gate),
  };
}
