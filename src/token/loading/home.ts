import { isOwnStore } from '../../store/own.js';
import type { TokenStore } from '../../store/store.js';
import type { Keeper } from './bounded-store.js';

/** Where an account's tokens are kept: a store that another can take the place of, while those who use it go on. */
export interface Home {
  readonly store: TokenStore;
  readonly keeper: Keeper;
  /** Whether this is the store. */
  isAt(store: TokenStore): boolean;
  /** Whether it is one that this package has made. */
  isOwn(): boolean;
  /** Puts another store in its place. Nothing may be under way in the one before. */
  moveTo(store: TokenStore): void;
}

/** Creates the home of one account. */
export function createHome(first: TokenStore, keeperOf: (store: TokenStore) => Keeper): Home {
  let current = first;
  let keeper = keeperOf(first);
  return {
    store: {
      load: (account) => current.load(account),
      save: (...saving) => current.save(...saving),
      get rowsMayVanish() {
        return current.rowsMayVanish;
      },
      get readsAreFresh() {
        return current.readsAreFresh;
      },
      get lock() {
        return current.lock?.bind(current);
      },
    },
    keeper: {
      load: () => keeper.load(),
      save: (...saving) => keeper.save(...saving),
      turn: () => keeper.turn(),
      doubtOf: (set) => keeper.doubtOf(set),
      remove: () => keeper.remove(),
    },
    isAt: (store) => store === current,
    isOwn: () => isOwnStore(current),
    moveTo(store) {
      if (store === current) return;
      current = store;
      keeper = keeperOf(store);
    },
  };
}
