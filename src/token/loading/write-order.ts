import type { Env } from '../../time/env.js';
import { awakeNow, call, within } from '../../time/within.js';

/** How a write went. `blocked`: an earlier one has not settled in time, and this one was not begun. `elapsed`: it gave no answer in time. */
export type Write = { kind: 'done' | 'blocked' | 'elapsed' } | { kind: 'failed'; cause: unknown };

/** A save that has not settled by then never will. */
export const hungMs: number = 5 * 60_000;

/** The writes of one account into its store, one after another: a write that lands late must not land on a later one. */
export interface WriteOrder {
  /** Begins `write` once the one before has settled, and waits for it; both waits are bounded by the time limit of the store. */
  inOrder(write: () => void | Promise<void>): Promise<Write>;
  /** Waits for the write before, if that has not settled yet. */
  pendingSettled(): Promise<'free' | 'waited' | 'blocked'>;
}

/** Creates the order of one account's writes. */
export function createWriteOrder(deps: {
  env: Env;
  account: string;
  storeTimeoutMs: number;
  /** The last write of each account of this store, as long as it has not settled. */
  saves: Map<string, Promise<unknown>>;
}): WriteOrder {
  const { env, account, storeTimeoutMs, saves } = deps;

  function occupy(write: Promise<void>): void {
    saves.set(account, write);
    void write.then(() => vacate(write));
  }

  function vacate(write: Promise<unknown>): void {
    if (saves.get(account) === write) saves.delete(account);
  }

  return {
    async inOrder(write) {
      const waitEndsAtMs = awakeNow(env) + storeTimeoutMs;
      // Several may wait for the same write. The first of them begins its own when that has settled, and the others then wait for this one.
      for (let before = saves.get(account); before; before = other(saves.get(account), before)) {
        const waited = await within(env, waitEndsAtMs - awakeNow(env), before);
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
      // After some minutes later writes no longer wait for one that hangs. Each save begins with a comparison, which makes the risk of a late
      // landing small, and a pair that is never saved is lost.
      const over = new AbortController();
      void settled.then(() => over.abort());
      if (saves.get(account) === settled) occupy(env.sleep(hungMs, { signal: over.signal, ref: false }));
      return { kind: 'elapsed' };
    },

    async pendingSettled() {
      const before = saves.get(account);
      if (!before) return 'free';
      const { kind } = await within(env, storeTimeoutMs, before);
      if (kind !== 'done') return 'blocked';
      vacate(before);
      return 'waited';
    },
  };
}

function other<T>(now: T | undefined, before: T): T | undefined {
  return now === before ? undefined : now;
}
