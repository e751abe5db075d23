import { captureContext } from '../../time/async-context.js';
import type { Env } from '../../time/env.js';
import { codeOf, failureOf } from '../../text/words.js';
import type { LockRecord, TokenStore } from '../../store/store.js';
import { call, within } from '../../time/within.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { GrantType } from '../pair/comparison.js';
import { createNotes, type Notes } from './notes.js';
import type { GrantQueue } from './registry.js';

/** What stands while a critical section runs. */
export interface Section {
  /** Aborts when the store says that the lock has been lost. Undefined where there is no lock, or where it cannot tell. */
  readonly lost: AbortSignal | undefined;
  /** What the lock remembers of redemptions that were not finished. */
  readonly notes: Notes;
  /** Why the lock does not count as held at this moment; undefined: it does, or there is none. Never rejects. */
  objection(): Promise<string | undefined>;
}

/** How a critical section went. */
type SectionOutcome<T> =
  | Locked<T>
  /** The signal has aborted before its turn came: it has not run and never will. */
  | { kind: 'aborted' };

/**
 * The part of a renewal, of a late save or of a revocation that runs alone: in this process by the queue of the grant, which all copies of the
 * package share, and across processes by the store's lock.
 */
export interface CriticalSection {
  /** The key of the queue: the fingerprint of the refresh token, or the client and account where there is none. */
  keyOf(refreshToken: string | undefined): string;
  /**
   * Runs `critical` when nobody else is in the section of this key. `lockWaitMs` bounds the wait for the store's lock. A rejection of
   * `critical` passes through.
   */
  enter<T>(
    how: { readonly key: string; readonly lockWaitMs: number; readonly signal: AbortSignal },
    critical: (section: Section) => Promise<T>,
  ): Promise<SectionOutcome<T>>;
}

/** Creates the critical section of one account. */
export function createCriticalSection(deps: {
  env: Env;
  account: string;
  grant: GrantType;
  /** What an account without a refresh token is serialized by. */
  accountKey: string;
  store: TokenStore;
  grants: GrantQueue;
  settings: { readonly storeTimeoutMs: number };
  warn: (why: string) => void;
}): CriticalSection {
  const { env, grant, accountKey, grants } = deps;
  const { storeTimeoutMs } = deps.settings;
  return {
    keyOf: (refreshToken) =>
      grant === 'refresh_token' && refreshToken ? fingerprint(refreshToken) : accountKey,
    async enter({ key, lockWaitMs, signal }, critical) {
      const locking = { ...deps, waitMs: lockWaitMs, releaseMs: storeTimeoutMs };
      const inSection = (lost: AbortSignal | undefined, record: LockRecord | undefined) =>
        critical({
          lost,
          notes: createNotes(env, record),
          objection: () => lockObjection(env, lost, record, storeTimeoutMs),
        });
      const entered = await grants.run(key, () => runLocked(locking, inSection, signal), signal);
      return !entered || (entered.kind === 'failed' && signal.aborted) ? { kind: 'aborted' } : entered;
    },
  };
}

const lostText = 'the lock was lost';

/**
 * Why the lock does not count as held at this moment. A lock that can be asked is: a process that was stopped for longer than its lease
 * has heard nothing of the end of it.
 */
async function lockObjection(
  env: Env,
  lost: AbortSignal | undefined,
  record: LockRecord | undefined,
  waitMs: number,
): Promise<string | undefined> {
  if (lost?.aborted) return lostText;
  if (typeof record?.stands !== 'function') return undefined;
  const asked = await within(
    env,
    waitMs,
    call(() => record.stands!()),
  );
  if (lost?.aborted) return lostText;
  if (asked.kind === 'failed')
    return `nobody could say whether its lock still stands (${codeOf(asked.error)})`;
  if (asked.kind !== 'done') return `its lock did not say in ${waitMs} ms whether it still stands`;
  return asked.value === true ? undefined : lostText;
}

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
  const wait = new AbortController();
  let running: Promise<T> | undefined;
  let over = false;
  let thrown: unknown;
  let settledEarly = false;
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const enter = (lost?: AbortSignal, record?: LockRecord): Promise<T> => {
    if (running) return running;
    // Too late: the renewal has given up, and nothing may be redeemed any more.
    if (wait.signal.aborted) return Promise.resolve(undefined as T);
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
  const giveUp = () => wait.abort();
  signal.addEventListener('abort', giveUp, { once: true });
  const locking = call(() => store.lock!(account, enter, wait.signal));
  try {
    const waited = await within(env, waitMs, Promise.race([begun, locking]), wait.signal);
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
