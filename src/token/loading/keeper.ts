import type { Env } from '../../time/env.js';
import type { Claims } from '../../wire/jwt.js';
import { failureOf } from '../../text/words.js';
import { cleanCause } from '../../text/clean-cause.js';
import { copyOf } from '../../store/copy-of.js';
import { isTokenStoreConflict, type TokenSet, type TokenStore } from '../../store/store.js';
import { awakeNow, callWithin } from '../../time/within.js';
import { hasAdded, refusesAdded, withoutAdded } from '../pair/extras.js';
import { readTokenSet, unwritableExtra } from '../pair/token-set.js';
import type { StoreRow } from './store-row.js';
import { createWriteOrder, hungMs, type Write } from './write-order.js';
import { writableAdvice } from '../pair/writable.js';

/** What a load came to. `garbage`: the store answered with something that is no token set, and would do so the next time too. */
export type Loaded =
  /** `isGone`: the store has shown a row of this account before, and has none now. `identity` and `claims` of the set are there where they have been read. */
  | {
      kind: 'loaded';
      set: TokenSet | undefined;
      isGone?: true;
      identity?: string | undefined;
      claims?: Claims | undefined;
    }
  | { kind: 'failed'; why: string; cause?: unknown; garbage: boolean };

/** What a save came to. */
export type Saved = { kind: 'saved' } | { kind: 'conflict' } | Failed;

/** What a removal came to. */
type Removed = { kind: 'removed' } | Failed;

type Failed = { kind: 'failed'; why: string; cause?: unknown };
/** Why a save was not begun. */
const unsettled = 'an earlier store.save() has not settled yet';
/** A store that shows no row within this time after its first save keeps none, or its replica lags: nobody has deleted the row. */
const keptMs = 1_000;
/**
 * The store as one account uses it. Every call of the application's functions ends in time, saves go one after another, and failures are
 * values. All that loads or saves for the account does so through its keeper; `loading/loading.ts` and `token/parts.ts` add further checks.
 */
export interface Keeper {
  load(): Promise<Loaded>;
  save(set: TokenSet, previous: TokenSet | undefined): Promise<Saved>;
  /**
   * Waits for the save before, if that has not settled yet. `free`: there was none. `waited`: it has settled, and what was loaded earlier may
   * be old now. Fails where it does not settle in time, because a save would fail then too.
   */
  pendingSaveSettled(): Promise<'free' | 'waited' | Failed>;
  /**
   * Why a set that the store shows may not be stored durably. `rejected`: its last save was rejected, and the store may show what it has in
   * memory and not on disk. `unsettled`: its last save has not settled and may still be rejected.
   */
  doubtOf(set: TokenSet): 'rejected' | 'unsettled' | undefined;
  /** Removes the account's tokens from the store, where the store has a `remove`. */
  remove(): Promise<Removed>;
}

/** Creates the keeper of one account. The application's functions may throw, hang, or return anything. */
export function createKeeper(deps: {
  store: TokenStore;
  account: string;
  env: Env;
  storeTimeoutMs: number;
  /** The last save of each account of this store, as long as it has not settled. */
  saves: Map<string, Promise<unknown>>;
  /** What is known of the account's row. The keeper changes it. */
  row: StoreRow;
  /** The sets that the account has in memory. */
  held: readonly (TokenSet | undefined)[];
}): Keeper {
  const { store, account, env, storeTimeoutMs, saves, row } = deps;

  /** The sets that were loaded or saved last. Errors of the store may quote their tokens, which are taken out. */
  let passed = deps.held;
  const secrets = () => passed.flatMap(secretsIn);

  function isGone(): boolean {
    if (typeof row.presence === 'object' && Math.abs(env.now() - row.presence.savedAtMs) < keptMs)
      row.presence = 'never-kept';
    return (row.presence === 'shown' || typeof row.presence === 'object') && store.rowsMayVanish !== true;
  }

  /**
   * Saves the set. A table from the time of release 0.1.0 may have no column for the fields that later releases add: where it refuses them,
   * the set is saved without them, so that no pair is lost.
   */
  async function write(set: TokenSet, previous: TokenSet | undefined): Promise<void> {
    const beganAtMs = awakeNow(env);
    try {
      await store.save(defined(row.takesAdded ? set : withoutAdded(set)), account, previous);
    } catch (error) {
      if (!row.takesAdded || !hasAdded(set) || !refusesAdded(error)) throw error;
      if (awakeNow(env) - beganAtMs >= storeTimeoutMs) {
        // Nobody waits for this save any more, and a later one may have been made: a second try here would overwrite it.
        row.takesAdded = false;
        throw error;
      }
      await store.save(defined(withoutAdded(set)), account, previous);
      row.takesAdded = false;
    }
  }

  const isDoubted = (of: string) => row.doubted?.of === of;

  async function attempt(set: TokenSet, previous: TokenSet | undefined): Promise<void> {
    const of = pairOf(set);
    row.doubted = { of, rejected: row.doubted?.of === of && row.doubted.rejected, sinceMs: env.now() };
    const own = row.doubted;
    try {
      await write(set, previous && defined(previous));
      if (isDoubted(of)) row.doubted = undefined;
    } catch (error) {
      // After a conflict nothing was written, because the store compares first.
      if (!isTokenStoreConflict(error)) own.rejected = true;
      else if (row.doubted === own && !own.rejected) row.doubted = undefined;
      throw error;
    }
  }

  const { inOrder, pendingSettled } = createWriteOrder({ env, account, storeTimeoutMs, saves });

  function failureOfWrite(name: 'save' | 'remove', write: Exclude<Write, { kind: 'done' }>): Failed {
    if (write.kind === 'failed') {
      const why = `store.${name}() failed ${failureOf(write.cause, secrets())}`;
      return { kind: 'failed', why, cause: cleanCause(write.cause, secrets()) };
    }
    const why =
      write.kind === 'blocked' ? unsettled : `store.${name}() gave no answer in ${storeTimeoutMs} ms`;
    return { kind: 'failed', why };
  }

  return {
    async load() {
      const waited = await callWithin(env, storeTimeoutMs, () => store.load(account));
      if (waited.kind === 'failed') {
        const why = `store.load() failed ${failureOf(waited.error, secrets())}`;
        return { kind: 'failed', why, cause: waited.error, garbage: false };
      }
      if (waited.kind !== 'done') {
        return { kind: 'failed', why: `store.load() gave no answer in ${storeTimeoutMs} ms`, garbage: false };
      }
      const read = readTokenSet(waited.value);
      if (read.kind === 'garbage') {
        const expected = 'it takes a token set ({ access_token, refresh_token, … }), null or undefined';
        return { kind: 'failed', why: `store.load() returned ${read.what}; ${expected}`, garbage: true };
      }
      if (read.kind === 'set') {
        // The extra fields are saved again with the next pair. One that cannot be written must be told before the refresh token is redeemed.
        const extra = unwritableExtra(read.set);
        if (extra !== undefined)
          return {
            kind: 'failed',
            why: `store.load() returned ${extra}; ${writableAdvice}`,
            garbage: true,
          };
        passed = [read.set];
        row.presence = 'shown';
      }
      if (read.kind === 'none' && isGone()) return { kind: 'loaded', set: undefined, isGone: true };
      // The set is a copy, so that later changes of the application to its object do not matter here.
      return { kind: 'loaded', set: read.kind === 'set' ? read.set : undefined };
    },

    async save(set, previous) {
      passed = [set, previous];
      const waited = await inOrder(() => attempt(set, previous));
      if (waited.kind === 'done') {
        if (row.presence === 'unseen') row.presence = { savedAtMs: env.now() };
        return { kind: 'saved' };
      }
      if (waited.kind === 'failed' && isTokenStoreConflict(waited.cause)) return { kind: 'conflict' };
      return failureOfWrite('save', waited);
    },

    async pendingSaveSettled() {
      const pending = await pendingSettled();
      return pending === 'blocked' ? { kind: 'failed', why: unsettled } : pending;
    },

    doubtOf(set) {
      if (row.doubted?.of !== pairOf(set)) return undefined;
      if (row.doubted.rejected) return 'rejected';
      return env.now() - row.doubted.sinceMs > hungMs ? undefined : 'unsettled';
    },

    async remove() {
      if (!store.remove) return { kind: 'removed' };
      const waited = await inOrder(() => store.remove!(account));
      row.presence = 'unseen';
      return waited.kind === 'done' ? { kind: 'removed' } : failureOfWrite('remove', waited);
    },
  };
}

function pairOf({ access_token: access, refresh_token: refresh }: TokenSet): string {
  return JSON.stringify([access, refresh]);
}

/** The tokens of a set, and its other texts of more than 8 characters, which may be secrets of the application. */
function secretsIn(set: TokenSet | undefined): string[] {
  if (!set) return [];
  const tokens = [set.access_token, set.refresh_token];
  const others = Object.values(set).filter((value) => typeof value === 'string' && value.length > 8);
  return [...tokens, ...others].filter((value) => typeof value === 'string');
}

/** A copy for the store, which may change it. Fields that are undefined are left out, because some stores refuse them. */
function defined(set: TokenSet): TokenSet {
  return Object.fromEntries(
    Object.entries(copyOf(set)).filter(([, value]) => value !== undefined),
  ) as TokenSet;
}
