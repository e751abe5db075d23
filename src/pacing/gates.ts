import type { Gate } from './gate.js';

/** The gates of all scopes. */
export interface Gates {
  of(scope: string): Gate;
  /** The gate of a scope that has had calls, unless it was forgotten. */
  known(scope: string): Gate | undefined;
  /** The same for all scopes whose names begin so. Looks at every name. */
  startingWith(name: string): readonly Gate[];
  /** Forgets the gates that are idle. */
  sweep(): void;
  /** Gives back what the gates hold of limits that are shared with other processes. */
  giveBack(): void;
}

/** With more scopes than this, idle gates are forgotten, because an application may choose a new scope for each call. */
const mostScopes = 1_000;

/** Creates gates, one for each scope, at its first call. */
export function createGates(create: (scope: string) => Gate): Gates {
  const gates = new Map<string, Gate>();
  let sweepAt = mostScopes;

  function sweep(): void {
    for (const [name, gate] of gates) {
      if (!gate.isIdle()) continue;
      gate.giveBack(true);
      gates.delete(name);
    }
  }

  return {
    sweep,
    giveBack() {
      for (const gate of gates.values()) gate.giveBack();
    },
    known: (scope) => gates.get(scope),
    startingWith: (start) => [...gates].filter(([name]) => name.startsWith(start)).map(([, gate]) => gate),
    of(scope) {
      const known = gates.get(scope);
      if (known) return known;
      if (gates.size >= sweepAt) {
        sweep();
        // If hardly any gate is idle, the next look at all of them is made at twice as many.
        sweepAt = Math.max(mostScopes, 2 * gates.size);
      }
      const gate = create(scope);
      gates.set(scope, gate);
      return gate;
    },
  };
}
