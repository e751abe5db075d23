import { dayMs, dayOf, windowEnding } from './calls.js';
import { addTo, emptySlot, slotLengthsMs, type KeptTimeline, type Slot } from './slots.js';

/** What happened when, over the last 14 days and in bounded memory. */
export interface Timeline {
  /** The slot of a moment, to be added to. */
  at(momentMs: number): Slot;
  /** All that is kept, the oldest slot first. */
  kept(): KeptTimeline;
}

/** So many slots span 14 days and the one after them, which a clock that is ahead may have. */
const mostSlots = (15 * dayMs) / 7_200_000;

/**
 * Creates the timeline of one recorder. Its slots are a second long at first, so that a run of a minute shows what happened in it, and grow
 * with the time that they span to two hours at most. Several timelines that are restored are put together.
 */
export function createTimeline(restored: readonly KeptTimeline[] = []): Timeline {
  let slots = new Map<number, Slot>();
  let slotMs = restored.reduce((longest, kept) => Math.max(longest, kept.slotMs), slotLengthsMs[0]!);
  for (const kept of restored) for (const [fromMs, slot] of kept.slots) addTo(slotAt(fromMs), slot);

  function slotAt(momentMs: number): Slot {
    const known = slots.get(startOf(momentMs));
    if (known) return known;
    widen(momentMs);
    const start = startOf(momentMs);
    // Wider slots may have one of that time already.
    const slot = slots.get(start) ?? emptySlot();
    slots.set(start, slot);
    return slot;
  }

  function startOf(momentMs: number): number {
    return Math.floor(momentMs / slotMs) * slotMs;
  }

  /** Puts slots together until there are not too many of them between the oldest and the newest, with this moment. */
  function widen(momentMs: number): void {
    const moments = [...slots.keys(), momentMs];
    const spanMs = Math.max(...moments) - Math.min(...moments);
    const wide = slotLengthsMs.find((length) => spanMs / length < mostSlots - 1) ?? slotLengthsMs.at(-1)!;
    if (wide <= slotMs) return;
    const before = slots;
    slots = new Map();
    slotMs = wide;
    for (const [fromMs, slot] of before) {
      const start = startOf(fromMs);
      const known = slots.get(start);
      if (known) addTo(known, slot);
      else slots.set(start, slot);
    }
  }

  /** Drops what is older than the window. What is later than tomorrow was recorded while the clock was wrong. */
  function dropOutside(nowMs: number): void {
    const firstMs = Date.parse(windowEnding(dayOf(nowMs))[0]!);
    for (const fromMs of slots.keys())
      if (fromMs + slotMs <= firstMs || fromMs > nowMs + dayMs) slots.delete(fromMs);
  }

  return {
    at(momentMs) {
      if (!slots.has(startOf(momentMs))) dropOutside(momentMs);
      return slotAt(momentMs);
    },
    kept: () => ({ slotMs, slots: [...slots].sort(([one], [other]) => one - other) }),
  };
}
