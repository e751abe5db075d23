import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { descendsFrom, hasReplaced, isListed } from './lineage.js';
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

/** A token that was held before, and whose it was. */
interface Former {
  readonly subject: string | undefined;
  readonly line: number;
  readonly isAccess: boolean;
}

/** Of a thousand pairs, as many as a ledger remembers. */
const keptTokens = 2_000;

/**
 * Creates the memory of one account. Where both access tokens name their user, that decides; where one of them does not, a pair is
 * kin to those that it descends from by renewals.
 */
export function createKinship(): Kinship {
  const former = new Map<string, Former>();
  let line = 0;

  return {
    former,
    replaced(before, by, isSuccessor) {
      const { refreshToken, accessToken, set } = before;
      const owner = { subject: subjectOf(accessToken), line };
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
      if (!continues) line++;
    },
    isToldBy(set) {
      const subject = subjectOf(set.access_token);
      for (const [token, one] of former) {
        const isTold = one.subject !== undefined && subject !== undefined;
        if (one.isAccess && one.line === line && !isTold && !isListed(set, token)) return false;
      }
      return true;
    },
    includes(token, now) {
      const one = former.get(fingerprint(token));
      const subject = subjectOf(now.access_token);
      if (!one) return false;
      return one.subject !== undefined && subject !== undefined ? one.subject === subject : one.line === line;
    },
  };
}
