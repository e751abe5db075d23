import type { TokenSet } from '../store/store.js';
import { fingerprint } from './fingerprint.js';

/** Beside the tokens, in the store: an application that is started anew may still have a token from long ago. */
const field = 'redeemed_refresh_tokens';
/** More than two months of renewals. */
const most = 1_000;
/** 64 bits: nobody can make another token that has them, and there is nothing to win. */
const digits = 16;

/** The set, remembering that its pair was issued for this refresh token, and for all that it and `before` remember. */
export function withRedeemed(set: TokenSet, refreshToken: string, before: TokenSet = set): TokenSet {
  const own = named(refreshToken);
  const others = new Set([...redeemedFor(before), ...redeemedFor(set)].filter((one) => one !== own));
  const redeemed = [...others, own];
  // The first is what the application came with, in its configuration perhaps: it will come with it again.
  const [first, ...later] = redeemed;
  return { ...set, [field]: first === undefined ? [] : [first, ...later.slice(1 - most)] };
}

/** The set of a new authorisation by somebody else: an application, or a store, may have merged it into the one before. */
export function withoutRedeemed(set: TokenSet): TokenSet {
  return { ...set, [field]: [] };
}

/** Whether the set's pair is this refresh token's, or was issued, by however many renewals, for it. */
export function descendsFrom(set: TokenSet, refreshToken: string): boolean {
  return set.refresh_token === refreshToken || redeemedFor(set).includes(named(refreshToken));
}

function redeemedFor(set: TokenSet): string[] {
  const list = set[field];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

function named(refreshToken: string): string {
  return fingerprint(refreshToken).slice(0, digits);
}
