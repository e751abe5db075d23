import { copyOf } from './copy-of.js';
import { markOwnStore } from './own.js';
import {
  TokenStoreConflict,
  type ListingStore,
  type LockRecord,
  type TokenSet,
  type TokenStore,
} from './store.js';

/** The mark on each memory store, which every copy of the package recognises. */
const brand = Symbol.for('axios-procore.memory-store');

/** True for a store of `memoryTokenStore`, with or without encryption around it. */
export function isMemoryTokenStore(store: TokenStore): boolean {
  return brand in store;
}

/**
 * Keeps tokens in this process only, for uses that may lose them at a restart: tests, `client_credentials`, one-off scripts.
 *
 * @param initial tokens of the first account that uses the store.
 * @example
 * attachProcore(instance, { clientId, clientSecret, store: memoryTokenStore(tokens) });
 */
export function memoryTokenStore(initial?: TokenSet): TokenStore {
  const sets = new Map<string, TokenSet>();
  const tails = new Map<string, Promise<void>>();
  const records = new Map<string, string>();
  let unclaimed = initial && copyOf(initial);
  // The first account that loads, saves or removes gets the initial tokens, so that a second account can never load them.
  const claim = (account: string) => {
    if (unclaimed) sets.set(account, unclaimed);
    unclaimed = undefined;
  };
  const recordOf = (account: string): LockRecord => ({
    read: async () => records.get(account),
    async write(text) {
      if (text === undefined) records.delete(account);
      else records.set(account, text);
    },
  });
  const store: ListingStore = {
    load(account) {
      claim(account);
      const set = sets.get(account);
      return set && copyOf(set);
    },
    save(tokens, account, previous) {
      claim(account);
      if (previous && !sets.has(account))
        throw new TokenStoreConflict(
          'The set that this save replaces has been removed from the memory store: it is not brought back.',
        );
      sets.set(account, copyOf(tokens));
    },
    // No other process can use this store, so a lock within the process excludes everybody.
    async lock(account, critical, signal) {
      const before = tails.get(account) ?? Promise.resolve();
      let leave = () => {};
      const over = new Promise<void>((resolve) => (leave = resolve));
      // The place of a waiter that gives up is kept until those before it are done, so that the waiters behind it still wait for them.
      const tail = before.then(() => over);
      tails.set(account, tail);
      try {
        await turn(before, signal);
        signal.throwIfAborted();
        return await critical(undefined, recordOf(account));
      } finally {
        leave();
        void tail.then(() => {
          if (tails.get(account) === tail) tails.delete(account);
        });
      }
    },
    remove(account) {
      claim(account);
      sets.delete(account);
    },
    accounts: async () => [...sets.keys()],
    renewsLock: true,
    readsAreFresh: true,
  };
  return markOwnStore(Object.defineProperty(store, brand, { value: true }));
}

/** Resolves when `before` does; rejects with the signal's reason if it aborts first. */
function turn(before: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    void before.then(() => {
      signal.removeEventListener('abort', giveUp);
      resolve();
    });
  });
}
