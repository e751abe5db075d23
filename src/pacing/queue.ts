/** An item with its positions in its queues, so that it can leave from the middle. */
export interface Placed {
  readonly places: number[];
}

/** An ordered queue. Joining and leaving, also from the middle, take logarithmic time. */
export interface Queue<T> {
  readonly size: number;
  first(): T | undefined;
  join(item: T): void;
  leave(item: T): void;
}

/** Creates a binary heap. An item may be in several queues, each of which has its own `slot` in {@link Placed.places}. */
export function createQueue<T extends Placed>(
  isBefore: (one: T, other: T) => boolean,
  slot: number,
): Queue<T> {
  const heap: T[] = [];

  function put(item: T, place: number): void {
    heap[place] = item;
    item.places[slot] = place;
  }

  /** Moves the gap at `place` up or down to where the item belongs, and puts it there. */
  function settle(item: T, place: number): void {
    let gap = place;
    while (gap > 0) {
      const above = (gap - 1) >> 1;
      if (!isBefore(item, heap[above]!)) break;
      put(heap[above]!, gap);
      gap = above;
    }
    for (;;) {
      let below = 2 * gap + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
      if (!isBefore(heap[below]!, item)) break;
      put(heap[below]!, gap);
      gap = below;
    }
    put(item, gap);
  }

  return {
    get size() {
      return heap.length;
    },
    first: () => heap[0],
    join(item) {
      heap.push(item);
      settle(item, heap.length - 1);
    },
    leave(item) {
      const place = item.places[slot]!;
      const last = heap.pop()!;
      if (last !== item) settle(last, place);
    },
  };
}
