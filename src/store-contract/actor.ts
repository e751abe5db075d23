import assert from 'node:assert/strict';
import type { LockRecord, TokenSet, TokenStore } from '../store/store.js';
import { describeError, mustBeRecord } from './compare.js';

/** What `work` comes to, which must take no longer than a step may; the failure begins with `expected`. */
export type Soon = <T>(work: Promise<T>, expected: string | (() => string), ms?: number) => Promise<T>;

/** One process: the store as it was opened, each call of it with a limit and a failure that says what was expected. */
export interface Actor {
  readonly store: TokenStore;
  load(account: string): Promise<TokenSet | undefined>;
  save(tokens: TokenSet, account: string, previous?: TokenSet): Promise<void>;
  remove(account: string): Promise<void>;
  /** The bare call: it may reject, and takes as long as it takes. */
  lock<T>(account: string, critical: Critical<T>, signal?: AbortSignal): Promise<T>;
  /** Takes a lock that is free, or about to be, and stays in it until `leave`. */
  enter(account: string): Promise<Held>;
}

export type Critical<T> = (lost?: AbortSignal, record?: LockRecord) => Promise<T>;

/** A lock that is held. */
export interface Held {
  readonly lost: AbortSignal | undefined;
  readonly record: LockRecord | undefined;
  /** Lets critical be done, and waits until the lock has settled. */
  leave(): Promise<void>;
  /** As `leave`, for a lock that may be gone: how it settles does not matter. */
  abandon(): Promise<void>;
}

/** Creates the process that has opened `store`; `ends` and `locks` take up what is still under way when its test is over. */
export function createActor(
  store: TokenStore,
  deps: { soon: Soon; ends: (() => void)[]; locks: Promise<unknown>[] },
): Actor {
  const { soon, ends, locks } = deps;
  const call = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    const called = Promise.resolve().then(work);
    const fine = called.catch((error: unknown) =>
      assert.fail(`${name} must resolve; it rejected with ${describeError(error)}`),
    );
    return soon(fine, `${name} must resolve`);
  };
  const lock: Actor['lock'] = (account, critical, signal = new AbortController().signal) => {
    const locking = Promise.resolve().then(() => store.lock!(account, critical, signal));
    // A test that has failed elsewhere no longer listens.
    locks.push(locking.catch(() => undefined));
    return locking;
  };
  return {
    store,
    async load(account) {
      const loaded = await call(`load(${shown(account)})`, () => store.load(account));
      return mustBeRecord(loaded);
    },
    save: (tokens, account, previous) =>
      call(`save(tokens, ${shown(account)}, ${previous ? 'previous' : 'undefined'})`, () =>
        store.save(tokens, account, previous),
      ),
    remove: (account) => call(`remove(${shown(account)})`, () => store.remove!(account)),
    lock,
    async enter(account) {
      let leave = () => {};
      const stay = new Promise<void>((resolve) => (leave = resolve));
      ends.push(leave);
      let began: (inside: Pick<Held, 'lost' | 'record'>) => void = () => {};
      const begun = new Promise<Pick<Held, 'lost' | 'record'>>((resolve) => (began = resolve));
      const locking = lock(account, async (lost, record) => {
        began({ lost, record });
        await stay;
      });
      const settledFirst = locking.then(
        () => assert.fail('lock() must call critical; it resolved without'),
        (error: unknown) =>
          assert.fail(`lock() must call critical; it rejected with ${describeError(error)}`),
      );
      const inside = await soon(
        Promise.race([begun, settledFirst]),
        `lock(${shown(account)}) must call critical when nobody else has the lock`,
      );
      return {
        ...inside,
        async leave() {
          leave();
          await call('lock()', () => soon(locking, 'lock() must settle once critical is done'));
        },
        async abandon() {
          leave();
          await soon(Promise.allSettled([locking]), 'lock() must settle once critical is done');
        },
      };
    },
  };
}

function shown(account: string): string {
  return JSON.stringify(account.length > 80 ? `${account.slice(0, 80)}…` : account);
}
