import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { freshnessOf, isTried, type Freshness, type Trial } from './freshness.js';
import type { Former } from './former-tokens.js';
import type { HeldTokens } from './token-set.js';

/** An access token in use, and what its calls have shown of it. */
export interface Lease {
  readonly held: HeldTokens;
  /** So many answers other than 401 have been seen. */
  accepted: number;
  /** When the latest call was sent whose answer shows that the token was alive. */
  aliveAtMs: number | undefined;
  /** What it is given before what is said of its end is believed. */
  readonly trial: Trial;
  /** A 401 has refused it, and no other answer has come since. */
  refused: boolean;
  /** A 401 refused it before the grant was presented, or the account has forgotten it: no renewal has invalidated it, whatever answers come. */
  diedAlone: boolean;
  /** What the store says of its end has been compared with what its calls have shown. */
  isJudged: boolean;
}

/** A lease as its account sees it. */
export interface OwnLease extends Lease {
  held: HeldTokens;
  /** Whether access tokens are of the user whose pair this is: callers bring the same one again and again. */
  owned: Map<string, boolean> | undefined;
  /** The fingerprints of its tokens, once they have been asked for. */
  fingerprints: readonly string[] | undefined;
}

/** Notes what the answer to a call shows of the token that it was sent with. A busy or broken server has not looked at it, perhaps. */
export function noteAnswer(lease: Lease, status: number, sentAtMs: number): void {
  const isAlive = status < 500 && status !== 401 && status !== 408 && status !== 429;
  if (isAlive) lease.aliveAtMs = Math.max(lease.aliveAtMs ?? 0, sentAtMs);
  if (status === 401) return;
  lease.accepted++;
  lease.refused = false;
}

/**
 * The pairs of one account in memory, as a value: the newest, and what is remembered of those before it. `transitions.ts` says what happens
 * to it.
 */
export interface Pairs {
  readonly newest: OwnLease | undefined;
  /** While the newest pair waits to be saved, the one that calls go on with. */
  readonly older: OwnLease | undefined;
  /** What the store is believed to hold. */
  readonly stored: TokenSet | undefined;
  /** An unsaved pair that gave way to the store's. */
  readonly fallback: HeldTokens | undefined;
  /** The pair that the newest one was issued for. */
  readonly redeemed: HeldTokens | undefined;
  /** `kept`: the store has the newest pair; `saving`: it is being saved; `unsaved`: that has failed. */
  readonly phase: 'kept' | 'saving' | 'unsaved';
  /** The newest pair, or one before it that was not saved either, was brought: no renewal has got it for what the store holds. */
  readonly isBrought: boolean;
  /** No renewal of this process has got the newest pair: somebody else may have it as well, and may have saved or renewed it. */
  readonly mayBeElsewhere: boolean;
  /** The store has lost the row of the newest pair, which it had before. */
  readonly isGone: boolean;
  /** There have been tokens of this account in this process. */
  readonly had: boolean;
  /** By fingerprint: tokens whose place others have taken, those of them that a renewal has replaced, and what a 401 or a revocation said. */
  readonly replaced: ReadonlySet<string>;
  readonly outdated: ReadonlySet<string>;
  readonly refused: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
  /** By fingerprint: tokens that were held before. */
  readonly former: ReadonlyMap<string, Former>;
  /** Counts the users whose tokens were held, as far as tokens tell. */
  readonly user: number;
  /** Sets that a renewal has replaced, where the set in hand does not tell that it has taken their place. */
  readonly untold: readonly TokenSet[];
  /** The account has come back after it was let go. */
  readonly isBack: boolean;
  /** The store has shown another pair than the one that the account was let go with: some process has renewed it. */
  readonly hasMovedOn: boolean;
}

const nothing: Pairs = Object.freeze({
  newest: undefined,
  older: undefined,
  stored: undefined,
  fallback: undefined,
  redeemed: undefined,
  phase: 'kept',
  isBrought: false,
  mayBeElsewhere: false,
  isGone: false,
  had: false,
  replaced: new Set<string>(),
  outdated: new Set<string>(),
  refused: new Set<string>(),
  revoked: new Set<string>(),
  former: new Map<string, Former>(),
  user: 0,
  untold: [],
  isBack: false,
  hasMovedOn: false,
});
const nothingAnyMore: Pairs = Object.freeze({ ...nothing, had: true, isBack: true });

/** Nothing is held. `isBack`: the account was let go with tokens, and has come back. */
export function noPairs(isBack: boolean): Pairs {
  return isBack ? nothingAnyMore : nothing;
}

/** The clocks that a lease is looked at by. */
export interface Clocks {
  readonly nowMs: number;
  readonly serverOffsetMs: number;
}

/** What is known of the life of a lease's token, on trial or not. */
export function knownFreshness(lease: Lease | undefined, { nowMs, serverOffsetMs }: Clocks): Freshness {
  return freshnessOf(lease?.held, nowMs, { serverOffsetMs, aliveAtMs: lease?.aliveAtMs });
}

/** As {@link knownFreshness}, and a pair that is on trial is fresh. */
export function freshnessNow(lease: Lease | undefined, clocks: Clocks): Freshness {
  const is = knownFreshness(lease, clocks);
  if (!lease?.held.accessToken || lease.refused || is === 'fresh') return is;
  return isTried(lease.trial, lease.aliveAtMs !== undefined, clocks.nowMs) ? 'fresh' : is;
}

/** Whether calls may use it. */
export function isWorking(lease: Lease | undefined, clocks: Clocks): boolean {
  if (!lease || lease.refused) return false;
  const freshness = freshnessNow(lease, clocks);
  return freshness === 'fresh' || freshness === 'aging';
}

/** The lease that a call takes now, whatever its freshness; undefined when it has to wait. */
export function currentOf({ phase, newest, older }: Pairs, clocks: Clocks): Lease | undefined {
  if (phase === 'kept') return newest;
  if (isWorking(older, clocks)) return older;
  return phase === 'saving' ? undefined : newest;
}

/** Whether what is held is in the store, as far as is known, and nothing else is known of it that would have to be kept. */
export function isSettled(pairs: Pairs): boolean {
  const { newest, phase, redeemed, isGone, isBrought, fallback, revoked } = pairs;
  if (!newest) return (!pairs.had || pairs.isBack) && revoked.size === 0;
  const isInUse = phase === 'kept' && !newest.refused && (newest.accepted > 0 || !redeemed);
  return isInUse && !isGone && !isBrought && !fallback && revoked.size === 0;
}

/**
 * The sets in memory whose tokens the server may still accept: the newest, what it was issued for until it has been used, and those whose
 * save has failed.
 */
export function mayBeAlive({ newest, older, redeemed, fallback }: Pairs): TokenSet[] {
  const before = newest?.accepted === 0 ? redeemed : undefined;
  const held = [before, fallback, older?.held, newest?.held];
  return [...new Set(held.flatMap((one) => (one ? [one.set] : [])))];
}

/** The tokens of a set. */
export function tokensOf({ access_token: access, refresh_token: refresh }: TokenSet): string[] {
  return [access, refresh].filter((token) => typeof token === 'string' && token !== '') as string[];
}

/** Whether the server has revoked this set. */
export function isRevoked({ revoked }: Pairs, set: TokenSet): boolean {
  return revoked.size > 0 && tokensOf(set).some((token) => revoked.has(fingerprint(token)));
}

/** Whether a renewal has replaced this set: an application may still bring it, from an old session, and it must not be taken then. */
export function isSpent(
  { outdated }: Pick<Pairs, 'outdated'>,
  { refresh_token: refresh }: TokenSet,
): boolean {
  return refresh !== undefined && outdated.size > 0 && outdated.has(fingerprint(refresh));
}
