import type { TokenSet } from '../../store/store.js';
import { subjectOf } from '../../wire/jwt.js';
import { fingerprint } from './fingerprint.js';
import { descendsFrom, hasReplaced, isListed } from './token-history.js';
import { isSpent, tokensOf, type Pairs } from './pairs.js';
import { isRenewedSince } from './comparison.js';
import { isSameUser, type HeldTokens } from './token-set.js';

/** A token that the account held before, and whose it was. An account may have had the tokens of several users, one after another. */
export interface Former {
  /** The `sub` of the access token of its pair. */
  readonly subject: string | undefined;
  /** The number of the user, which is compared where a token has no `sub`. */
  readonly user: number;
  readonly isAccess: boolean;
}

/** Tokens that are remembered: those of a thousand pairs. */
const keptTokens = 2_000;
/** Answers that {@link isOwn} remembers for one pair. */
const keptOwned = 1_000;

/**
 * The former tokens after the pair `before` was replaced by `by`; undefined: nothing is held any more. Where both access tokens have a `sub`,
 * that decides whether the user is the same. Otherwise the user is the same where a renewal has led from one pair to the other.
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

/** Whether this token, an access or a refresh token that was held before, belonged to the user of the set `now`. */
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

/** Whether this refresh token was held before, and belonged to the user whose pair is held now. */
export function isOfSameUser(pairs: Pairs, refreshToken: string): boolean {
  return pairs.newest !== undefined && belongedTo(pairs, refreshToken, pairs.newest.held.set);
}

/**
 * Whether this access token is of the user whose pair is held now. The `sub` of the two tokens decides; where one has none, whether the account
 * holds or has held the token for the same user.
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

/** Whether the account has held tokens of another user, or of another authorization, than those that it holds now. */
export function hasHeldOthers({ former, user }: Pick<Pairs, 'former' | 'user'>): boolean {
  for (const one of former.values()) if (one.user !== user) return true;
  return false;
}

/** The fingerprints of the tokens that are held. They are kept, because they are asked for with each token that another account has held. */
export function tokensInHand({ newest }: Pairs): readonly string[] {
  if (!newest) return [];
  return (newest.fingerprints ??= tokensOf(newest.held.set).map(fingerprint));
}

/** Whether the account holds or has held the token of this fingerprint. */
export function hasHeld(pairs: Pairs, token: string): boolean {
  return pairs.former.has(token) || tokensInHand(pairs).includes(token);
}

/**
 * Whether the account can be let go: the store shows the pair in hand, and the stored set alone tells what has to be known of the tokens before.
 * For each former access token of the user that is whose it was, by its `sub` or by the list of replaced access tokens in the set. For each
 * set that a renewal has replaced it is that the stored set has replaced it.
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
