import type { Env } from '../env.js';
import { createLoginGate, type LoginGate } from './login-gate.js';

const place = Symbol.for('axios-procore.login-gates');
const version = 1;
/** So many are kept before those that have nothing to tell are forgotten. */
const mostGates = 100;

/** The gates of all clients of the process. */
export interface LoginGates {
  of(loginUrl: string, clientId: string): LoginGate;
}

/**
 * They live on `globalThis`, as the grants do: a login host counts the requests of a client, whichever account, store or copy of the
 * package they come from. A copy of another version of them has gates of its own.
 */
export function createLoginGates(scope: object, env: Env): LoginGates {
  const gates = gatesOf(scope);
  return {
    of(loginUrl, clientId) {
      const key = JSON.stringify([version, loginUrl, clientId]);
      const known = gates.get(key);
      if (known) return known;
      if (gates.size >= mostGates) for (const [name, gate] of gates) if (gate.isIdle()) gates.delete(name);
      const gate = createLoginGate(env);
      gates.set(key, gate);
      return gate;
    },
  };
}

function gatesOf(scope: object): Map<string, LoginGate> {
  const found = (scope as Record<symbol, unknown>)[place] as Map<string, LoginGate> | undefined;
  if (found) return found;
  const gates = new Map<string, LoginGate>();
  Object.defineProperty(scope, place, { value: gates, enumerable: false });
  return gates;
}
