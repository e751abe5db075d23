import type { Member } from './state.js';

/** Where a member stands among those whose calls wait. */
export interface Order {
  /** How many of them are before it. */
  readonly before: number;
  /** How many there are, itself included. */
  readonly waiting: number;
}

/** So much later than it should, a member may ask without losing its place: its process may be busy. */
const graceMs = 1_000;

/**
 * The place of a member with this turn; `known` is what is known of it. Members that should have asked and have not are left out, because
 * they may have died.
 */
export function orderOf(
  members: ReadonlyMap<string, Member>,
  known: Member | undefined,
  turn: number,
  nowMs: number,
): Order {
  let before = 0;
  let waiting = 1;
  for (const member of members.values()) {
    if (member === known || member.turn === 0 || nowMs - member.dueMs > graceMs) continue;
    waiting++;
    if (member.turn < turn) before++;
  }
  return { before, waiting };
}

/**
 * How many permits a member gets for calls that wait: an equal part of what is there, rounded up, and none of those that are needed for one
 * call of each member before it.
 */
export function turnOf({ before, waiting }: Order, room: number, calls: number): number {
  return Math.max(0, Math.min(calls, Math.ceil(room / waiting), room - before));
}
