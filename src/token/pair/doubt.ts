import type { TokenSet } from '../../store/store.js';
import { identityOf, type GrantType } from './comparison.js';
import { outranks } from './authorization-line.js';
import { isSameUser } from './token-set.js';

/**
 * Why the store is asked once more before its answer is believed.
 *
 * - `gone`: the store has shown a row before, and shows none now.
 * - `another-user`: the tokens are of another user than those in memory.
 * - `held-elsewhere`: another account holds this refresh token, or the one that it was redeemed for.
 * - `no-user`: the tokens do not tell whose they are.
 * - `first`: there are no tokens in memory to compare them with.
 * - `brought`: the application has brought the pair in memory, and the stored one may be another user's. Which of the two counts is decided
 *   before the save.
 */
export type Doubt = 'gone' | 'another-user' | 'held-elsewhere' | 'no-user' | 'first' | 'brought';

/** What is known of the account whose row was loaded. */
export interface KnownOfAccount {
  /** The newest set in memory. */
  readonly hand: TokenSet | undefined;
  readonly grant: GrantType;
  /** The store has shown a row before, and shows none now. */
  readonly isGone: boolean;
  /** Whether this account has replaced or revoked the pair of this identity, so that it is not adopted anyway. */
  readonly isPast: (identity: string) => boolean;
  /** Whether another account holds this refresh token, or the one that it was redeemed for. */
  readonly isHeldElsewhere: (refreshToken: string) => boolean;
  /** The application has brought the pair in memory, and it is not saved yet. */
  readonly isBrought: boolean;
  /** The token endpoint has refused the refresh token in memory. */
  readonly isDead: boolean;
  /** The store may have rows of other accounts, one of which it could return by mistake. */
  readonly hasOthers: boolean;
}

/** Why an answer of the store may not be this account's; undefined where it is believed. `identity`: that of the loaded set. */
export function doubtOf(
  loaded: TokenSet | undefined,
  known: KnownOfAccount,
  identity: string | undefined = loaded && identityOf(loaded, known.grant),
): Doubt | undefined {
  const { hand, grant } = known;
  const isBrought = known.isBrought && !known.isDead;
  if (!loaded) return known.isGone && !known.isBrought ? 'gone' : undefined;
  if (identity === undefined || (hand && identity === identityOf(hand, grant))) return undefined;
  if (loaded.refresh_token && known.isHeldElsewhere(loaded.refresh_token)) return 'held-elsewhere';
  // The save of a renewal may have landed on a log-in that it did not know of. Its pair is not adopted anyway.
  if (known.isPast(identity) || (hand && !known.isDead && outranks(hand, loaded))) return undefined;
  if (!hand) return known.hasOthers ? 'first' : undefined;
  const isSame = isSameUser(hand, loaded);
  const isUnknown = isSame === undefined && known.hasOthers && grant === 'refresh_token';
  if (isSame !== false && !isUnknown) return undefined;
  if (isBrought) return 'brought';
  return isUnknown ? 'no-user' : 'another-user';
}
