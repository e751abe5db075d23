import { isOwnStore } from '../../store/own.js';
import type { TokenStore } from '../../store/store.js';
import type { Keeper, Loaded } from './keeper.js';
import type { Env } from '../../time/env.js';
import { unknownRow, type StoreRow } from './store-row.js';

/** A store before fails for a moment when its module runs again; for longer where it has been closed. */
const unreadMs = 60_000;

/** A store that another has taken the place of before anything of the account was read there, and until when it is asked. */
interface Unread {
  readonly store: TokenStore;
  readonly untilMs: number;
}

/** Where an account's tokens are kept: a store that another can take the place of, while those who use it go on. */
export interface Home {
  readonly keeper: Keeper;
  /** Whether this is the store. */
  isAt(store: TokenStore): boolean;
  /** Whether it is one that this package has made. */
  isOwn(): boolean;
  /** Puts another store in its place. Nothing may be under way in the one before. */
  moveTo(store: TokenStore): void;
}

/** Where an account is kept; the account's own, which a home changes. */
export interface Place {
  store: TokenStore;
  row: StoreRow;
  /** The stores before, where nothing has been read there yet. */
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
  /** Nothing is held. */
  isEmpty: () => boolean;
  /** Hears that a store before has shown what the one in its place does not have. */
  found: () => void;
}): Home {
  let keeper = keeperOf(place.store, place.row);
  let isFound = false;

  /** What the stores before have, where none of them has been read. Fails where one of them cannot be read now. */
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
      // What is known of the row is known of the store before.
      Object.assign(place, {
        store,
        row: unknownRow(),
        unread: isEmpty() ? [before, ...place.unread] : [],
      });
      keeper = keeperOf(store, place.row);
    },
  };
}

/** The store that an account is kept in at the time of each call. */
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
    get lock() {
      return place.store.lock?.bind(place.store);
    },
  };
}
