import type { TokenSet } from '../store/store.js';

/** The pair that calls use now. */
export interface PairInUse {
  readonly set: TokenSet;
  /** When the access token expires, on this machine's clock; undefined where that is not known. */
  readonly expiresAtMs: number | undefined;
}

/**
 * The body with which the plugin answers a token request of the application: the fields of Procore's token endpoint, without what the
 * application stores beside them. `created_at` is now and `expires_in` the remaining lifetime, so that both `created_at + expires_in` and
 * `now + expires_in` give the right expiry.
 */
export function tokenAnswer({ set, expiresAtMs }: PairInUse, nowMs: number): TokenSet {
  const { access_token, refresh_token, token_type = 'bearer', scope } = set;
  return {
    access_token,
    token_type,
    ...(expiresAtMs === undefined
      ? {}
      : { expires_in: Math.max(0, Math.floor((expiresAtMs - nowMs) / 1000)) }),
    ...(refresh_token === undefined ? {} : { refresh_token }),
    ...(scope === undefined ? {} : { scope }),
    created_at: Math.floor(nowMs / 1000),
  };
}
