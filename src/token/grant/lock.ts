import { captureContext } from '../../time/async-context.js';
import type { Env } from '../../time/env.js';
import { codeOf, failureOf } from '../../text/words.js';
import type { LockRecord, TokenStore } from '../../store/store.js';
import { call, within } from '../../time/within.js';

/** How a critical section under the store's lock went. */
export type Locked<T> =
  | { kind: 'ran'; value: T }
  /** The lock could not be had: the section has not run and never will. */
  | { kind: 'failed'; why: string; cause?: unknown };

/**
 * Runs `critical` under `store.lock`, if there is one, and holds foreign code to the contract: it runs at most once; not at all once
 * `signal` has aborted or `waitMs` has passed; what it returned counts whatever the lock does afterwards; a release that fails or
 * takes longer than `releaseMs` is a warning. A rejection of `critical` passes through.
 *
 * `critical` runs in the async context of the caller: a driver may call it from an event of its connection, which has the context of
 * whoever opened that.
 */
export async function runLocked<T>(
  deps: {
    env: Env;
    store: TokenStore;
    account: string;
    waitMs: number;
    releaseMs: number;
    warn: (why: string) => void;
  },
  critical: (lost: AbortSignal | undefined, record: LockRecord | undefined) => Promise<T>,
  signal: AbortSignal,
): Promise<Locked<T>> {
  const { env, store, account, waitMs, releaseMs, warn } = deps;
  const givenUp = { kind: 'failed', why: 'the wait for store.lock() was given up' } as const;
  if (signal.aborted) return givenUp;
  if (!store.lock) return { kind: 'ran', value: await critical(undefined, undefined) };

  const inContext = captureContext();
  const patience = new AbortController();
  let running: Promise<T> | undefined;
  let over = false;
  let thrown: unknown;
  let settledEarly = false;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const enter = (lost?: AbortSignal, record?: LockRecord): Promise<T> => {
    if (running) return running;
    // Too late: the renewal has given up, and nothing may be redeemed any more.
    if (patience.signal.aborted) return Promise.resolve(undefined as T);
    running = inContext(() => critical(lost, record));
    // The lock may not await it: its rejection reaches us below all the same.
    running.then(
      () => (over = true),
      (error: unknown) => {
        over = true;
        thrown = error;
      },
    );
    begin();
    return running;
  };
  const giveUp = () => patience.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  const locking = call(() => store.lock!(account, enter, patience.signal));
  try {
    const waited = await within(env, waitMs, Promise.race([begun, locking]), patience.signal);
    if (!running) {
      giveUp();
      locking.catch(() => undefined);
      if (waited.kind === 'failed')
        return { kind: 'failed', why: `store.lock() failed ${failureOf(waited.error)}`, cause: waited.error };
      if (waited.kind === 'aborted') return givenUp;
      if (waited.kind === 'elapsed')
        return { kind: 'failed', why: `store.lock() gave no lock in ${waitMs} ms` };
      return { kind: 'failed', why: 'store.lock() resolved without having called its critical section' };
    }
    signal.removeEventListener('abort', giveUp);
    const settled = () => (settledEarly = !over);
    locking.then(settled, settled);
    return { kind: 'ran', value: await running };
  } finally {
    signal.removeEventListener('abort', giveUp);
    if (running) {
      const released = await within(env, releaseMs, locking);
      if (settledEarly)
        warn(
          'store.lock() settled before its critical section was done: others may have had the lock meanwhile',
        );
      else if (released.kind === 'failed' && released.error !== thrown)
        warn(`store.lock() failed after its critical section was done (${codeOf(released.error)})`);
      if (released.kind === 'elapsed')
        warn(`store.lock() has not settled ${releaseMs} ms after its critical section`);
    }
  }
}
