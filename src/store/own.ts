import type { TokenStore } from './store.js';

/** The mark on each store of this package, which every copy of the package recognises. */
const mark = Symbol.for('axios-procore.own-store');

/** Marks a store that this package has made. Such a store is trusted to keep what is saved, because the package tests it. */
export function markOwnStore<S extends TokenStore>(store: S): S {
  return Object.defineProperty(store, mark, { value: true });
}

/** True for such a store. False for an object that inherits from one and overrides a part of it. */
export function isOwnStore(store: TokenStore): boolean {
  return Object.hasOwn(store, mark);
}
