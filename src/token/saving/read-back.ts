import type { Env } from '../../time/env.js';
import type { StoreRule } from '../../store/rules.js';
import type { TokenSet } from '../../store/store.js';
import type { Keeper, Loaded } from '../loading/bounded-store.js';
import { judgeKept } from './kept.js';
import type { Telling } from '../told/telling.js';

/** A replica that has not caught up by then is no replica. */
const laterMs = 60_000;
const advice =
  'The new refresh token is in memory only and lost when the process ends, and then a person must authorise again. Let save() write the whole set for the account before it resolves, and load() return it';

/** What a look has come to; `unanswered`: it says nothing about the store. */
type Found = { kind: 'settled' | 'unanswered' } | { kind: 'perhaps-late'; what: string };

/**
 * Creates the save into a store that this package does not know: after the first save of the account the set is loaded back, at once,
 * and a minute later where it was not there yet, or gave no answer; if it gives none then either, after the next save. Nobody waits for it.
 * What has not been kept is told, once.
 */
export function createReadBack(deps: {
  env: Env;
  keeper: Pick<Keeper, 'load' | 'save'>;
  /** Whether the store is one of ours. */
  isOwn: () => boolean;
  /** Whether this pair is still the one in use: a person may have logged out, and another process may have renewed. */
  isHeld: (set: TokenSet) => boolean;
  isReplaced: (refreshToken: string) => boolean;
  offended: Telling['offended'];
  /** The account's own, which this changes: whether a save has been read back. */
  shown: { isRead: boolean };
}): { save: Keeper['save']; isIdle: () => boolean } {
  const { env, keeper } = deps;
  let last: TokenSet | undefined;
  let reading = 0;
  const { shown } = deps;

  async function look(saved: TokenSet): Promise<Found> {
    const loaded = await keeper.load();
    // Another save has come between.
    if (saved !== last) return { kind: 'unanswered' };
    if (loaded.kind === 'failed')
      return isUnusable(loaded)
        ? { kind: 'perhaps-late', what: `gave nothing usable: ${loaded.why}` }
        : { kind: 'unanswered' };
    const kept = judgeKept(saved, loaded.set, deps.isReplaced);
    if (kept.kind === 'spoiled') tell(kept.rule, kept.what);
    return kept.kind === 'perhaps-late' ? kept : { kind: 'settled' };
  }

  function tell(rule: StoreRule, what: string): void {
    deps.offended(rule, 'read-back', `after a save() that resolved, load() ${what}. ${advice}`);
  }

  async function readBack(saved: TokenSet): Promise<void> {
    shown.isRead = true;
    if ((await look(saved)).kind === 'settled') return;
    await env.sleep(laterMs, { ref: false });
    const latest = last ?? saved;
    if (!deps.isHeld(latest)) return;
    const later = await look(latest);
    if (later.kind === 'perhaps-late') tell('keeps', later.what);
    shown.isRead = later.kind !== 'unanswered';
  }

  return {
    isIdle: () => reading === 0,
    async save(set, previous) {
      const saved = await keeper.save(set, previous);
      if (saved.kind !== 'saved') return saved;
      last = set;
      if (shown.isRead || deps.isOwn()) return saved;
      reading++;
      void readBack(set).finally(() => reading--);
      return saved;
    },
  };
}

/** What came is no token set, or one that `encryptedTokenStore` cannot open; a store that cannot be reached is another matter. */
function isUnusable({ garbage, cause }: Loaded & { kind: 'failed' }): boolean {
  return garbage || (cause instanceof Error && cause.message.startsWith('encryptedTokenStore: the record'));
}
