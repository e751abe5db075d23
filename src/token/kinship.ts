import type { TokenSet } from '../store/store.js';
import { fingerprint } from './fingerprint.js';
import { descendsFrom } from './lineage.js';
import { isSameUser, subjectOf, type HeldTokens } from './token-set.js';

/** Whose the refresh tokens were that one account has held: one user's pair may take the place of another's. */
export interface Kinship {
  /** This pair takes the place of that one; undefined: nothing does. */
  replaced(before: HeldTokens, by: HeldTokens | undefined, isSuccessor: boolean): void;
  /** Whether the refresh token, seen before, belonged to the user of this pair. */
  includes(refreshToken: string, now: TokenSet): boolean;
}

/** As many as a ledger remembers. */
const keptTokens = 1_000;

/**
 * Creates the memory of one account. Where both access tokens name their user, that decides; where one of them does not, a pair is
 * kin to those that it descends from by renewals.
 */
export function createKinship(): Kinship {
  const former = new Map<string, { readonly subject: string | undefined; readonly line: number }>();
  let line = 0;

  return {
    replaced(before, by, isSuccessor) {
      const { refreshToken, set } = before;
      if (refreshToken) {
        former.delete(fingerprint(refreshToken));
        former.set(fingerprint(refreshToken), { subject: subjectOf(set.access_token), line });
        const [oldest] = former.keys();
        if (former.size > keptTokens && oldest !== undefined) former.delete(oldest);
      }
      const continues =
        by &&
        (isSuccessor ||
          isSameUser(set, by.set) === true ||
          (refreshToken !== undefined && descendsFrom(by.set, refreshToken)));
      if (!continues) line++;
    },
    includes(refreshToken, now) {
      const one = former.get(fingerprint(refreshToken));
      const subject = subjectOf(now.access_token);
      if (!one) return false;
      return one.subject !== undefined && subject !== undefined ? one.subject === subject : one.line === line;
    },
  };
}
