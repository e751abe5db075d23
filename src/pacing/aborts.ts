/** The items that wait under abort signals. */
export interface Aborts<T> {
  watch(signal: AbortSignal, item: T): void;
  unwatch(signal: AbortSignal, item: T): void;
}

/**
 * Calls `aborted` for each item whose signal aborts. There is one listener for each signal, because an application may give one signal to
 * thousands of calls, and adding a listener takes longer the more there are.
 */
export function createAborts<T>(aborted: (item: T) => void): Aborts<T> {
  const watches = new Map<AbortSignal, { items: Set<T>; listener: () => void }>();

  return {
    watch(signal, item) {
      const watch = watches.get(signal);
      if (watch) return void watch.items.add(item);
      const items = new Set([item]);
      const listener = () => {
        watches.delete(signal);
        for (const each of items) aborted(each);
      };
      watches.set(signal, { items, listener });
      signal.addEventListener('abort', listener, { once: true });
    },
    unwatch(signal, item) {
      const watch = watches.get(signal);
      if (!watch) return;
      watch.items.delete(item);
      if (watch.items.size > 0) return;
      watches.delete(signal);
      signal.removeEventListener('abort', watch.listener);
    },
  };
}
