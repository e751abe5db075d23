/** A clock that jumps from one event to the next. Events of one moment happen in the order in which they were made. */
export interface Events {
  readonly nowMs: number;
  at(atMs: number, happen: () => void): void;
  after(ms: number, happen: () => void): void;
  /** Lets all events happen, those that they make as well, until there are none or `isOver` holds. */
  run(isOver: () => boolean): void;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly happen: () => void;
}

export function createEvents(startMs: number): Events {
  const heap: Event[] = [];
  let nowMs = startMs;
  let made = 0;
  const isBefore = (one: Event, other: Event) =>
    one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

  function push(event: Event): void {
    let place = heap.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      if (!isBefore(event, heap[above]!)) break;
      heap[place] = heap[above]!;
      place = above;
    }
    heap[place] = event;
  }

  function pop(): Event | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, last)) break;
      heap[place] = heap[below]!;
      place = below;
    }
    heap[place] = last;
    return first;
  }

  const at = (atMs: number, happen: () => void) =>
    push({ atMs: Math.max(atMs, nowMs), order: made++, happen });
  return {
    get nowMs() {
      return nowMs;
    },
    at,
    after: (ms, happen) => at(nowMs + ms, happen),
    run(isOver) {
      for (let event = isOver() ? undefined : pop(); event; event = isOver() ? undefined : pop()) {
        nowMs = event.atMs;
        event.happen();
      }
    },
  };
}
