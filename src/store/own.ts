import type { TokenStore } from './store.js';

/** On each of them, for every copy of the package. */
const mark = Symbol.for('axios-procore.own-store');

/** Marks a store that this package has made: that it keeps what it is given is tested here. */
export function markOwnStore<S extends TokenStore>(store: S): S {
  return Object.defineProperty(store, mark, { value: true });
}

/** True for such a store itself, and not for one that somebody has made of it by overriding a part. */
export function isOwnStore(store: TokenStore): boolean {
  return Object.hasOwn(store, mark);
}
