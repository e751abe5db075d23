/** Objects in the order in which they came, which nobody is kept alive by. */
export interface WeakList<T extends object> {
  add(item: T): void;
  delete(item: T): void;
  /** Those that are still there. */
  items(): T[];
}

/** Creates an empty one: an application may make an instance for each call and never detach it. */
export function createWeakList<T extends object>(): WeakList<T> {
  let refs: WeakRef<T>[] = [];

  function items(): T[] {
    refs = refs.filter((ref) => ref.deref() !== undefined);
    return refs.map((ref) => ref.deref()).filter((item) => item !== undefined);
  }

  return {
    add(item) {
      if (refs.length % 100 === 99) items();
      refs.push(new WeakRef(item));
    },
    delete(item) {
      refs = refs.filter((ref) => ref.deref() !== item);
    },
    items,
  };
}
