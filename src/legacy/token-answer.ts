import type { TokenSet } from '../store/store.js';

/** A pair as calls use it now. */
export interface PairInUse {
  readonly set: TokenSet;
  /** On this machine's clock; undefined: not known. */
  readonly expiresAtMs: number | undefined;
}

/**
 * What the token endpoint would have answered: Procore's own fields and no other, for what an application keeps beside them is not for
 * this answer. The life that is left counts from now, so that `created_at + expires_in` and `now + expires_in` name the same moment.
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
