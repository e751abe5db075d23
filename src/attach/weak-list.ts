/** A list of weak references in the order of their addition: it does not keep its items from being garbage-collected. */
export interface WeakList<T extends object> {
  add(item: T): void;
  delete(item: T): void;
  /** The items that have not been garbage-collected. */
  items(): T[];
}

/** Creates an empty list. References are weak because an application may make an instance for each call and never detach it. */
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
