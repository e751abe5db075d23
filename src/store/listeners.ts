import type { RenewalNotice } from './store.js';

/** Those who listen to the notices of other processes through one store object. */
export interface Listeners {
  /** Adds one. The function that it returns removes it. */
  listen(heard: (notice: RenewalNotice) => Promise<void>): () => void;
  /** A renewal has been announced. Resolves when everybody's calls have finished. */
  begun(id: string, account: string): Promise<void>;
  /** It is over. */
  over(id: string): void;
}

/** Renewals whose end is not told, because their process has died, are forgotten once there are this many. */
const mostOpen = 1_000;

/**
 * Creates the listeners of one store object. `open` is called with the first one, and what it returns when the last one has gone; neither
 * throws.
 */
export function createListeners(open: () => () => void): Listeners {
  const listeners = new Set<(notice: RenewalNotice) => Promise<void>>();
  const unfinished = new Map<string, () => void>();
  let close = () => {};

  return {
    listen(heard) {
      // The same function may listen twice.
      const own = (notice: RenewalNotice) => heard(notice);
      listeners.add(own);
      if (listeners.size === 1) close = open();
      return () => {
        if (!listeners.delete(own) || listeners.size > 0) return;
        unfinished.clear();
        close();
      };
    },
    async begun(id, account) {
      let end = () => {};
      const over = new Promise<void>((resolve) => (end = resolve));
      const [oldest] = unfinished.keys();
      if (oldest !== undefined && unfinished.size >= mostOpen) unfinished.delete(oldest);
      unfinished.set(id, end);
      await Promise.allSettled([...listeners].map(async (heard) => heard({ account, over })));
    },
    over(id) {
      unfinished.get(id)?.();
      unfinished.delete(id);
    },
  };
}
