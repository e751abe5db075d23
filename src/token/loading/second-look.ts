import type { Env } from '../../time/env.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import { identityOf, type GrantType } from '../pair/identity.js';
import type { Keeper } from './keeper.js';

/** What a store shows in the end; `isSure`: it came twice in a row. */
interface Seen {
  readonly set: TokenSet;
  readonly isSure: boolean;
}

/** Looks at a store again that has shown `first`, and resolves with what it shows in the end. Ends at once when `signal` aborts. */
export type SecondLook = (first: TokenSet, signal: AbortSignal) => Promise<Seen>;

/** Waits before each further look into a store that may lag behind. */
export const lateReadsMs: readonly number[] = [250, 500];
/** One more, where it has not given the same answer each time: the last one counts, and must not be a late one. */
const tieBreakMs = 1_000;

/**
 * Creates the second look, for news that may be the answer of a slow replica or that of another request. A look that fails, or finds no
 * row, says nothing.
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
