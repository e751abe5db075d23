import { isTokenStoreConflict, type TokenSet } from '../../store/store.js';
import { issuerField } from './issuer.js';
import { historyFields, accessField } from './token-history.js';
import { isAnswerField, type HeldTokens } from './token-set.js';
import { authorizationField } from './authorization-line.js';

/** A field that is the application's own: neither of Procore's answer nor of this package. */
function isExtra(name: string): boolean {
  return !isAnswerField(name) && !historyFields.has(name);
}

/** Whether the set has fields of the application's own, or fields of this package about the tokens before it. */
export function hasMore(set: TokenSet): boolean {
  return Object.keys(set).some((name) => !isAnswerField(name) && name !== issuerField);
}

/**
 * The set to save, given the one that the store holds now. The tokens and the fields that came with them are those of `ours`. Every other
 * field is taken from the stored set, because somebody may have changed it since the pair before was loaded.
 */
export function withExtrasOf(
  stored: TokenSet | undefined,
  ours: Pick<HeldTokens, 'set' | 'ownExtras'>,
): TokenSet {
  if (!stored) return ours.set;
  const own = (name: string) => !isExtra(name) || ours.ownExtras?.has(name) === true;
  return Object.fromEntries([
    ...Object.entries(stored).filter(([name]) => isExtra(name)),
    ...Object.entries(ours.set).filter(([name]) => own(name)),
  ]) as TokenSet;
}

/** The names of the extra fields that came with an answer of the token endpoint, and with earlier answers that were never saved. */
export function extrasOfAnswer(answer: TokenSet, unsaved?: HeldTokens): ReadonlySet<string> {
  return new Set([...(unsaved?.ownExtras ?? []), ...Object.keys(answer).filter(isExtra)]);
}

/**
 * The names of the extra fields that the application brings with new tokens: those whose values differ from the stored ones. Equal ones it may
 * have read from the store, and somebody may have changed them there since.
 */
export function extrasBrought(brought: TokenSet, stored: TokenSet | undefined): ReadonlySet<string> {
  const isNew = (name: string) => JSON.stringify(brought[name]) !== JSON.stringify(stored?.[name]);
  return new Set(Object.keys(brought).filter((name) => isExtra(name) && isNew(name)));
}

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
