import type { TokenSet } from '../../store/store.js';
import { authorizationField } from './authorization-line.js';
import { fingerprint } from './fingerprint.js';
import { subjectOf } from '../../wire/jwt.js';

/** Beside the tokens, in the store: an application that is started anew may still have a token from long ago. */
const field = 'redeemed_refresh_tokens';
/** More than two months of renewals. */
const most = 1_000;
/** 64 bits: nobody can make another token that has them, and there is nothing to win. */
const digits = 16;

/** Beside the tokens, too: the access token that they belong to, and those that it has taken the place of, latest first. */
export const accessField = 'replaced_access_tokens';

/** The fields of this package beside the tokens: they belong to the pair and not to the application. */
export const historyFields: ReadonlySet<string> = new Set([field, accessField, authorizationField]);

/** The set, remembering that its pair was issued for this refresh token, and for all that it and `before` remember. */
export function withRedeemed(set: TokenSet, refreshToken: string, before: TokenSet = set): TokenSet {
  const own = named(refreshToken);
  const others = new Set([...redeemedFor(before), ...redeemedFor(set)].filter((one) => one !== own));
  const redeemed = [...others, own];
  // The first is what the application came with, in its configuration perhaps: it will come with it again.
  const [first, ...later] = redeemed;
  return { ...set, [field]: first === undefined ? [] : [first, ...later.slice(1 - most)] };
}

/** The set of a new authorization by somebody else: an application, or a store, may have merged it into the one before. */
export function withoutRedeemed(set: TokenSet): TokenSet {
  return { ...set, [field]: [] };
}

/** Whether the set's pair is this refresh token's, or was issued, by however many renewals, for it. */
export function descendsFrom(set: TokenSet, refreshToken: string): boolean {
  return set.refresh_token === refreshToken || redeemedFor(set).includes(named(refreshToken));
}

/** Twelve days of renewals: applications keep an access token for less. */
const mostAccess = 200;

/**
 * The set, remembering that its access token has taken the place of that of `before`, where a token does not tell whose it is: an
 * application may come with it in a process that has never held it.
 */
export function withReplaced(set: TokenSet, before: TokenSet): TokenSet {
  const replaced = before.access_token;
  if (!replaced || subjectOf(replaced) !== undefined) return set;
  const list = replaced === set.access_token ? replacedBy(before) : [named(replaced), ...replacedBy(before)];
  return { ...set, [accessField]: [named(set.access_token), ...list].slice(0, mostAccess) };
}

/** Whether the set's access token has taken, by however many renewals, the place of this one. */
export function hasReplaced(set: TokenSet, accessToken: string): boolean {
  return replacedBy(set).includes(named(accessToken));
}

/** As `hasReplaced`, of the access token of this fingerprint. */
export function isListed(set: TokenSet, tokenFingerprint: string): boolean {
  return replacedBy(set).includes(tokenFingerprint.slice(0, digits));
}

/** Whether the line of renewals that `set` remembers says that its pair was issued for that of `before`. */
export function isSuccessor(set: TokenSet, before: TokenSet): boolean {
  const { access_token: access, refresh_token: refresh } = before;
  if (refresh && refresh !== set.refresh_token && descendsFrom(set, refresh)) return true;
  // A set may have been stored with a refresh token alone.
  return Boolean(access) && access !== set.access_token && hasReplaced(set, access);
}

/** Nothing of a list that belongs to another access token: somebody else's tokens may have been merged into the set. */
function replacedBy(set: TokenSet): string[] {
  const list: unknown = set[accessField];
  if (!Array.isArray(list) || !set.access_token || list[0] !== named(set.access_token)) return [];
  return list.slice(1).filter((one) => typeof one === 'string');
}

function redeemedFor(set: TokenSet): string[] {
  const list = set[field];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

function named(refreshToken: string): string {
  return fingerprint(refreshToken).slice(0, digits);
}
