import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { withNewAuthorization } from '../pair/authorization-line.js';
import { chooseSave, identityOf, isUncertain, type GrantType } from '../pair/comparison.js';
import { withExtrasOf } from '../pair/extras.js';
import type { Keeper } from '../loading/keeper.js';
import type { Ledger } from '../pair/ledger.js';
import type { SecondLook } from '../loading/second-look.js';
import { afterPendingSave, repeatedly, resultOf, type SaveResult } from './tries.js';
import type { TokenEvents } from '../told/token-events.js';
import { holdLoaded, isSameUser, type AheadChoice, type HeldTokens } from '../pair/token-set.js';

/** Why a pair could not be saved. */
export interface Unsaved {
  readonly why: string;
  /** What the store has thrown, without secrets. */
  readonly cause?: unknown;
}

/** What the store held a moment ago, read under a lock that still stands. */
interface KnownContent {
  readonly set: TokenSet | undefined;
}

/** Brings the ledger's newest pair into the store. Called in the critical section of the grant. */
export interface Saver {
  /** One try, after a comparison with what the store holds. */
  saveOnce(known: KnownContent | undefined, signal: AbortSignal): Promise<SaveResult>;
  /** As `saveOnce`, also for a pair that has been saved: the store is another one now. Tokens of another user in it are not overwritten. */
  saveMoved(signal: AbortSignal): Promise<SaveResult>;
  /**
   * As `saveOnce`, with a few tries in quick succession, of which none starts after `endsAtMs` or once `signal` has aborted; and tells the ledger
   * what they came to. Resolves with the failure, if all have failed.
   */
  saveNewest(
    known: KnownContent | undefined,
    endsAtMs: number,
    signal: AbortSignal,
  ): Promise<Unsaved | undefined>;
}

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
  offended: TokenEvents['offended'];
}): Saver {
  const { env, ledger, keeper, grant } = deps;

  async function saveOnce(known: KnownContent | undefined, signal: AbortSignal): Promise<SaveResult> {
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
    // Also under a lock that stands: deleting the row or changing other columns of it takes no lock.
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
    return afterPendingSave(
      keeper,
      () => compared(known, signal, isMove),
      () => write(content, held),
    );
  }

  async function write(content: KnownContent | undefined, held: HeldTokens): Promise<SaveResult> {
    const whole = withExtrasOf(content?.set, held);
    const set =
      ledger.isBrought && grant === 'refresh_token'
        ? withNewAuthorization(whole, [content?.set, whole])
        : whole;
    ledger.carry(set);
    // What it was compared with, and not what was saved last: the store may have gone back to an older pair of ours.
    return resultOf(await keeper.save(set, content?.set));
  }

  /** Of another user, and not of one whose place our user has taken here. */
  function isOfAnother(loaded: TokenSet, ours: TokenSet): boolean {
    const identity = identityOf(loaded, grant);
    return isSameUser(loaded, ours) === false && identity !== undefined && !ledger.isReplaced(identity);
  }

  return {
    saveOnce,
    saveMoved: (signal) => compared(undefined, signal, true),
    async saveNewest(known, endsAtMs, signal) {
      const again = () => saveOnce(undefined, signal);
      const result = await repeatedly(env, {
        first: () => saveOnce(known, signal),
        next: again,
        endsAtMs,
        signal,
      });
      if (result.kind === 'saved') ledger.saved();
      else if (result.kind === 'theirs') ledger.gaveWay(holdLoaded(result.set, deps.ahead()));
      else ledger.saveFailed();
      return result.kind === 'failed' ? result : undefined;
    },
  };
}
