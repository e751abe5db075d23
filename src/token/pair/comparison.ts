import type { TokenSet } from '../../store/store.js';
import { authorizedAt, isOfSameAuthorization, outranks, cameOf } from './authorization-line.js';
import { fingerprint } from './fingerprint.js';
import { issuedAtMs, epochMs, lifeSecondsOf } from './moments.js';
import { isSuccessor } from './token-history.js';
import { isSameUser } from './token-set.js';
import { decodeClaims } from '../../wire/jwt.js';

/** The grants that a token set is renewed with. */
export type GrantType = 'refresh_token' | 'client_credentials';

/** What is known of the tokens that an account had before. */
export interface KnownTokens {
  /** Whether the token was redeemed or replaced, here or by another copy of the package. */
  isReplaced(tokenFingerprint: string): boolean;
  /** Whether the token endpoint has refused this refresh token. */
  isDead(tokenFingerprint: string): boolean;
  /** Whether the API has answered a call with this access token with 401. */
  isRefused(tokenFingerprint: string): boolean;
}

/** What tells one token set from another: the refresh token, or where there is none the access token. */
export function identityOf(set: TokenSet, grant: GrantType): string | undefined {
  const token = grant === 'refresh_token' && set.refresh_token ? set.refresh_token : set.access_token;
  return token ? fingerprint(token) : undefined;
}

/**
 * Whether a set that the store holds is newer than the one in hand. It may be older: where a replica lags, a save has failed, or the save of
 * a slower process has landed last. An older set must not be adopted, because its refresh token is spent.
 */
export function isNews(loaded: TokenSet, hand: TokenSet, known: KnownTokens, grant: GrantType): boolean {
  const identity = identityOf(loaded, grant);
  if (!identity || identity === identityOf(hand, grant) || known.isReplaced(identity)) return false;
  // The store has now a refresh token for the access token in hand. A 401 for the access token says nothing about that.
  if (grant === 'refresh_token' && !hand.refresh_token && loaded.access_token === hand.access_token)
    return true;
  if (loaded.access_token && known.isRefused(fingerprint(loaded.access_token))) return false;
  // A store that cuts long texts has kept a part of the pair in hand: nobody can redeem that.
  if (hand.refresh_token && isCutFrom(loaded.refresh_token, hand.refresh_token)) return false;
  // A set without a refresh token was saved by somebody who has none. The one in hand would be lost with its adoption.
  if (grant === 'refresh_token' && hand.refresh_token && !loaded.refresh_token) return false;
  // A set from which the pair in hand was renewed is older, and one that was renewed from the pair in hand is newer, however many renewals
  // lie between.
  if (isSuccessor(hand, loaded)) return false;
  if (isSuccessor(loaded, hand)) return true;
  // Where the refresh token in hand is refused, nothing can be lost, and a person may have put an older pair back into the store.
  const ours = identityOf(hand, grant);
  const isDead = ours !== undefined && known.isDead(ours);
  // Where one authorization has replaced the other, that decides, whichever pair was issued first.
  if (outranks(loaded, hand)) return true;
  if (outranks(hand, loaded)) return isDead;
  // Times of issue of two users' pairs are not compared.
  if (isSameUser(loaded, hand) === false) return true;
  return !isOlder(loaded, hand, clocksMs) || isDead;
}

/** Whether what came of a text is its beginning only. */
export function isCutFrom(came: string | undefined, whole: string): boolean {
  return !!came && came.length < whole.length && whole.startsWith(came);
}

/** What to do with a pair that waits to be saved. `theirs`: the store's pair is used in its place. */
export type SaveChoice = 'save' | 'already-saved' | 'theirs';

/**
 * Compares the pair to save with the stored one. Where the store holds neither our pair nor the one that it replaces, somebody else may have
 * saved a newer pair there. `isBrought`: our pair was brought by the application, and not got by a renewal.
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
  // The store holds a pair that was renewed from ours, or one of a later authorization. Ours may have been brought from an old session.
  if (isSuccessor(loaded, sets.ours) || outranks(loaded, sets.ours)) return 'theirs';
  const ours = identityOf(sets.ours, grant);
  if (outranks(sets.ours, loaded) && !(ours && known.isDead(ours))) return 'save';
  if (sets.replaces && identity === identityOf(sets.replaces, grant)) return 'save';
  if (sets.isBrought) {
    // Our pair is of a new authorization, which replaces all pairs of earlier ones, also those that this process has never seen. A pair of the
    // user before may have been renewed and saved after the log-in of another user; it is replaced too.
    const { replaces, ours } = sets;
    if (replaces && isSameUser(loaded, replaces) && isSameUser(loaded, ours) === false) return 'save';
    const isDated = [loaded, sets.ours].every((set) => authorizedAtMs(set) !== undefined);
    if (isDated ? !isOlder(sets.ours, loaded) : !sets.replaces) return 'save';
  }
  return isNews(loaded, sets.replaces ?? sets.ours, known, grant) ? 'theirs' : 'save';
}

/**
 * Whether a newer set may in truth be an older one that a lagging replica shows: nothing proves that it was issued after the pair in hand.
 */
export function isUncertain(loaded: TokenSet, hand: TokenSet): boolean {
  return !isSuccessor(loaded, hand) && !outranks(loaded, hand) && !isOlder(hand, loaded, clocksMs);
}

/** The clocks of two login servers may differ by so much. */
const clocksMs = 60_000;

/**
 * Whether `a` is older than `b`, as far as the server's times in them prove it. Of two authorizations the one that began first is older, however
 * late its pair was renewed. Sets without a refresh token, whose authorization is not known, are compared by the time of issue.
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

/**
 * Whether `stored` has replaced `brought`, as far as the two sets tell: by the list of redeemed refresh tokens or the authorization in them; or
 * because both are of one user, and `stored` was issued when at least half of the life of `brought` was over. Nobody keeps the pair of a new
 * authorization for so long before bringing it. The application has then brought `brought` from an old session. Its refresh token is spent, and
 * if it took the place of the pair that it was renewed to, the account would lose its tokens.
 */
export function isRenewedSince(stored: TokenSet, brought: TokenSet): boolean {
  if (isSuccessor(stored, brought) || cameOf(stored, brought)) return true;
  const [then, since] = [timesOf(brought), timesOf(stored)];
  if (then.issuedMs === undefined || then.lifeMs === undefined || since.issuedMs === undefined) return false;
  return isSameUser(stored, brought) === true && since.issuedMs - then.issuedMs >= then.lifeMs / 2;
}

/** Whether the store shows that somebody has replaced the pair in hand, which the application brings once more. */
export function isReplacedInStore(
  stored: TokenSet,
  { hand, brought }: { hand: TokenSet; brought: TokenSet },
  known: KnownTokens,
  grant: GrantType,
): boolean {
  if (isSameUser(stored, brought) === false) return false;
  if (stored.refresh_token !== hand.refresh_token) return isNews(stored, hand, known, grant);
  // A server that does not rotate refresh tokens: the pair with another access token is the newer one.
  return stored.access_token !== hand.access_token && brought.access_token === hand.access_token;
}

function timesOf(set: TokenSet): { issuedMs: number | undefined; lifeMs: number | undefined } {
  const claims = decodeClaims(set.access_token);
  const [iatMs, expMs] = [epochMs(claims?.['iat']), epochMs(claims?.['exp'])];
  const seconds = lifeSecondsOf(set.expires_in);
  const claimedMs = iatMs !== undefined && expMs !== undefined && expMs > iatMs ? expMs - iatMs : undefined;
  return {
    issuedMs: issuedAtMs(set),
    lifeMs: claimedMs ?? (seconds === undefined ? undefined : seconds * 1000),
  };
}
