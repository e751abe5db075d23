import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { descendsFrom, hasReplaced, isListed } from './lineage.js';
import type { Former, Pairs } from './pairs.js';
import { isSameUser, type HeldTokens } from './token-set.js';
import { subjectOf } from '../../wire/jwt.js';

/** Whose the tokens were that one account has held: one user's pair may take the place of another's. */
export interface Kinship {
  /** This pair takes the place of that one; undefined: nothing does. */
  replaced(before: HeldTokens, by: HeldTokens | undefined, isSuccessor: boolean): void;
  /** Whether the token, an access or a refresh token held before, belonged to the user of this pair. */
  includes(token: string, now: TokenSet): boolean;
  /**
   * Whether the set says by itself of each access token that was held before, and that a process may be asked about, whose it was: by its
   * subject, or by the list of those that its own has taken the place of.
   */
  isToldBy(set: TokenSet): boolean;
  /** The fingerprints of the tokens that were held before. */
  readonly former: ReadonlyMap<string, unknown>;
}

/** Of a thousand pairs, as many as a ledger remembers. */
const keptTokens = 2_000;
const keptOwned = 1_000;
const none: ReadonlyMap<string, Former> = new Map();

/**
 * Creates the memory of one account. Where both access tokens name their user, that decides; where one of them does not, a pair is
 * kin to those that it descends from by renewals.
 */
export function createKinship(state: Pick<Pairs, 'former' | 'line'>): Kinship {
  return {
    get former() {
      return state.former ?? none;
    },
    replaced(before, by, isSuccessor) {
      const { refreshToken, accessToken, set } = before;
      const owner = { subject: subjectOf(accessToken), line: state.line };
      const former = (state.former ??= new Map<string, Former>());
      for (const token of [refreshToken, accessToken]) {
        if (token === undefined) continue;
        former.delete(fingerprint(token));
        former.set(fingerprint(token), { ...owner, isAccess: token === accessToken });
        const [oldest] = former.keys();
        if (former.size > keptTokens && oldest !== undefined) former.delete(oldest);
      }
      const same = by && isSameUser(set, by.set);
      const continues =
        by &&
        same !== false &&
        (isSuccessor ||
          same ||
          (refreshToken !== undefined && descendsFrom(by.set, refreshToken)) ||
          (accessToken !== undefined && hasReplaced(by.set, accessToken)));
      if (!continues) state.line++;
    },
    isToldBy(set) {
      const subject = subjectOf(set.access_token);
      for (const [token, one] of state.former ?? none) {
        const isTold = one.subject !== undefined && subject !== undefined;
        if (one.isAccess && one.line === state.line && !isTold && !isListed(set, token)) return false;
      }
      return true;
    },
    includes: (token, now) => includes(state, token, now),
  };
}

function includes({ former, line }: Pick<Pairs, 'former' | 'line'>, token: string, now: TokenSet): boolean {
  const one = former?.get(fingerprint(token));
  const subject = subjectOf(now.access_token);
  if (!one) return false;
  return one.subject !== undefined && subject !== undefined ? one.subject === subject : one.line === line;
}

/** Whether this refresh token was one of the user's whose pair is held now. */
export function isOfSameUser(pairs: Pairs, refreshToken: string): boolean {
  return pairs.newest !== undefined && includes(pairs, refreshToken, pairs.newest.held.set);
}

/** The `sub` of the JWT that is held now. */
export function subjectIn(pairs: Pairs): string | undefined {
  const held = pairs.newest?.held;
  if (!held) return undefined;
  if (pairs.subject?.of !== held) pairs.subject = { of: held, is: subjectOf(held.accessToken) };
  return pairs.subject.is;
}

/**
 * Whether this access token is of the user whose pair is held now: by its JWT, or where a token does not tell whose it is, because the
 * account holds it or has held it for the same user.
 */
export function ownsIn(pairs: Pairs, accessToken: string): boolean {
  const held = pairs.newest?.held;
  if (!held) return false;
  if (accessToken === held.accessToken) return true;
  const known = pairs.owned?.get(accessToken);
  if (known !== undefined) return known;
  const [theirs, ours] = [subjectOf(accessToken), subjectIn(pairs)];
  const is =
    theirs !== undefined && ours !== undefined
      ? theirs === ours
      : includes(pairs, accessToken, held.set) || hasReplaced(held.set, accessToken);
  pairs.owned ??= new Map();
  if (pairs.owned.size >= keptOwned) pairs.owned.clear();
  pairs.owned.set(accessToken, is);
  return is;
}

/** Whether tokens were held of an authorization that those in hand did not come of. */
export function hasHeldOthers({ former, line }: Pick<Pairs, 'former' | 'line'>): boolean {
  for (const one of former?.values() ?? []) if (one.line !== line) return true;
  return false;
}

/** Whether the token of this fingerprint is, or was, held. */
export function hasHeld(pairs: Pairs, token: string): boolean {
  return pairs.former?.has(token) === true || tokensInHand(pairs).includes(token);
}

/** The fingerprints of what is held. Asked for each token that another account has ever held. */
export function tokensInHand(pairs: Pairs): readonly string[] {
  const { newest } = pairs;
  if (!newest) return [];
  if (pairs.inHand?.of !== newest)
    pairs.inHand = { of: newest, tokens: tokensOf(newest.held.set).map(fingerprint) };
  return pairs.inHand.tokens;
}

/** The tokens of a set. */
export function tokensOf({ access_token: access, refresh_token: refresh }: TokenSet): string[] {
  return [access, refresh].filter((token) => typeof token === 'string' && token !== '') as string[];
}
