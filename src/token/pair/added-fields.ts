import { isTokenStoreConflict, type TokenSet } from '../../store/store.js';
import { authorizationField } from './authorization-line.js';
import { issuerField } from './issuer.js';
import { accessField } from './token-history.js';

/** What later releases than 0.1.0 add to a saved set. Each makes a decision better, and none is needed to use the tokens. */
const added: readonly string[] = [authorizationField, issuerField, accessField];

/** Whether the set has fields that a store from the time of release 0.1.0 may have no place for. */
export function hasAdded(set: TokenSet): boolean {
  return added.some((name) => set[name] !== undefined);
}

/** The set without those fields. */
export function withoutAdded(set: TokenSet): TokenSet {
  return Object.fromEntries(Object.entries(set).filter(([name]) => !added.includes(name))) as TokenSet;
}

/**
 * Whether a save may have been refused because of them. Databases and validators name the field that they do not know. What keeps texts
 * and numbers only, as a hash in Redis, throws a `TypeError` for a list; that of a `fetch` that has failed has a cause.
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
