import type { Env } from '../env.js';
import type { StoreRule } from '../store/rules.js';
import type { TokenSet } from '../store/store.js';
import type { Keeper, Loaded } from './keeper.js';
import { judgeKept } from './kept.js';
import type { Telling } from './telling.js';

/** A replica that has not caught up by then is no replica. */
const laterMs = 60_000;
const advice =
  'The new refresh token is in memory only and lost when the process ends, and then a person must authorise again. Let save() write the whole set for the account before it resolves, and load() return it';

/**
 * Hands out the keeper of a store that this package does not know: after the first save of the account the set is loaded back, at once,
 * and a minute later where it was not there yet. Nobody waits for it. What has not been kept is told, once.
 */
export function createReadBack(deps: {
  env: Env;
  keeper: Keeper;
  /** Whether the store is one of ours. */
  isOwn: () => boolean;
  /** Whether this pair is still the one in use: a person may have logged out, and another process may have renewed. */
  isHeld: (set: TokenSet) => boolean;
  isReplaced: (refreshToken: string) => boolean;
  offended: Telling['offended'];
}): Keeper {
  const { env, keeper } = deps;
  let last: TokenSet | undefined;

  /** Resolves with what is wrong, if it may be a replica that lags. */
  async function look(saved: TokenSet): Promise<string | undefined> {
    const loaded = await keeper.load();
    // Another save has come between.
    if (saved !== last) return undefined;
    if (loaded.kind === 'failed')
      return isUnusable(loaded) ? `gave nothing usable: ${loaded.why}` : undefined;
    const kept = judgeKept(saved, loaded.set, deps.isReplaced);
    if (kept.kind === 'spoiled') tell(kept.rule, kept.what);
    return kept.kind === 'perhaps-late' ? kept.what : undefined;
  }

  function tell(rule: StoreRule, what: string): void {
    deps.offended(rule, 'read-back', `after a save() that resolved, load() ${what}. ${advice}`);
  }

  async function readBack(): Promise<void> {
    if (!last || (await look(last)) === undefined) return;
    await env.sleep(laterMs, { ref: false });
    if (!deps.isHeld(last)) return;
    const what = await look(last);
    if (what !== undefined) tell('keeps', what);
  }

  return {
    ...keeper,
    async save(set, previous) {
      const saved = await keeper.save(set, previous);
      if (saved.kind !== 'saved') return saved;
      const isFirst = last === undefined;
      last = set;
      if (isFirst && !deps.isOwn()) void readBack();
      return saved;
    },
  };
}

/** What came is no token set, or one that `encryptedTokenStore` cannot open; a store that cannot be reached is another matter. */
function isUnusable({ garbage, cause }: Loaded & { kind: 'failed' }): boolean {
  return garbage || (cause instanceof Error && cause.message.startsWith('encryptedTokenStore: the record'));
}
