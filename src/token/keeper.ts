import type { Env } from '../env.js';
import { isTokenStoreConflict, type TokenSet, type TokenStore } from '../store/store.js';
import { call, within } from '../within.js';
import { readTokenSet } from './token-set.js';

/** What a load came to; `garbage` will be the same next time. */
export type Loaded =
  | { kind: 'loaded'; set: TokenSet | undefined }
  | { kind: 'failed'; why: string; cause?: unknown; garbage: boolean };

/** What a save came to. */
export type Saved =
  { kind: 'saved' } | { kind: 'conflict' } | { kind: 'failed'; why: string; cause?: unknown };

/** A save that has not settled by then never will. */
const hungMs = 5 * 60_000;

/** One account's side of the store: every call bounded, saves one after another, results as values. */
export interface Keeper {
  load(): Promise<Loaded>;
  save(set: TokenSet, previous: TokenSet | undefined): Promise<Saved>;
}

/** Wraps the application's callbacks, which may throw, hang, or return anything. */
export function createKeeper(deps: {
  store: TokenStore;
  account: string;
  env: Env;
  storeTimeoutMs: number;
  /** The last save of each account of this store, as long as it has not settled: an older pair landing on a newer one would lose it. */
  saves?: Map<string, Promise<unknown>>;
}): Keeper {
  const { store, account, env, storeTimeoutMs, saves = new Map<string, Promise<unknown>>() } = deps;

  return {
    async load() {
      const waited = await within(
        env,
        storeTimeoutMs,
        call(() => store.load(account)),
      );
      if (waited.kind === 'failed') {
        return { kind: 'failed', why: 'store.load() failed', cause: waited.error, garbage: false };
      }
      if (waited.kind !== 'done') {
        return { kind: 'failed', why: `store.load() gave no answer in ${storeTimeoutMs} ms`, garbage: false };
      }
      const read = readTokenSet(waited.value);
      if (read.kind === 'garbage') {
        const expected = 'it takes a token set ({ access_token, refresh_token, … }), null or undefined';
        return { kind: 'failed', why: `store.load() returned ${read.what}; ${expected}`, garbage: true };
      }
      // Already a copy: what the application does with its object later is not our state.
      return { kind: 'loaded', set: read.kind === 'set' ? read.set : undefined };
    },

    async save(set, previous) {
      const patienceEndsAtMs = env.now() + storeTimeoutMs;
      // Others may have waited for the same save, and one of them is first.
      for (let before = saves.get(account); before; before = other(saves.get(account), before)) {
        const waited = await within(env, patienceEndsAtMs - env.now(), before);
        if (waited.kind !== 'done')
          return { kind: 'failed', why: 'an earlier store.save() has not settled yet' };
      }
      const save = call(() => store.save({ ...set }, account, previous && { ...previous }));
      const settled = save.then(
        () => undefined,
        () => undefined,
      );
      saves.set(account, settled);
      const waited = await within(env, storeTimeoutMs, save);
      if (waited.kind === 'done') return { kind: 'saved' };
      if (waited.kind === 'failed') {
        return isTokenStoreConflict(waited.error)
          ? { kind: 'conflict' }
          : { kind: 'failed', why: 'store.save() failed', cause: waited.error };
      }
      // Every later save begins with a comparison: after a while it is worth the risk, for a pair that is never saved is lost.
      const over = new AbortController();
      void settled.then(() => over.abort());
      if (saves.get(account) === settled)
        saves.set(account, env.sleep(hungMs, { signal: over.signal, ref: false }));
      return { kind: 'failed', why: `store.save() gave no answer in ${storeTimeoutMs} ms` };
    },
  };
}

function other<T>(now: T | undefined, before: T): T | undefined {
  return now === before ? undefined : now;
}
