import type { Env } from '../../time/env.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import { identityOf, type GrantType } from '../pair/comparison.js';
import type { Keeper } from './keeper.js';

/** What a store has shown last. `isSure`: it has shown it twice in a row. */
interface Seen {
  readonly set: TokenSet;
  readonly isSure: boolean;
}

/** Looks again into a store that has shown `first`, and resolves with what it has shown last. Ends at once when `signal` aborts. */
export type SecondLook = (first: TokenSet, signal: AbortSignal) => Promise<Seen>;

/** The waits before the further looks into a store whose reads may lag. */
export const lateReadsMs: readonly number[] = [250, 500];
/** The wait before one more look, where the answers were not all the same. Its answer counts, so it must not come from a lagging replica. */
const tieBreakMs = 1_000;

/**
 * Creates the second look, for a pair that seems newer and may be the answer of a lagging replica or of another request. A look that fails or
 * finds no row does not count.
 */
export function createSecondLook(deps: {
  env: Env;
  grant: GrantType;
  store: TokenStore;
  load: Keeper['load'];
}): SecondLook {
  const { env, grant, store, load } = deps;
  const isSame = (one: TokenSet, other: TokenSet) => identityOf(one, grant) === identityOf(other, grant);

  return async (first, signal) => {
    let seen: Seen = { set: first, isSure: false };
    let isTied = false;
    for (const waitMs of store.readsAreFresh ? [0] : [...lateReadsMs, tieBreakMs]) {
      if (waitMs === tieBreakMs && !isTied) break;
      if (waitMs > 0) await env.sleep(waitMs, { signal });
      if (signal.aborted) break;
      const loaded = await load();
      if (loaded.kind === 'failed' || !loaded.set) continue;
      const isSure = isSame(loaded.set, seen.set);
      isTied ||= !isSure;
      seen = { set: loaded.set, isSure };
    }
    return seen;
  };
}
