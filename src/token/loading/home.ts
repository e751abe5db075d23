import { isOwnStore } from '../../store/own.js';
import type { TokenStore } from '../../store/store.js';
import type { Keeper } from './bounded-store.js';
import { nothingKept, type Kept } from './kept-row.js';

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

/** Creates the home of one account; `place`: the account's own, which this changes, and from which `keeperOf` takes what is kept. */
export function createHome(
  place: { store: TokenStore; kept: Kept },
  keeperOf: (store: TokenStore) => Keeper,
): Home {
  let keeper = keeperOf(place.store);
  return {
    store: {
      load: (account) => place.store.load(account),
      save: (...saving) => place.store.save(...saving),
      get rowsMayVanish() {
        return place.store.rowsMayVanish;
      },
      get readsAreFresh() {
        return place.store.readsAreFresh;
      },
      get lock() {
        return place.store.lock?.bind(place.store);
      },
    },
    keeper: {
      load: () => keeper.load(),
      save: (...saving) => keeper.save(...saving),
      turn: () => keeper.turn(),
      doubtOf: (set) => keeper.doubtOf(set),
      remove: () => keeper.remove(),
    },
    isAt: (store) => store === place.store,
    isOwn: () => isOwnStore(place.store),
    moveTo(store) {
      if (store === place.store) return;
      // What is known of the row is known of the store before.
      Object.assign(place, { store, kept: nothingKept() });
      keeper = keeperOf(store);
    },
  };
}
