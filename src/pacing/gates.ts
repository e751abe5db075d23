import type { Gate } from './gate.js';

/** The gates of all scopes. */
export interface Gates {
  of(scope: string): Gate;
  /** Forgets those that have nothing to tell. */
  sweep(): void;
}

/** An application may pace by anything: so many scopes are kept before those that have nothing to tell are forgotten. */
const mostScopes = 1_000;

/** Creates gates, one for each scope, at its first call. */
export function createGates(create: () => Gate): Gates {
  const gates = new Map<string, Gate>();
  let sweepAt = mostScopes;

  function sweep(): void {
    for (const [name, gate] of gates) if (gate.isIdle()) gates.delete(name);
  }

  return {
    sweep,
    of(scope) {
      const known = gates.get(scope);
      if (known) return known;
      if (gates.size >= sweepAt) {
        sweep();
        // Where none is idle, not each new scope pays for a look at all of them.
        sweepAt = Math.max(mostScopes, 2 * gates.size);
      }
      const gate = create();
      gates.set(scope, gate);
      return gate;
    },
  };
}
