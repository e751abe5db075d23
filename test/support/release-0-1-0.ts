import type { TokenStore } from '../../src/store/store.js';
import { withoutAdded } from '../../src/token/pair/extras.js';

/**
 * A store as a process of release 0.1.0 reads and writes it. That release knows none of the fields that later ones add to a set: it decides
 * without them, and adds none. What it has loaded beside the tokens it takes for fields of the application, and saves again as they were,
 * with a new pair; `keeps: 'columns'`: the table has no place for them. Nothing else of it is imitated: how it decides, waits and tries
 * again is as in this release, and so is that a log-in leaves the application's columns alone, which that release dropped.
 */
export function asRelease010(store: TokenStore, { keeps }: { keeps: 'all' | 'columns' }): TokenStore {
  let others: object = {};
  return {
    ...store,
    async load(account) {
      const row = await store.load(account);
      if (!row) return row;
      const known = withoutAdded(row);
      others = Object.fromEntries(Object.entries(row).filter(([name]) => !(name in known)));
      return known;
    },
    save: (tokens, account, previous) =>
      store.save({ ...(keeps === 'all' ? others : {}), ...withoutAdded(tokens) }, account, previous),
  };
}
