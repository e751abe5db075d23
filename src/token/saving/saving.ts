import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { withNewAuthorisation } from '../pair/authorization-line.js';
import { chooseSave, identityOf, isUncertain, type GrantType } from '../pair/identity.js';
import { extrasBrought, withExtrasOf } from '../pair/extras.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Keeper, Saved } from '../loading/bounded-store.js';
import type { Ledger } from '../pair/ledger.js';
import type { SecondLook } from '../loading/second-look.js';
import type { Telling } from '../told/telling.js';
import { holdLoaded, isSameUser, type AheadChoice, type HeldTokens } from '../pair/token-set.js';

/** What became of the pair that waited to be saved. */
export type SaveResult =
  | { kind: 'saved' }
  /** The store holds a newer pair that somebody else brought: ours is discarded. */
  | { kind: 'theirs'; set: TokenSet }
  /** `isPerhapsThere`: of a pair that is not held, the store may have it all the same. `isUnread`: the store could not be read. */
  | {
      kind: 'failed';
      why: string;
      cause?: unknown;
      isPerhapsThere?: boolean;
      isGone?: true;
      isUnread?: true;
    };

/** Why a pair could not be saved. */
export interface Unsaved {
  readonly why: string;
  /** What the store has thrown, without secrets. */
  readonly cause?: unknown;
}

/** What the store held a moment ago, read under a lock that still stands. */
export interface KnownContent {
  readonly set: TokenSet | undefined;
}

export interface Overwriting {
  readonly isOld: (stored: TokenSet | undefined) => boolean;
  readonly mustRead: boolean;
  /** Hears what is saved: the tokens, beside what the store keeps for others, and of which authorisation they are. */
  readonly carry: (set: TokenSet) => void;
}

/** Brings the ledger's newest pair into the store. Callers hold mutex and lock. */
export interface Saver {
  /** One try, after a comparison with what the store holds. */
  once(known: KnownContent | undefined, signal: AbortSignal): Promise<SaveResult>;
  /** As `once`, also for a pair that has been saved: the store is another one now. Tokens of another user in it are not overwritten. */
  moved(signal: AbortSignal): Promise<SaveResult>;
  /**
   * As `once`, with a few tries in quick succession, of which none starts after `endsAtMs` or once `signal` has aborted; and tells the ledger
   * what they came to. Resolves with the failure, if all have failed.
   */
  newest(
    known: KnownContent | undefined,
    endsAtMs: number,
    signal: AbortSignal,
  ): Promise<Unsaved | undefined>;
  /** One try for a pair that is not held yet, unless the store holds another that may be somebody's. */
  ifFree(set: TokenSet): Promise<SaveResult>;
  /**
   * A few tries for a pair that the application brought: it counts whatever the store holds, unless `isOld`, which is asked whenever the
   * store has been read, says that what it holds has taken the pair's place. A store that cannot be read is asked a few times, and then
   * written to unread; `mustRead`: the pair does not count there.
   */
  overwrite(held: HeldTokens, how: Overwriting, signal: AbortSignal): Promise<SaveResult>;
}

const quickRetriesMs = [100, 300, 900];
/** A store that hangs is not asked again while calls wait: the late saves have all the time. */
const quicklyMs = 2_000;
const givenUp: SaveResult = { kind: 'failed', why: 'it was given up' };
const shownOnce: SaveResult = {
  kind: 'failed',
  why: 'store.load() gave other tokens, and not twice in a row',
};
const rowIsGone =
  'the store no longer has the row of this account, which somebody may have deleted: it is not written anew';
const shownThoughRejected =
  'store.load() gave a pair whose save had been rejected, so it may be in memory only and gone at the next start; it is saved again. Let save() change nothing that load() reads before the write has succeeded';

/** Creates the saver of one account. */
export function createSaver(deps: {
  env: Env;
  ledger: Ledger;
  keeper: Keeper;
  grant: GrantType;
  secondLook: SecondLook;
  ahead: () => AheadChoice;
  offended: Telling['offended'];
}): Saver {
  const { env, ledger, keeper, grant } = deps;

  async function once(known: KnownContent | undefined, signal: AbortSignal): Promise<SaveResult> {
    return ledger.unsaved ? compared(known, signal) : { kind: 'saved' };
  }

  async function compared(
    known: KnownContent | undefined,
    signal: AbortSignal,
    isMove = false,
  ): Promise<SaveResult> {
    const held = ledger.newest?.held;
    if (!held) return { kind: 'saved' };
    const ours = held.set;
    const { stored: replaces, isBrought } = ledger;
    // Also under a lock that stands: somebody may have deleted the row or changed other columns of it, who needs no lock for that.
    const loaded = await keeper.load();
    let content: KnownContent | undefined = loaded.kind === 'loaded' ? loaded : known;
    if (loaded.kind === 'failed' && !content) return loaded;
    if (loaded.kind === 'loaded' && loaded.isGone && !isBrought && grant === 'refresh_token') {
      ledger.lost();
      return { kind: 'failed', why: rowIsGone, isGone: true };
    }
    if (isMove && content?.set && isOfAnother(content.set, ours)) return { kind: 'theirs', set: content.set };
    const choose = () => chooseSave(content?.set, { ours, replaces, isBrought }, ledger, grant);
    let choice = choose();
    const found = content?.set;
    if (choice === 'theirs' && found && [ours, replaces ?? ours].every((set) => isUncertain(found, set))) {
      // One answer may be that of a slow replica: the only copy of ours does not give way to it.
      const seen = await deps.secondLook(found, signal);
      if (signal.aborted) return givenUp;
      content = { set: seen.set };
      choice = choose();
      if (choice === 'theirs' && !seen.isSure) return shownOnce;
    }
    if (choice === 'theirs' && content?.set) return { kind: 'theirs', set: content.set };
    if (choice === 'already-saved') {
      const doubt = keeper.doubtOf(ours);
      if (!doubt && !(isMove && ledger.unsaved)) return { kind: 'saved' };
      if (doubt === 'rejected') deps.offended('rejected', '', shownThoughRejected);
    }
    const turn = await keeper.turn();
    if (typeof turn === 'object') return turn;
    if (turn === 'waited') return compared(known, signal, isMove);
    const whole = withExtrasOf(content?.set, held);
    const set =
      isBrought && grant === 'refresh_token' ? withNewAuthorisation(whole, [content?.set, whole]) : whole;
    ledger.carry(set);
    // What it was compared with, and not what was saved last: the store may have gone back to an older pair of ours.
    return outcomeOf(await keeper.save(set, content?.set));
  }

  /** A refresh token that is dead, without an access token that would tell whose it was, is nobody's any more. */
  function isFree(set: TokenSet): boolean {
    if (ledger.isRevoked(set)) return true;
    const { access_token: access, refresh_token: refresh } = set;
    return !access && refresh !== undefined && ledger.isDead?.(fingerprint(refresh)) === true;
  }

  async function ifFree(set: TokenSet): Promise<SaveResult> {
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return loaded;
    if (loaded.set && !isFree(loaded.set)) return { kind: 'theirs', set: loaded.set };
    const turn = await keeper.turn();
    if (typeof turn === 'object') return turn;
    if (turn === 'waited') return ifFree(set);
    const ownExtras = extrasBrought(set, loaded.set);
    const saved = outcomeOf(await keeper.save(withExtrasOf(loaded.set, { set, ownExtras }), loaded.set));
    if (saved.kind !== 'failed') return saved;
    // Under another account of the same store it would be redeemed twice.
    const after = await keeper.load();
    const isThere = after.kind === 'failed' || after.set?.access_token === set.access_token;
    const isPerhapsThere = isThere || keeper.doubtOf(set) === 'unsettled';
    return { ...saved, isPerhapsThere };
  }

  /** Of another user, and not of one whose place our user has taken here. */
  function isOfAnother(loaded: TokenSet, ours: TokenSet): boolean {
    const identity = identityOf(loaded, grant);
    return isSameUser(loaded, ours) === false && identity !== undefined && !ledger.isReplaced(identity);
  }

  /** Saves over what was found in the store; undefined: nothing. */
  async function overwrites(
    found: TokenSet | undefined,
    held: HeldTokens,
    { isOld, carry }: Overwriting,
  ): Promise<SaveResult> {
    const over = (found: TokenSet | undefined) => {
      const whole = withExtrasOf(found, held);
      const set =
        grant === 'refresh_token' ? withNewAuthorisation(whole, [found, whole, ledger.stored]) : whole;
      carry(set);
      return set;
    };
    const saved = await keeper.save(over(found), ledger.stored ?? found);
    if (saved.kind !== 'conflict') return saved;
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return loaded;
    if (isOld(loaded.set) && loaded.set) return { kind: 'theirs', set: loaded.set };
    return outcomeOf(await keeper.save(over(loaded.set), loaded.set));
  }

  async function overwriteOnce(held: HeldTokens, how: Overwriting): Promise<SaveResult> {
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return { ...loaded, isUnread: true };
    if (how.isOld(loaded.set) && loaded.set) return { kind: 'theirs', set: loaded.set };
    const turn = await keeper.turn();
    if (typeof turn === 'object') return turn;
    return turn === 'waited' ? overwriteOnce(held, how) : overwrites(loaded.set, held, how);
  }

  async function overwrite(held: HeldTokens, how: Overwriting, signal: AbortSignal): Promise<SaveResult> {
    const once = () => overwriteOnce(held, how);
    const result = await repeatedly(once, once, Infinity, signal);
    const isUnread = result.kind === 'failed' && result.isUnread === true;
    if (!isUnread || how.mustRead || signal.aborted) return result;
    // A row that can never be read is mended by a log-in. What other columns held is known from before, if at all.
    return overwrites(ledger.seenLast, held, how);
  }

  async function repeatedly(
    first: () => Promise<SaveResult>,
    next: () => Promise<SaveResult>,
    endsAtMs: number,
    signal: AbortSignal,
  ): Promise<SaveResult> {
    const stopAtMs = Math.min(endsAtMs, env.now() + quicklyMs);
    let result = await first();
    for (const waitMs of quickRetriesMs) {
      if (result.kind !== 'failed' || result.isGone || env.now() + waitMs > stopAtMs) break;
      await env.sleep(waitMs * (1 + 0.2 * env.random()), { signal });
      if (signal.aborted) break;
      result = await next();
    }
    return result;
  }

  return {
    once,
    ifFree,
    moved: (signal) => compared(undefined, signal, true),
    async newest(known, endsAtMs, signal) {
      const again = () => once(undefined, signal);
      const result = await repeatedly(() => once(known, signal), again, endsAtMs, signal);
      if (result.kind === 'saved') ledger.saved();
      else if (result.kind === 'theirs') ledger.giveWay(holdLoaded(result.set, deps.ahead()));
      else ledger.saveFailed();
      return result.kind === 'failed' ? result : undefined;
    },
    overwrite,
  };
}

/** A conflict means that somebody was faster than the comparison: the next try compares with what they left. */
function outcomeOf(saved: Saved): SaveResult {
  if (saved.kind !== 'conflict') return saved;
  return {
    kind: 'failed',
    why: 'store.save() found another token set than the one that it was to replace, or none any more',
  };
}
