import { isOwnStore } from '../../store/own.js';
import type { TokenStore } from '../../store/store.js';
import type { Keeper, Loaded } from './keeper.js';
import type { Env } from '../../time/env.js';
import { unknownRow, type StoreRow } from './store-row.js';

/**
 * For so long a replaced store is asked for tokens that were never read from it. It may fail for a moment while its module runs again, and
 * fails for good where it was closed.
 */
const unreadMs = 60_000;

/** A store that was replaced before the account's row was read there, and until when it is asked. */
interface Unread {
  readonly store: TokenStore;
  readonly untilMs: number;
}

/** Where an account's tokens are kept. Another store can take the place of the one in use, and the parts of the account need not know. */
export interface Home {
  readonly keeper: Keeper;
  /** Whether the account is kept in this store. */
  isAt(store: TokenStore): boolean;
  /** Whether its store is one that this package has made. */
  isOwn(): boolean;
  /** Puts another store in the place of the one in use. No load or save may be under way there. */
  moveTo(store: TokenStore): void;
}

/** The part of an account's state that says where it is kept. Its home changes it. */
export interface Place {
  store: TokenStore;
  row: StoreRow;
  /** The replaced stores from which nothing was read. */
  unread: readonly Unread[];
}

/** Creates the home of one account. */
export function createHome({
  env,
  place,
  keeperOf,
  isEmpty,
  found,
}: {
  env: Env;
  place: Place;
  keeperOf: (store: TokenStore, row: StoreRow) => Keeper;
  /** Whether the account holds no tokens. */
  isEmpty: () => boolean;
  /** Called where a replaced store has shown tokens that the one in its place does not have. */
  found: () => void;
}): Home {
  let keeper = keeperOf(place.store, place.row);
  let isFound = false;

  /** Loads from the replaced stores from which nothing was read. Fails where one of them cannot be read now. */
  async function loadBefore(): Promise<Loaded> {
    for (const { store, untilMs } of place.unread) {
      if (env.now() >= untilMs) continue;
      const loaded = await keeperOf(store, unknownRow()).load();
      if (loaded.kind === 'failed') return loaded;
      if (!loaded.set) continue;
      if (!isFound) found();
      isFound = true;
      return loaded;
    }
    place.unread = [];
    return { kind: 'loaded', set: undefined };
  }

  return {
    keeper: {
      async load() {
        const loaded = await keeper.load();
        if (!isEmpty()) place.unread = [];
        const isNone = loaded.kind === 'loaded' && !loaded.set && !loaded.isGone;
        return isNone && place.unread.length > 0 ? loadBefore() : loaded;
      },
      save: (...saving) => keeper.save(...saving),
      pendingSaveSettled: () => keeper.pendingSaveSettled(),
      doubtOf: (set) => keeper.doubtOf(set),
      remove() {
        place.unread = [];
        return keeper.remove();
      },
    },
    isAt: (store) => store === place.store,
    isOwn: () => isOwnStore(place.store),
    moveTo(store) {
      if (store === place.store) return;
      const before = { store: place.store, untilMs: env.now() + unreadMs };
      // What is known of the row is true of the replaced store only, and begins anew.
      Object.assign(place, {
        store,
        row: unknownRow(),
        unread: isEmpty() ? [before, ...place.unread] : [],
      });
      keeper = keeperOf(store, place.row);
    },
  };
}

/** A store that passes each call on to the one in which the account is kept at that time. */
export function storeAt(place: Place): TokenStore {
  return {
    load: (account) => place.store.load(account),
    save: (...saving) => place.store.save(...saving),
    get rowsMayVanish() {
      return place.store.rowsMayVanish;
    },
    get readsAreFresh() {
      return place.store.readsAreFresh;
    },
    get notices() {
      return place.store.notices;
    },
    get lock() {
      return place.store.lock?.bind(place.store);
    },
  };
}
