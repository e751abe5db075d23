import type { TokenSet } from '../../store/store.js';
import { subjectOf } from '../../wire/jwt.js';
import { fingerprint } from './fingerprint.js';
import { descendsFrom, hasReplaced, isListed } from './token-history.js';
import { isSpent, tokensOf, type Pairs } from './pairs.js';
import { isRenewedSince } from './old-session.js';
import { isSameUser, type HeldTokens } from './token-set.js';

/** A token that was held before, and whose it was: one user's pair may take the place of another's. */
export interface Former {
  readonly subject: string | undefined;
  /** The number of the user, where the token does not name it. */
  readonly user: number;
  readonly isAccess: boolean;
}

/** Of a thousand pairs. */
const keptTokens = 2_000;
const keptOwned = 1_000;

/**
 * What is known of former tokens after the pair `before` has given its place to `by` (undefined: to nothing). Where both access tokens name
 * their user, that says whether it is still the same one; where one of them does not, it is if one was renewed to the other.
 */
export function withFormer(
  { former, user }: Pick<Pairs, 'former' | 'user'>,
  before: HeldTokens,
  by: HeldTokens | undefined,
  isSuccessor: boolean,
): Pick<Pairs, 'former' | 'user'> {
  const { refreshToken, accessToken, set } = before;
  const owner = { subject: subjectOf(accessToken), user };
  const next = new Map(former);
  for (const token of [refreshToken, accessToken]) {
    if (token === undefined) continue;
    const name = fingerprint(token);
    next.delete(name);
    next.set(name, { ...owner, isAccess: token === accessToken });
    const [oldest] = next.keys();
    if (next.size > keptTokens && oldest !== undefined) next.delete(oldest);
  }
  const same = by && isSameUser(set, by.set);
  const isOfSame =
    by &&
    same !== false &&
    (isSuccessor ||
      same ||
      (refreshToken !== undefined && descendsFrom(by.set, refreshToken)) ||
      (accessToken !== undefined && hasReplaced(by.set, accessToken)));
  return { former: next, user: isOfSame ? user : user + 1 };
}

/** Whether a token held before, an access or a refresh token, belonged to the user of this set. */
export function belongedTo(
  { former, user }: Pick<Pairs, 'former' | 'user'>,
  token: string,
  now: TokenSet,
): boolean {
  const one = former.size > 0 ? former.get(fingerprint(token)) : undefined;
  if (!one) return false;
  const subject = subjectOf(now.access_token);
  return one.subject !== undefined && subject !== undefined ? one.subject === subject : one.user === user;
}

/** Whether this refresh token was one of the user's whose pair is held now. */
export function isOfSameUser(pairs: Pairs, refreshToken: string): boolean {
  return pairs.newest !== undefined && belongedTo(pairs, refreshToken, pairs.newest.held.set);
}

/**
 * Whether this access token is of the user whose pair is held now: by its JWT, or where a token does not tell whose it is, because the
 * account holds it or has held it for the same user.
 */
export function isOwn(pairs: Pairs, accessToken: string): boolean {
  const { newest } = pairs;
  if (!newest) return false;
  if (accessToken === newest.held.accessToken) return true;
  const known = newest.owned?.get(accessToken);
  if (known !== undefined) return known;
  const { set, subject } = newest.held;
  const theirs = subjectOf(accessToken);
  const is =
    theirs !== undefined && subject !== undefined
      ? theirs === subject
      : belongedTo(pairs, accessToken, set) || hasReplaced(set, accessToken);
  newest.owned ??= new Map();
  if (newest.owned.size >= keptOwned) newest.owned.clear();
  newest.owned.set(accessToken, is);
  return is;
}

/** Whether tokens were held of an authorization that those in hand did not come of. */
export function hasHeldOthers({ former, user }: Pick<Pairs, 'former' | 'user'>): boolean {
  for (const one of former.values()) if (one.user !== user) return true;
  return false;
}

/** The fingerprints of what is held. Asked for each token that another account has ever held. */
export function tokensInHand({ newest }: Pairs): readonly string[] {
  if (!newest) return [];
  return (newest.fingerprints ??= tokensOf(newest.held.set).map(fingerprint));
}

/** Whether the token of this fingerprint is, or was, held. */
export function hasHeld(pairs: Pairs, token: string): boolean {
  return pairs.former.has(token) || tokensInHand(pairs).includes(token);
}

/**
 * Whether a set that the store shows is the pair in hand, and tells by itself all that has to be known of the tokens before: of each access
 * token that a process may be asked about, whose it was, by its subject or by the list of those that its own has taken the place of; and of
 * each set that a renewal has replaced, that it has taken its place.
 */
export function isShownBy(pairs: Pairs, set: TokenSet): boolean {
  const hand = pairs.newest?.held.set;
  if (hand?.access_token !== set.access_token || hand?.refresh_token !== set.refresh_token) return false;
  const subject = subjectOf(set.access_token);
  for (const [token, one] of pairs.former) {
    const isTold = one.subject !== undefined && subject !== undefined;
    if (one.isAccess && one.user === pairs.user && !isTold && !isListed(set, token)) return false;
  }
  return pairs.untold.every((one) => !isSpent(pairs, one) || isRenewedSince(set, one));
}
