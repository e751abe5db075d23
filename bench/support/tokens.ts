import type { TokenSet } from 'axios-procore';

/** A pair that nobody has to issue: an access token as long as Procore's, good for as long as a bench lasts. */
export function tokensOf(user: string): TokenSet {
  return {
    access_token: `${user}-access-`.padEnd(600, 'x'),
    refresh_token: `${user}-refresh-`.padEnd(64, 'x'),
    token_type: 'Bearer',
    expires_in: 5400,
    created_at: Math.floor(Date.now() / 1000),
  };
}
