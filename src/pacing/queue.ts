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
  /** How many items stand before a certain place, in time proportional to that number. `isBefore`: whether an item does. */
  before(isBefore: (item: T) => boolean): number;
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
    before(isBeforeIt) {
      let found = 0;
      const places = [0];
      for (let place = places.pop(); place !== undefined; place = places.pop()) {
        // What is below an item in the heap does not stand before it.
        if (place >= heap.length || !isBeforeIt(heap[place]!)) continue;
        found++;
        places.push(2 * place + 1, 2 * place + 2);
      }
      return found;
    },
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
