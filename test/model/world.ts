import type { Chance } from './chance.js';

/** Something that will happen at a moment of the virtual clock. */
interface Happening {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A virtual clock and what happens by it: timers, messages on their way, steps of a scenario. Nothing happens at the same time as
 * anything else: between two happenings all that can run has run.
 */
export interface World {
  readonly chance: Chance;
  now(): number;
  /** Runs something later; what it returns takes it back. */
  after(ms: number, run: () => void): () => void;
  /** Lets everything up to this moment happen, in its order. Rejects when there is no end of it. */
  runUntil(atMs: number): Promise<void>;
  /** Writes a line of the trace. */
  note(who: string, what: string): void;
  readonly trace: readonly string[];
}

/** The virtual clock of every run starts here, at a whole second. */
export const startMs = 1_800_000_000_000;
/** No scenario has as many happenings: a run that does is one without end. */
const mostHappenings = 60_000;

/** Creates a world in which nothing has happened yet. */
export function createWorld(chance: Chance): World {
  const trace: string[] = [];
  const heap = createHeap();
  let nowMs = startMs;
  let order = 0;
  let happened = 0;

  return {
    chance,
    trace,
    now: () => nowMs,
    after(ms, run) {
      let taken = false;
      heap.push({ atMs: nowMs + Math.max(0, ms), order: order++, run: () => void (taken || run()) });
      return () => void (taken = true);
    },
    async runUntil(atMs) {
      for (;;) {
        await settled();
        const next = heap.peek();
        if (!next || next.atMs > atMs) break;
        if (++happened > mostHappenings) throw new Error(`more than ${mostHappenings} things have happened`);
        heap.pop();
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = Math.max(nowMs, atMs);
    },
    note(who, what) {
      trace.push(`${((nowMs - startMs) / 1000).toFixed(3).padStart(10)} s  ${who.padEnd(6)} ${what}`);
    },
  };
}

/** Lets every promise run that can: nothing in a model waits for anything real. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function createHeap() {
  const items: Happening[] = [];
  const before = (a: Happening, b: Happening) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  return {
    peek: () => items[0],
    push(item: Happening) {
      let at = items.push(item) - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!before(item, items[parent]!)) break;
        items[at] = items[parent]!;
        at = parent;
      }
      items[at] = item;
    },
    pop() {
      const last = items.pop()!;
      if (items.length === 0) return;
      let at = 0;
      for (;;) {
        let child = 2 * at + 1;
        if (child >= items.length) break;
        if (child + 1 < items.length && before(items[child + 1]!, items[child]!)) child++;
        if (!before(items[child]!, last)) break;
        items[at] = items[child]!;
        at = child;
      }
      items[at] = last;
    },
  };
}
