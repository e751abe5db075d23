import assert from 'node:assert/strict';
import type { LockRecord, TokenSet, TokenStore } from '../store/store.js';
import { describeError, mustBeRecord } from './compare.js';

/** Waits for `work`, and fails with a message that begins with `expected` where it takes longer than one step of a test may. */
export type Soon = <T>(work: Promise<T>, expected: string | (() => string), ms?: number) => Promise<T>;

/** A store that was opened, in the role of one process. Each call has a time limit and fails with a message that says what was expected. */
export interface Actor {
  readonly store: TokenStore;
  load(account: string): Promise<TokenSet | undefined>;
  save(tokens: TokenSet, account: string, previous?: TokenSet): Promise<void>;
  remove(account: string): Promise<void>;
  /** Calls `lock` of the store without a time limit. */
  lock<T>(account: string, critical: Critical<T>, signal?: AbortSignal): Promise<T>;
  /** Acquires a lock that is free, or soon will be, and holds it until `leave`. */
  enter(account: string): Promise<Held>;
}

type Critical<T> = (lost?: AbortSignal, record?: LockRecord) => Promise<T>;

/** A lock that is held. */
interface Held {
  readonly lost: AbortSignal | undefined;
  readonly record: LockRecord | undefined;
  /** Lets `critical` resolve, and waits until the call of `lock` has settled. */
  leave(): Promise<void>;
  /** Does the same for a lock that may be lost, and ignores whether the call resolves or rejects. */
  abandon(): Promise<void>;
}

/** Creates the actor of an opened store. `ends` and `locks` collect what may still be under way when its test is over. */
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
    // A rejection is handled here, because a test that has already failed does not await it any more.
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
