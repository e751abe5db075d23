import { isTokenStoreConflict, type TokenSet } from '../../store/store.js';
import { authorizationField } from './authorization-line.js';
import { issuerField } from './issuer.js';
import { accessField } from './token-history.js';

/** The fields that releases after 0.1.0 add to a saved set. They make decisions better, and the tokens can be used without them. */
const added: readonly string[] = [authorizationField, issuerField, accessField];

/** Whether the set has one of these fields, for which a table from the time of release 0.1.0 may have no column. */
export function hasAdded(set: TokenSet): boolean {
  return added.some((name) => set[name] !== undefined);
}

/** The set without those fields. */
export function withoutAdded(set: TokenSet): TokenSet {
  return Object.fromEntries(Object.entries(set).filter(([name]) => !added.includes(name))) as TokenSet;
}

/**
 * Whether a save may have been refused because of these fields. Databases and validators name a field that they do not know. A client that
 * takes texts and numbers only, as for a hash in Redis, throws a `TypeError` for a list. A `TypeError` with a cause is that of a `fetch` that
 * has failed, and is none of these.
 */
export function refusesAdded(error: unknown): boolean {
  try {
    if (isTokenStoreConflict(error)) return false;
    const { name, message, cause } = error as { name?: unknown; message?: unknown; cause?: unknown };
    const isOfType = name === 'TypeError' && cause === undefined;
    return isOfType || added.some((field) => String(message).includes(field));
  } catch {
    return false;
  }
}
