import type { LoginGate } from '../endpoint/login-gate.js';
import type { Memories, StoreMemory } from './outcomes.js';

/** A gate, and when one of the stores whose accounts have been at it was used last. */
export interface SharedGate {
  readonly gate: LoginGate;
  usedAt: number;
}

/** Of what a gate offers: a copy of the package with another version has gates of its own. */
const version = 1;
/** So many are known before those that are gone are looked for. */
const lookedThroughAt = 100;

/**
 * The gate for this login host and client: one for all stores that are in use at the same time, because a login host counts the requests
 * of a client, whichever account, store or copy of the package they come from. It ends with those stores. A store that comes when no
 * store of the gate is in use any more is a new beginning, for which the gate is made anew: the tests of an application give each test a
 * new store, and the refusals of one must not delay the next.
 */
export function loginGateFor(
  memories: Memories,
  own: StoreMemory,
  client: string,
  create: () => LoginGate,
): LoginGate {
  const key = `${version} ${client}`;
  const last = memories.gates.get(key)?.deref();
  const isInUse = last !== undefined && (last.usedAt >= own.since || last.gate.isAwaited());
  const shared = isInUse ? last : { gate: create(), usedAt: memories.count };
  if (shared !== last) {
    if (memories.gates.size >= lookedThroughAt)
      for (const [other, ref] of memories.gates) if (!ref.deref()) memories.gates.delete(other);
    memories.gates.set(key, new WeakRef(shared));
  }
  own.gates.set(key, shared);
  return shared.gate;
}
