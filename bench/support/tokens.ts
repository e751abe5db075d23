import type { TokenSet } from 'axios-procore';

/** About as long as those of Procore. */
const lengths = { access: 600, refresh: 64 };
const lifeSeconds = 5400;
/** Of all pairs, so that a store that is read again shows the same one. */
const issuedAt = Math.floor(Date.now() / 1000);

/** The text of a pair, in bytes. */
export const tokenTextBytes: number = lengths.access + lengths.refresh;

/** A pair that nobody has to issue, good for longer than a bench takes; the access token is a JWT, without a signature that holds. */
export function tokensOf(user: string): TokenSet {
  const claims = { sub: user, iat: issuedAt, exp: issuedAt + lifeSeconds };
  return {
    access_token: flat(
      `${encoded({ alg: 'ES512', typ: 'JWT' })}.${encoded(claims)}.`.padEnd(lengths.access, 'x'),
    ),
    refresh_token: flat(`${user}-refresh-`.padEnd(lengths.refresh, 'x')),
    token_type: 'Bearer',
    expires_in: lifeSeconds,
    created_at: issuedAt,
  };
}

const encoded = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** One text in one piece, as it comes from a database, and not two that the engine has joined. */
const flat = (text: string) => Buffer.from(text, 'latin1').toString('latin1');
