import type { Env } from '../../time/env.js';
import type { StoreRule } from '../../store/rules.js';
import type { TokenSet } from '../../store/store.js';
import type { Keeper, Loaded } from '../loading/keeper.js';
import type { Place } from '../loading/home.js';
import { outranks } from '../pair/authorization-line.js';
import { isCutFrom } from '../pair/comparison.js';
import { epochMs } from '../pair/moments.js';
import type { TokenEvents } from '../told/token-events.js';

/** A replica has caught up by then. */
const laterMs = 60_000;
const advice =
  'The new refresh token is in memory only and lost when the process ends, and then a person must authorize again. Let save() write the whole set for the account before it resolves, and load() return it';

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
  isInUse: (set: TokenSet) => boolean;
  isReplaced: (refreshToken: string) => boolean;
  offended: TokenEvents['offended'];
  /** Where the account is kept, and what is known of its row there, which this changes: whether a save has been read back. */
  place: Pick<Place, 'row'>;
}): { save: Keeper['save']; isIdle: () => boolean } {
  const { env, keeper } = deps;
  let last: TokenSet | undefined;
  let reading = 0;

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
    const { row } = deps.place;
    row.isRead = true;
    if ((await look(saved)).kind === 'settled') return;
    await env.sleep(laterMs, { ref: false });
    const latest = last ?? saved;
    // Another store has its own first save, which is read back there.
    if (!deps.isInUse(latest) || row !== deps.place.row) return;
    const later = await look(latest);
    if (later.kind === 'perhaps-late') tell('keeps', later.what);
    row.isRead = later.kind !== 'unanswered';
  }

  return {
    isIdle: () => reading === 0,
    async save(set, previous) {
      const saved = await keeper.save(set, previous);
      if (saved.kind !== 'saved') return saved;
      last = set;
      if (deps.place.row.isRead || deps.isOwn()) return saved;
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

/** What a store gives back after it has saved a set. */
export type ReadBack =
  | { kind: 'kept' }
  /** As a replica that lags would; `what` is wrong if it stays so. */
  | { kind: 'perhaps-late'; what: string }
  /** No replica would: the set is there, and not whole. */
  | { kind: 'spoiled'; rule: StoreRule; what: string };

/** Compares what was saved with what came back; `isReplaced`: whether a refresh token is one from before. No token is quoted. */
export function judgeKept(
  saved: TokenSet,
  loaded: TokenSet | undefined,
  isReplaced: (refreshToken: string) => boolean,
): ReadBack {
  const { access_token: access, refresh_token: refresh } = saved;
  // Without one nothing is lost with the set: it is asked for anew.
  if (!refresh) return { kind: 'kept' };
  if (!loaded) return { kind: 'perhaps-late', what: 'gave nothing' };
  const came = loaded.refresh_token;
  if (came === refresh) {
    return isCutFrom(loaded.access_token, access)
      ? { kind: 'spoiled', rule: 'whole', what: `gave ${cut('access token', loaded.access_token, access)}` }
      : { kind: 'kept' };
  }
  if (isCutFrom(came, refresh))
    return { kind: 'spoiled', rule: 'whole', what: `gave ${cut('refresh token', came!, refresh)}` };
  if (loaded.access_token === access || isCutFrom(loaded.access_token, access)) {
    const what = came
      ? 'gave the new access token with the refresh token of an older pair, which is spent'
      : 'gave the new access token without a refresh token';
    return { kind: 'spoiled', rule: 'whole', what };
  }
  if (!came) return { kind: 'perhaps-late', what: 'gave an older set, without a refresh token' };
  if (isReplaced(came))
    return { kind: 'perhaps-late', what: 'gave the pair before, whose refresh token is spent' };
  // Another process may have saved a newer pair since, or a log-in in the place of this one.
  return isNewer(loaded, saved) || outranks(loaded, saved)
    ? { kind: 'kept' }
    : { kind: 'perhaps-late', what: 'gave another pair than the one that was saved, and no newer one' };
}

function isNewer(one: TokenSet, other: TokenSet): boolean {
  const [ofOne, ofOther] = [epochMs(one.created_at), epochMs(other.created_at)];
  return ofOne !== undefined && ofOther !== undefined && ofOne > ofOther;
}

function cut(name: string, came: string, whole: string): string {
  return `the ${name} cut to ${came.length} of its ${whole.length} characters`;
}
