import type { TokenSet } from '../../store/store.js';
import { freshnessOf, type Freshness } from './freshness.js';
import type { HeldTokens } from './token-set.js';
import { isTried, type Trial } from './trial.js';

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
  /** A 401 refused it while nobody was renewing it: it did not die of its replacement. */
  diedAlone: boolean;
  /** What the store says of its end has been compared with what its calls have shown. */
  isJudged: boolean;
}

/** A lease as its owner sees it. */
export interface OwnLease extends Lease {
  held: HeldTokens;
}

/** A token that was held before, and whose it was. */
export interface Former {
  readonly subject: string | undefined;
  readonly line: number;
  readonly isAccess: boolean;
}

/** The pairs of one account in memory, as a value: the newest, and what is remembered of those before it. */
export interface Pairs {
  newest: OwnLease | undefined;
  /** While the newest pair waits to be saved, the one that calls go on with. */
  older: Lease | undefined;
  /** What the store is believed to hold. */
  stored: TokenSet | undefined;
  /** An unsaved pair that gave way to the store's. */
  fallback: HeldTokens | undefined;
  /** The pair that the newest one was issued for. */
  redeemed: HeldTokens | undefined;
  /** `kept`: the store has the newest pair; `saving`: it is being saved; `unsaved`: that has failed. */
  phase: 'kept' | 'saving' | 'unsaved';
  isBrought: boolean;
  isGone: boolean;
  had: boolean;
  /** By fingerprint: tokens whose place others have taken, those of them that a renewal has replaced, and what a 401 or a revocation said. */
  replaced: Set<string> | undefined;
  outdated: Set<string> | undefined;
  refused: Set<string> | undefined;
  revoked: Set<string> | undefined;
  /** By fingerprint: tokens that were held before; `line` counts the users whose tokens those were, as far as tokens tell. */
  former: Map<string, Former> | undefined;
  line: number;
  /** Sets that a renewal has replaced, where the set in hand does not tell that it has taken their place. */
  untold: readonly TokenSet[];
  /** The account has come back after it was let go. */
  isBack: boolean;
  /** The store has shown another pair than the one that the account was let go with: some process has renewed it. */
  hasMovedOn: boolean;
  /** Whether access tokens are of the user whose pair is held now: callers bring the same one again and again. */
  owned: Map<string, boolean> | undefined;
  /** The `sub` of the newest pair. */
  subject: { readonly of: HeldTokens; readonly is: string | undefined } | undefined;
  /** The fingerprints of the newest pair. */
  inHand: { readonly of: Lease; readonly tokens: readonly string[] } | undefined;
}

const none: readonly TokenSet[] = [];

/** Nothing is held. `isBack`: the account was let go with tokens, and has come back. */
export function noPairs(isBack: boolean): Pairs {
  return {
    newest: undefined,
    older: undefined,
    stored: undefined,
    fallback: undefined,
    redeemed: undefined,
    phase: 'kept',
    isBrought: false,
    isGone: false,
    had: isBack,
    replaced: undefined,
    outdated: undefined,
    refused: undefined,
    revoked: undefined,
    former: undefined,
    line: 0,
    untold: none,
    isBack,
    hasMovedOn: false,
    owned: undefined,
    subject: undefined,
    inHand: undefined,
  };
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
  if (!newest) return (!pairs.had || pairs.isBack) && !revoked?.size;
  const isInUse = phase === 'kept' && !newest.refused && (newest.accepted > 0 || !redeemed);
  return isInUse && !isGone && !isBrought && !fallback && !revoked?.size;
}
