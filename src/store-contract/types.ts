import type { TokenStore } from '../store/store.js';

/** What the contract needs to try out a store. */
export interface StoreStage {
  /**
   * Opens the store. It is called several times within one test: each call stands for another process over the same data.
   * Data of earlier runs may be there: no test uses a name of another (but for a few names that are traps, like `__proto__`).
   */
  open(): TokenStore | Promise<TokenStore>;
  /** Called once for each store that was opened, when its test is over. */
  close?: ((store: TokenStore) => void | Promise<void>) | undefined;
  /**
   * Takes the lock of `account` from its holder, who has it by way of `store`: as a connection does that breaks, or a lease that ends.
   * The lock is free when this resolves. With it the contract also tests what a holder hears, and may still do, when its lock is gone.
   */
  breakLock?: ((store: TokenStore, account: string) => void | Promise<void>) | undefined;
  /**
   * How long one test may take, in milliseconds; each step of it has 40 % of that. A runner's own limit should be longer.
   * @default 10_000
   */
  limitMs?: number | undefined;
}

/** One test, for any runner: `test(name, run)`. */
export interface ContractTest {
  /** What is promised, in words. */
  readonly name: string;
  /** The optional part of a store that this is about: a store without it passes. */
  readonly needs?: 'lock' | 'remove' | undefined;
  /** Rejects with an `AssertionError` that says what was expected. Takes no argument and needs no `this`. */
  readonly run: () => Promise<void>;
}
