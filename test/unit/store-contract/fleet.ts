import type { StoreStage } from '../../../src/store-contract/index.js';
import {
  TokenStoreConflict,
  type LockRecord,
  type TokenSet,
  type TokenStore,
  type RenewalNotice,
  type RenewalNotices,
} from '../../../src/store/store.js';

/** What the processes share. */
export interface Fleet {
  rows: Map<string, TokenSet>;
  holders: Map<string, { lost: AbortController }>;
  records: Map<string, string>;
  /** For a store that keeps its accounts in a bare object. */
  table: Record<string, TokenSet>;
  /** Whoever listens, and the store object that listens. */
  ears: Map<(notice: RenewalNotice) => Promise<void>, object>;
}
/** A store with every optional part. */
export type WholeStore = Required<Omit<TokenStore, 'lockMs' | 'rowsMayVanish' | 'readsAreFresh'>>;

/** A store that keeps its word: it compares, and its lock excludes, remembers, and says when it is gone. */
export function createStore(fleet: Fleet): WholeStore {
  const { rows, holders, records } = fleet;
  return {
    notices: createNotices(fleet.ears),
    load: async (account) => structuredClone(rows.get(account)),
    async save(tokens, account, previous) {
      const row = rows.get(account);
      if (row?.refresh_token !== previous?.refresh_token) throw new TokenStoreConflict();
      rows.set(account, structuredClone(tokens));
    },
    async lock(account, critical, signal) {
      signal.throwIfAborted();
      while (holders.has(account)) {
        await sleep(2);
        signal.throwIfAborted();
      }
      const holder = { lost: new AbortController() };
      holders.set(account, holder);
      const record: LockRecord = {
        read: async () => records.get(account),
        async write(fingerprint) {
          if (holders.get(account) !== holder) throw new Error('the lock is gone');
          if (fingerprint === undefined) records.delete(account);
          else records.set(account, fingerprint);
        },
        stands: async () => holders.get(account) === holder,
      };
      try {
        return await critical(holder.lost.signal, record);
      } finally {
        if (holders.get(account) === holder) holders.delete(account);
      }
    },
    renewsLock: true,
    remove: async (account) => void rows.delete(account),
  };
}

/** Notices that all hear but whoever has announced. */
function createNotices(ears: Fleet['ears']): RenewalNotices {
  const self = {};
  const others = () => [...ears].filter(([, owner]) => owner !== self).map(([heard]) => heard);
  return {
    async announce(account, maxMs) {
      const told = others();
      if (told.length === 0) return undefined;
      let end = () => {};
      const over = new Promise<void>((resolve) => (end = resolve));
      const all = Promise.all(told.map((heard) => heard({ account, over })));
      return { finished: Promise.race([all, sleep(maxMs)]), over: async () => end() };
    },
    listen(heard) {
      ears.set(heard, self);
      return () => void ears.delete(heard);
    },
    isHeard: async () => others().length > 0,
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function createFleet(): Fleet {
  return { rows: new Map(), holders: new Map(), records: new Map(), ears: new Map(), table: {} };
}

/** Makes a broken store of a good one. */
export type Spoil = (store: WholeStore, fleet: Fleet) => Partial<TokenStore>;

/** Several processes over one fleet. The limit is long enough for a busy machine, and short enough for tests that must hit it. */
export function stageOf(spoil: Spoil = () => ({}), fleet: Fleet = createFleet()): StoreStage {
  return {
    open() {
      const store = createStore(fleet);
      return { ...store, ...spoil(store, fleet) };
    },
    breakLock(_store, account) {
      fleet.holders.get(account)?.lost.abort();
      fleet.holders.delete(account);
    },
    limitMs: 3_000,
  };
}
