import type { TokenSet } from '../../store/store.js';
import { identityOf, type GrantType } from './identity.js';
import { outranks } from './authorization-line.js';
import { isSameUser } from './token-set.js';

/**
 * Why the store is asked once more before its answer is believed. `another-user`: than the one whose pair is in hand. `held-elsewhere`:
 * another account holds this refresh token, or what it was redeemed for. `no-user`: the tokens do not tell whose they are. `first`: nothing
 * is in hand that it could be compared with. `brought`: a person has brought the pair in hand, and this one may be another user's; what
 * becomes of the two is decided before a save.
 */
export type Doubt = 'gone' | 'another-user' | 'held-elsewhere' | 'no-user' | 'first' | 'brought';

/** What is known of the account whose row was asked for. */
export interface KnownOfAccount {
  readonly hand: TokenSet | undefined;
  readonly grant: GrantType;
  /** A row was there before. */
  readonly isGone: boolean;
  /** What this account has replaced, or what was revoked here, is not adopted anyway. */
  readonly isPast: (identity: string) => boolean;
  readonly isHeldElsewhere: (refreshToken: string) => boolean;
  /** A person has brought the pair in hand, and it is not saved yet. */
  readonly isBrought: boolean;
  /** The token endpoint has refused the pair in hand. */
  readonly isDead?: boolean;
  /** The store has more rows than this account's, as far as is known: one of them may come instead. */
  readonly hasOthers: boolean;
}

/** Whether an answer of the store may not be this account's; `identity`: what tells its set from another. */
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
  // A renewal that did not know of a log-in may have landed on it: its pair is not adopted anyway.
  if (known.isPast(identity) || (hand && !known.isDead && outranks(hand, loaded))) return undefined;
  if (!hand) return known.hasOthers ? 'first' : undefined;
  const isSame = isSameUser(hand, loaded);
  const isUnknown = isSame === undefined && known.hasOthers && grant === 'refresh_token';
  if (isSame !== false && !isUnknown) return undefined;
  if (isBrought) return 'brought';
  return isUnknown ? 'no-user' : 'another-user';
}
