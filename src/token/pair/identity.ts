import type { TokenSet } from '../../store/store.js';
import { authorizedAt, isOfSameAuthorization, outranks } from './authorization-line.js';
import { fingerprint } from './fingerprint.js';
import { issuedAtMs } from './issued.js';
import { isSuccessor } from './token-history.js';
import { epochMs } from './moments.js';
import { isSameUser } from './token-set.js';

/** The grants that a token set is renewed with. */
export type GrantType = 'refresh_token' | 'client_credentials';

/** What is known of tokens that came and went. */
export interface KnownTokens {
  /** Was this token redeemed or replaced, here or in another copy of the package? */
  isReplaced(tokenFingerprint: string): boolean;
  /** Has the token endpoint refused this refresh token? */
  isDead?(tokenFingerprint: string): boolean;
  /** Did a 401 refuse this access token? */
  isRefused(tokenFingerprint: string): boolean;
}

/** What tells one token set from another: the refresh token, or where there is none the access token. */
export function identityOf(set: TokenSet, grant: GrantType): string | undefined {
  const token = grant === 'refresh_token' && set.refresh_token ? set.refresh_token : set.access_token;
  return token ? fingerprint(token) : undefined;
}

/**
 * Whether a set that the store holds is news, or what a lagging replica, a failed save or a slow colleague left there. Adopting an old
 * set would present a spent token.
 */
export function isNews(loaded: TokenSet, hand: TokenSet, known: KnownTokens, grant: GrantType): boolean {
  const identity = identityOf(loaded, grant);
  if (!identity || identity === identityOf(hand, grant) || known.isReplaced(identity)) return false;
  // A 401 that has refused an access token says nothing about its refresh token, which has come to light only now.
  if (grant === 'refresh_token' && !hand.refresh_token && loaded.access_token === hand.access_token)
    return true;
  if (loaded.access_token && known.isRefused(fingerprint(loaded.access_token))) return false;
  // A store that cuts long texts has kept a part of the pair in hand: nobody can redeem that.
  if (hand.refresh_token && isCutFrom(loaded.refresh_token, hand.refresh_token)) return false;
  // Whoever saved it has no refresh token: it would cost us ours.
  if (grant === 'refresh_token' && hand.refresh_token && !loaded.refresh_token) return false;
  // What was renewed to the pair in hand, by however many renewals, is no news, and what that was renewed to is.
  if (isSuccessor(hand, loaded)) return false;
  if (isSuccessor(loaded, hand)) return true;
  // What is in hand is dead: nothing is lost by trying, and a person may have put another pair back.
  const ours = identityOf(hand, grant);
  const isDead = ours !== undefined && known.isDead?.(ours) === true;
  // A person has authorized one in the place of the other: what was issued when says nothing against that.
  if (outranks(loaded, hand)) return true;
  if (outranks(hand, loaded)) return isDead;
  // When one user's pair was issued says nothing about another's.
  if (isSameUser(loaded, hand) === false) return true;
  return !isOlder(loaded, hand, clocksMs) || isDead;
}

/** Whether what came of a text is its beginning only. */
export function isCutFrom(came: string | undefined, whole: string): boolean {
  return !!came && came.length < whole.length && whole.startsWith(came);
}

/** What to do with a pair that waits to be saved, given what the store holds now. */
export type SaveChoice = 'save' | 'already-saved' | 'theirs';

/**
 * Compares before a save: a store that holds neither what ours replaces nor ours has been given a newer pair by somebody else.
 * `isBrought`: the application has brought ours, and no renewal.
 */
export function chooseSave(
  loaded: TokenSet | undefined,
  sets: { ours: TokenSet; replaces: TokenSet | undefined; isBrought?: boolean },
  known: KnownTokens,
  grant: GrantType,
): SaveChoice {
  if (!loaded) return 'save';
  const identity = identityOf(loaded, grant);
  if (identity === identityOf(sets.ours, grant)) {
    // A server that does not rotate gives every set the same refresh token: only the access token tells them apart.
    return loaded.access_token === sets.ours.access_token ? 'already-saved' : 'save';
  }
  // What was brought was the pair of an old session: the store holds what it was renewed to.
  if (isSuccessor(loaded, sets.ours) || outranks(loaded, sets.ours)) return 'theirs';
  const ours = identityOf(sets.ours, grant);
  if (outranks(sets.ours, loaded) && !(ours && known.isDead?.(ours))) return 'save';
  if (sets.replaces && identity === identityOf(sets.replaces, grant)) return 'save';
  if (sets.isBrought) {
    // A person has authorized ours: it takes the place of all that was there before it, and nobody has seen all of that.
    // Whoever renews the pair of the user before, however late, brings nothing that a person has done since.
    const { replaces, ours } = sets;
    if (replaces && isSameUser(loaded, replaces) && isSameUser(loaded, ours) === false) return 'save';
    const isDated = [loaded, sets.ours].every((set) => authorizedAtMs(set) !== undefined);
    if (isDated ? !isOlder(sets.ours, loaded) : !sets.replaces) return 'save';
  }
  return isNews(loaded, sets.replaces ?? sets.ours, known, grant) ? 'theirs' : 'save';
}

/** Whether news may be what a slow reader shows: nothing proves that it was issued after the pair in hand. */
export function isUncertain(loaded: TokenSet, hand: TokenSet): boolean {
  return !isSuccessor(loaded, hand) && !outranks(loaded, hand) && !isOlder(hand, loaded, clocksMs);
}

/** So much the clocks of two login servers may differ. */
const clocksMs = 60_000;

/**
 * Provably older: both carry the server's time of issue. Of two authorizations the one that began first is older, however late its pair was
 * renewed; which one a set came of, only its refresh token tells.
 */
export function isOlder(a: TokenSet, b: TokenSet, toleranceMs = 0): boolean {
  const areTold = Boolean(a.refresh_token && b.refresh_token) && !isOfSameAuthorization(a, b);
  const issued = areTold ? authorizedAtMs : issuedAtMs;
  const [issuedA, issuedB] = [issued(a), issued(b)];
  return issuedA !== undefined && issuedB !== undefined && issuedA < issuedB - toleranceMs;
}

function authorizedAtMs(set: TokenSet): number | undefined {
  return epochMs(authorizedAt(set));
}
