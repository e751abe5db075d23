import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import type { Keeper } from '../loading/keeper.js';
import { withNewAuthorization } from '../pair/authorization-line.js';
import { extrasBrought, withExtrasOf } from '../pair/extras.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import type { HeldTokens } from '../pair/token-set.js';
import { afterPendingSave, repeatedly, resultOf, type SaveResult } from './tries.js';

/** How a pair that the application brought is saved over what the store holds. */
interface Overwriting {
  readonly isOld: (stored: TokenSet | undefined) => boolean;
  readonly mustRead: boolean;
  /** Hears what is saved: the tokens, beside what the store keeps for others, and of which authorization they are. */
  readonly carry: (set: TokenSet) => void;
}

/** Saves pairs that no renewal has got. Called in the critical section of the grant. */
export interface BroughtSaver {
  /** One try for a pair that is not held yet, unless the store holds another that may be somebody's. */
  ifFree(set: TokenSet): Promise<SaveResult>;
  /**
   * A few tries for a pair that the application brought: it counts whatever the store holds, unless `isOld`, which is asked whenever the
   * store has been read, says that what it holds has taken the pair's place. A store that cannot be read is asked a few times, and then
   * written to unread; `mustRead`: the pair does not count there.
   */
  overwrite(held: HeldTokens, how: Overwriting, signal: AbortSignal): Promise<SaveResult>;
}

/** Creates the saves of brought pairs of one account. */
export function createBroughtSaver(deps: {
  env: Env;
  ledger: Ledger;
  keeper: Keeper;
  grant: GrantType;
}): BroughtSaver {
  const { env, ledger, keeper, grant } = deps;

  /** A refresh token that is dead, without an access token that would tell whose it was, is nobody's any more. */
  function isFree(set: TokenSet): boolean {
    if (ledger.isRevoked(set)) return true;
    const { access_token: access, refresh_token: refresh } = set;
    return !access && refresh !== undefined && ledger.isDead(fingerprint(refresh));
  }

  async function ifFree(set: TokenSet): Promise<SaveResult> {
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return loaded;
    if (loaded.set && !isFree(loaded.set)) return { kind: 'theirs', set: loaded.set };
    return afterPendingSave(
      keeper,
      () => ifFree(set),
      () => writeIfFree(set, loaded),
    );
  }

  async function writeIfFree(
    set: TokenSet,
    loaded: { readonly set: TokenSet | undefined },
  ): Promise<SaveResult> {
    const ownExtras = extrasBrought(set, loaded.set);
    const saved = resultOf(await keeper.save(withExtrasOf(loaded.set, { set, ownExtras }), loaded.set));
    if (saved.kind !== 'failed') return saved;
    // If it may be there, it must not be given to another account of the store as well: it would be redeemed twice.
    const after = await keeper.load();
    const isThere = after.kind === 'failed' || after.set?.access_token === set.access_token;
    const isPerhapsThere = isThere || keeper.doubtOf(set) === 'unsettled';
    return { ...saved, isPerhapsThere };
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
        grant === 'refresh_token' ? withNewAuthorization(whole, [found, whole, ledger.stored]) : whole;
      carry(set);
      return set;
    };
    const saved = await keeper.save(over(found), ledger.stored ?? found);
    if (saved.kind !== 'conflict') return saved;
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return loaded;
    if (isOld(loaded.set) && loaded.set) return { kind: 'theirs', set: loaded.set };
    return resultOf(await keeper.save(over(loaded.set), loaded.set));
  }

  async function overwriteOnce(held: HeldTokens, how: Overwriting): Promise<SaveResult> {
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return { ...loaded, isUnread: true };
    if (how.isOld(loaded.set) && loaded.set) return { kind: 'theirs', set: loaded.set };
    return afterPendingSave(
      keeper,
      () => overwriteOnce(held, how),
      () => overwrites(loaded.set, held, how),
    );
  }

  async function overwrite(held: HeldTokens, how: Overwriting, signal: AbortSignal): Promise<SaveResult> {
    const once = () => overwriteOnce(held, how);
    const result = await repeatedly(env, { first: once, next: once, endsAtMs: Infinity, signal });
    const isUnread = result.kind === 'failed' && result.isUnread === true;
    if (!isUnread || how.mustRead || signal.aborted) return result;
    // A log-in replaces a row that cannot be read. Columns of others are kept as they were seen last, if they were.
    return overwrites(ledger.seenLast, held, how);
  }

  return { ifFree, overwrite };
}
