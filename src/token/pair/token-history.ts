import type { TokenSet } from '../../store/store.js';
import { authorizationField } from './authorization-line.js';
import { ofSaved, savedFingerprint } from './fingerprint.js';
import { subjectOf } from '../../wire/jwt.js';

/**
 * The field of a saved set that lists the refresh tokens that its pair was issued for. An application may come with one of them long after.
 */
const field = 'redeemed_refresh_tokens';
/** The length of that list: more than two months of renewals. */
const most = 1_000;

/** The field of a saved set that lists its access token, and after it those that it has replaced, latest first. */
export const accessField = 'replaced_access_tokens';

/** The fields about earlier tokens that this package adds to a set. They belong to the pair, and are none of the application's. */
export const historyFields: ReadonlySet<string> = new Set([field, accessField, authorizationField]);

/**
 * The set with this refresh token in the list of those that its pair was issued for, after those in the lists of `before` and of the set
 * itself.
 */
export function withRedeemed(set: TokenSet, refreshToken: string, before: TokenSet = set): TokenSet {
  const own = savedFingerprint(refreshToken);
  const others = new Set([...redeemedFor(before), ...redeemedFor(set)].filter((one) => one !== own));
  const redeemed = [...others, own];
  // The first one is always kept: the application may have it in its configuration, and bring it at each start.
  const [first, ...later] = redeemed;
  return { ...set, [field]: first === undefined ? [] : [first, ...later.slice(1 - most)] };
}

/** The set with an empty list: it is of another user, and the list may have come from the set of the user before, by a merge. */
export function withoutRedeemed(set: TokenSet): TokenSet {
  return { ...set, [field]: [] };
}

/** Whether the set has this refresh token, or was renewed from it, by however many renewals. */
export function descendsFrom(set: TokenSet, refreshToken: string): boolean {
  return set.refresh_token === refreshToken || redeemedFor(set).includes(savedFingerprint(refreshToken));
}

/** The length of the list of access tokens: twelve days of renewals, which is longer than applications keep one. */
const mostAccess = 200;

/**
 * The set with the access token of `before` in the list of those that it has replaced. Only tokens without a `sub` are listed. An application may
 * bring one of them in a process that has never held it, and the list then tells whose it is.
 */
export function withReplaced(set: TokenSet, before: TokenSet): TokenSet {
  const replaced = before.access_token;
  if (!replaced || subjectOf(replaced) !== undefined) return set;
  const list =
    replaced === set.access_token ? replacedBy(before) : [savedFingerprint(replaced), ...replacedBy(before)];
  return { ...set, [accessField]: [savedFingerprint(set.access_token), ...list].slice(0, mostAccess) };
}

/** Whether the set's access token has replaced this one, by however many renewals. */
export function hasReplaced(set: TokenSet, accessToken: string): boolean {
  return replacedBy(set).includes(savedFingerprint(accessToken));
}

/** As {@link hasReplaced}, for the access token of this fingerprint. */
export function isListed(set: TokenSet, tokenFingerprint: string): boolean {
  return replacedBy(set).includes(ofSaved(tokenFingerprint));
}

/** Whether the lists in `set` say that its pair was renewed from that of `before`. */
export function isSuccessor(set: TokenSet, before: TokenSet): boolean {
  const { access_token: access, refresh_token: refresh } = before;
  if (refresh && refresh !== set.refresh_token && descendsFrom(set, refresh)) return true;
  // A set may have been stored with a refresh token alone.
  return Boolean(access) && access !== set.access_token && hasReplaced(set, access);
}

/**
 * The list of replaced access tokens. One that belongs to another access token does not count: somebody's own tokens may have been merged
 * into the set.
 */
function replacedBy(set: TokenSet): string[] {
  const list: unknown = set[accessField];
  if (!Array.isArray(list) || !set.access_token || list[0] !== savedFingerprint(set.access_token)) return [];
  return list.slice(1).filter((one) => typeof one === 'string');
}

function redeemedFor(set: TokenSet): string[] {
  const list = set[field];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}
