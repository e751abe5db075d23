import type { TokenSet } from '../../store/store.js';
import { cameOf } from './authorization-line.js';
import { isNews, type GrantType, type KnownTokens } from './identity.js';
import { issuedAtMs } from './issued.js';
import { isSuccessor } from './token-history.js';
import { epochMs, lifeSecondsOf } from './moments.js';
import { isSameUser } from './token-set.js';
import { decodeClaims } from '../../wire/jwt.js';

/**
 * What an application brings may be no new authorization, but the pair of an old session, which some process has renewed since. Such a pair
 * is spent: in the place of the one that it was renewed to it would cost the account its tokens.
 */

/**
 * Whether `stored` has taken the place of `brought`, as far as the two of them tell: by the line of renewals, or of authorizations; or because it is the same
 * user's, and was issued when `brought` had lived for half its life or longer. Nobody keeps the pair of a new authorization for so long
 * before it is brought here.
 */
export function isRenewedSince(stored: TokenSet, brought: TokenSet): boolean {
  if (isSuccessor(stored, brought) || cameOf(stored, brought)) return true;
  const [then, since] = [timesOf(brought), timesOf(stored)];
  if (then.issuedMs === undefined || then.lifeMs === undefined || since.issuedMs === undefined) return false;
  return isSameUser(stored, brought) === true && since.issuedMs - then.issuedMs >= then.lifeMs / 2;
}

/** Whether the store shows that somebody has replaced the pair in hand, which is brought once more. */
export function isReplacedInStore(
  stored: TokenSet,
  { hand, brought }: { hand: TokenSet; brought: TokenSet },
  known: KnownTokens,
  grant: GrantType,
): boolean {
  if (isSameUser(stored, brought) === false) return false;
  if (stored.refresh_token !== hand.refresh_token) return isNews(stored, hand, known, grant);
  // A server that keeps its refresh tokens: whoever brings another access token has a newer one.
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
