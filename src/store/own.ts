import type { TokenStore } from './store.js';

/** The mark on each store of this package, which every copy of the package recognises. */
const mark = Symbol.for('axios-procore.own-store');

/** Marks a store that this package has made. Such a store is trusted to keep what is saved, because the package tests it. */
export function markOwnStore<S extends TokenStore>(store: S): S {
  return Object.defineProperty(store, mark, { value: true });
}

const nameMark = Symbol.for('axios-procore.lock-name');

/** Says what the lock of an account is called, for errors: a holder that stands still keeps a lock of the kernel, and has to be found. */
export function nameLocks<S extends TokenStore>(
  store: S,
  nameOf: (account: string) => string | undefined,
): S {
  return Object.defineProperty(store, nameMark, { value: nameOf });
}

/** What the store calls the lock of this account; undefined for a store that does not say. */
export function lockNameOf(store: TokenStore, account: string): string | undefined {
  const nameOf = Reflect.get(store, nameMark) as ((account: string) => unknown) | undefined;
  // A mock in the place of a store may have a member of any name.
  const name = typeof nameOf === 'function' ? nameOf(account) : undefined;
  return typeof name === 'string' ? name : undefined;
}

const outerLockName = 'unknown refresh tokens ';

/**
 * The name, in the place of an account, of the lock under which a refresh token is redeemed whose account is not known yet. The account's
 * own lock is taken under it, to save. There are 256 names for all tokens, because the lock of a file store leaves a file behind.
 */
export function outerLockOf(fingerprint: string): string {
  return outerLockName + fingerprint.slice(0, 2);
}

/** Whether another lock is taken while this one is held. */
export function isOuterLock(account: string): boolean {
  return account.startsWith(outerLockName);
}

/** True for such a store. False for an object that inherits from one and overrides a part of it. */
export function isOwnStore(store: TokenStore): boolean {
  return Object.hasOwn(store, mark);
}
