import type { TokenSet } from '../../store/store.js';
import { epochMs, lifeSecondsOf } from './moments.js';
import { decodeClaims } from '../../wire/jwt.js';

/** Times of one server are whole seconds, and may be taken a moment apart. */
const toleranceMs = 60_000;

/**
 * When the server issued the set's access token, in milliseconds since 1970 by its clock; undefined where nothing tells. The JWT's own `iat`
 * stands above `created_at`, which a store may have kept beside a newer token; what the JWT's `exp` contradicts tells nothing.
 */
export function issuedAtMs({ access_token, created_at, expires_in }: TokenSet): number | undefined {
  const claims = decodeClaims(access_token);
  const issuedMs = epochMs(claims?.['iat']);
  if (issuedMs !== undefined) return issuedMs;
  // Procore's is a number: a date or a text is a table's column of that name, as old as the row.
  const createdMs = typeof created_at === 'number' ? epochMs(created_at) : undefined;
  const [endsMs, lifeSeconds] = [epochMs(claims?.['exp']), lifeSecondsOf(expires_in)];
  if (createdMs === undefined || endsMs === undefined || lifeSeconds === undefined) return createdMs;
  return Math.abs(createdMs + lifeSeconds * 1000 - endsMs) > toleranceMs ? undefined : createdMs;
}
