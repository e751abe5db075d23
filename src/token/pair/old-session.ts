import type { TokenSet } from '../../store/store.js';
import { cameOf } from './authorization-line.js';
import { isNews, type GrantType, type KnownTokens } from './identity.js';
import { issuedAtMs } from './issued.js';
import { isSuccessor } from './token-history.js';
import { epochMs, lifeSecondsOf } from './moments.js';
import { isSameUser } from './token-set.js';
import { decodeClaims } from '../../wire/jwt.js';

/**
 * The application may bring the pair of an old session instead of a new authorization. Some process has renewed that pair since, so its refresh
 * token is spent. Where it replaced the pair that it was renewed to, the account would lose its tokens.
 */

/**
 * Whether `stored` has replaced `brought`, as far as the two sets tell: by the list of redeemed refresh tokens or the authorization in them; or
 * because both are of one user, and `stored` was issued when at least half of the life of `brought` was over. Nobody keeps the pair of a new
 * authorization for so long before bringing it.
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
