import type { TokenSet } from 'axios-procore';

/** As long as those of Procore. */
const lengths = { access: 600, refresh: 64 };

/** The text of a pair, in bytes. */
export const tokenTextBytes: number = lengths.access + lengths.refresh;

/** A pair that nobody has to issue, good for longer than a bench takes. */
export function tokensOf(user: string): TokenSet {
  return {
    access_token: flat(`${user}-access-`.padEnd(lengths.access, 'x')),
    refresh_token: flat(`${user}-refresh-`.padEnd(lengths.refresh, 'x')),
    token_type: 'Bearer',
    expires_in: 5400,
    created_at: Math.floor(Date.now() / 1000),
  };
}

/** One text in one piece, as it comes from a database, and not two that the engine has joined. */
const flat = (text: string) => Buffer.from(text, 'latin1').toString('latin1');
