import type { TokenStore } from '../store/store.js';

/** The functions and settings by which the contract tests a store. */
export interface StoreStage {
  /**
   * Opens the store. It is called several times in one test, each time in the role of another process over the same data. Data of earlier
   * runs may be there, because each test uses new account names, except for a few special ones such as `__proto__`.
   */
  open(): TokenStore | Promise<TokenStore>;
  /** Closes a store. It is called once for each store that was opened, after its test. */
  close?: ((store: TokenStore) => void | Promise<void>) | undefined;
  /**
   * Takes the lock of `account` away from its holder, which holds it through `store`, as a broken connection or an expired lease would. The
   * lock must be free when this resolves. With this function the contract also tests what happens to a holder that has lost its lock.
   */
  breakLock?: ((store: TokenStore, account: string) => void | Promise<void>) | undefined;
  /**
   * The time limit of one test in milliseconds; each of its steps has 40 % of that. The runner's own limit should be longer.
   * @default 10_000
   */
  limitMs?: number | undefined;
}

/** One test, for any runner: `test(name, run)`. */
export interface ContractTest {
  /** The promise, for the title of the test. */
  readonly name: string;
  /** The optional function of a store that this tests; a store without it passes. */
  readonly needs?: 'lock' | 'remove' | 'notices' | undefined;
  /** Rejects with an `AssertionError` that says what was expected. Takes no argument and needs no `this`. */
  readonly run: () => Promise<void>;
}
