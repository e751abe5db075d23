import type { Env } from '../../time/env.js';
import type { Claims } from '../../wire/jwt.js';
import { failureOf } from '../../text/words.js';
import { cleanCause } from '../../text/clean-cause.js';
import { copyOf } from '../../store/copy-of.js';
import { isTokenStoreConflict, type TokenSet, type TokenStore } from '../../store/store.js';
import { awakeNow, call, callWithin, within } from '../../time/within.js';
import { hasAdded, refusesAdded, withoutAdded } from '../pair/added-fields.js';
import { readTokenSet, unwritableExtra } from '../pair/token-set.js';
import { unknownRow, type StoreRow } from './store-row.js';
import { writableAdvice } from '../pair/writable.js';

/** What a load came to; `garbage` will be the same next time. */
export type Loaded =
  /** `isGone`: there is no row, and there was one. `identity` and `claims` are those of the set, where they have been read. */
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
/** How a write went; `blocked`: an earlier one has not settled, and this one was not begun. */
type Write = { kind: 'done' | 'blocked' | 'elapsed' } | { kind: 'failed'; cause: unknown };

/** Why a save was not begun. */
const unsettled = 'an earlier store.save() has not settled yet';
/** Where a store shows nothing so soon after its first save, nobody has deleted a row: it keeps none, or its replica lags. */
const keptMs = 1_000;
/** A save that has not settled by then never will. */
const hungMs = 5 * 60_000;

/**
 * One account's side of the store: every call bounded, saves one after another, results as values. Everything else of the account
 * asks the store through it; `loading/loading.ts` and `token/parts.ts` put further checks around it.
 */
export interface Keeper {
  load(): Promise<Loaded>;
  save(set: TokenSet, previous: TokenSet | undefined): Promise<Saved>;
  /**
   * Waits for the save before, if that has not settled yet. `waited`: what was loaded before may be old by now. Fails where a save would fail
   * now, because that one has still not settled.
   */
  pendingSaveSettled(): Promise<'free' | 'waited' | Failed>;
  /**
   * Why this set may be in the store's memory only, although the store shows it: its last save was rejected, and the store may write to the
   * disk after its memory; or that save has not settled, and may still be rejected.
   */
  doubtOf(set: TokenSet): 'rejected' | 'unsettled' | undefined;
  /** Lets the store forget the account; a store that cannot has nothing to do. */
  remove(): Promise<Removed>;
}

/** Wraps the application's callbacks, which may throw, hang, or return anything. */
export function createKeeper(deps: {
  store: TokenStore;
  account: string;
  env: Env;
  storeTimeoutMs: number;
  /** The last save of each account of this store, as long as it has not settled: an older pair landing on a newer one would lose it. */
  saves?: Map<string, Promise<unknown>>;
  /** The account's own, which this changes. */
  row?: StoreRow;
  /** What the account holds. */
  held?: readonly (TokenSet | undefined)[];
}): Keeper {
  const { store, account, env, storeTimeoutMs, saves = new Map<string, Promise<unknown>>() } = deps;
  const { row = unknownRow() } = deps;

  /** The sets of this account that have passed here last: the store's errors may quote their tokens. */
  let passed = deps.held ?? [];
  const secrets = () => passed.flatMap(secretsIn);

  function isGone(): boolean {
    if (typeof row.presence === 'object' && Math.abs(env.now() - row.presence.savedAtMs) < keptMs)
      row.presence = 'never-kept';
    return (row.presence === 'shown' || typeof row.presence === 'object') && store.rowsMayVanish !== true;
  }

  /** A table that release 0.1.0 could save to must not lose a pair to a field that it has no place for. */
  async function write(set: TokenSet, previous: TokenSet | undefined): Promise<void> {
    const beganAtMs = awakeNow(env);
    try {
      await store.save(defined(row.takesAdded ? set : withoutAdded(set)), account, previous);
    } catch (error) {
      if (!row.takesAdded || !hasAdded(set) || !refusesAdded(error)) throw error;
      if (awakeNow(env) - beganAtMs >= storeTimeoutMs) {
        // This save has been given up, and later ones may have run meanwhile: they must not be overwritten by it.
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
      // A store that compares has found another set, and has tried to write nothing.
      if (!isTokenStoreConflict(error)) own.rejected = true;
      else if (row.doubted === own && !own.rejected) row.doubted = undefined;
      throw error;
    }
  }

  function occupy(write: Promise<void>): void {
    saves.set(account, write);
    void write.then(() => vacate(write));
  }
  function vacate(write: Promise<unknown>): void {
    if (saves.get(account) === write) saves.delete(account);
  }

  /** A write that lands late must not land on a later one: each waits for the one before. */
  async function inOrder(write: () => void | Promise<void>): Promise<Write> {
    const patienceEndsAtMs = awakeNow(env) + storeTimeoutMs;
    // Others may have waited for the same write, and one of them is first.
    for (let before = saves.get(account); before; before = other(saves.get(account), before)) {
      const waited = await within(env, patienceEndsAtMs - awakeNow(env), before);
      if (waited.kind !== 'done') return { kind: 'blocked' };
    }
    const work = call(write);
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    occupy(settled);
    const waited = await within(env, storeTimeoutMs, work);
    if (waited.kind === 'done') return { kind: 'done' };
    if (waited.kind === 'failed') return { kind: 'failed', cause: waited.error };
    // Every later save begins with a comparison: after a while it is worth the risk, for a pair that is never saved is lost.
    const over = new AbortController();
    void settled.then(() => over.abort());
    if (saves.get(account) === settled) occupy(env.sleep(hungMs, { signal: over.signal, ref: false }));
    return { kind: 'elapsed' };
  }

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
        // Found out now, while the refresh token is unspent: what could not be saved with the new pair.
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
      // Already a copy: what the application does with its object later is not our state.
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
      const before = saves.get(account);
      if (!before) return 'free';
      const { kind } = await within(env, storeTimeoutMs, before);
      if (kind !== 'done') return { kind: 'failed', why: unsettled };
      vacate(before);
      return 'waited';
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

/** All texts of a token set, short ones only if they are its tokens: nobody knows what else an application keeps beside these. */
function secretsIn(set: TokenSet | undefined): string[] {
  if (!set) return [];
  const tokens = [set.access_token, set.refresh_token];
  const others = Object.values(set).filter((value) => typeof value === 'string' && value.length > 8);
  return [...tokens, ...others].filter((value) => typeof value === 'string');
}

/** A copy, which the store may change, without fields that are undefined: some stores refuse them. */
function defined(set: TokenSet): TokenSet {
  return Object.fromEntries(
    Object.entries(copyOf(set)).filter(([, value]) => value !== undefined),
  ) as TokenSet;
}

function other<T>(now: T | undefined, before: T): T | undefined {
  return now === before ? undefined : now;
}
