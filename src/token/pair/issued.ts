import type { TokenSet } from '../../store/store.js';
import { epochMs, lifeSecondsOf } from './moments.js';
import { decodeClaims } from '../../wire/jwt.js';

/** `created_at` and `exp` may differ by so much and still be of one token: both are whole seconds, and are taken a moment apart. */
const toleranceMs = 60_000;

/**
 * When the server issued the set's access token, in milliseconds since 1970 on the server's clock; undefined where nothing tells. The `iat` of a
 * JWT counts more than `created_at`, which may be that of an older token that the store has kept. A `created_at` that the `exp` of the JWT
 * contradicts does not count.
 */
export function issuedAtMs({ access_token, created_at, expires_in }: TokenSet): number | undefined {
  const claims = decodeClaims(access_token);
  const issuedMs = epochMs(claims?.['iat']);
  if (issuedMs !== undefined) return issuedMs;
  // Procore sends a number. A date or a text is a column of the table of that name, which tells when the row was written.
  const createdMs = typeof created_at === 'number' ? epochMs(created_at) : undefined;
  const [endsMs, lifeSeconds] = [epochMs(claims?.['exp']), lifeSecondsOf(expires_in)];
  if (createdMs === undefined || endsMs === undefined || lifeSeconds === undefined) return createdMs;
  return Math.abs(createdMs + lifeSeconds * 1000 - endsMs) > toleranceMs ? undefined : createdMs;
}
