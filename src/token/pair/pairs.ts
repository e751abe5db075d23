import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { freshnessOf, isTried, type Freshness, type Trial } from './freshness.js';
import type { Former } from './former-tokens.js';
import type { HeldTokens } from './token-set.js';

/** A pair whose access token calls use, and what their answers have shown. */
export interface Lease {
  readonly held: HeldTokens;
  /** How many answers other than 401 have come. */
  accepted: number;
  /** When the latest call was sent whose answer shows that the token works. */
  aliveAtMs: number | undefined;
  /** For how long the pair is used although what is known of its end says otherwise. */
  readonly trial: Trial;
  /** A call with it was answered with 401, and no other answer has come since. */
  refused: boolean;
  /**
   * A 401 came before its refresh token was presented, or the account no longer has it. So no renewal has invalidated it, whatever answers
   * come later.
   */
  endedByItself: boolean;
  /** Contradictions between the fields of its stored set and better evidence have been told. */
  isJudged: boolean;
}

/** A lease with what only its account reads and changes. */
export interface OwnLease extends Lease {
  held: HeldTokens;
  /** Whether an access token is of the user whose pair this is, by token. Callers bring the same ones again and again. */
  owned: Map<string, boolean> | undefined;
  /** The fingerprints of its tokens, once they have been asked for. */
  fingerprints: readonly string[] | undefined;
}

/** Notes what the answer to a call shows of its token. A server that is busy or broken may not have looked at the token. */
export function noteAnswer(lease: Lease, status: number, sentAtMs: number): void {
  const isAlive = status < 500 && status !== 401 && status !== 408 && status !== 429;
  if (isAlive) lease.aliveAtMs = Math.max(lease.aliveAtMs ?? 0, sentAtMs);
  if (status === 401) return;
  lease.accepted++;
  lease.refused = false;
}

/**
 * The pairs of one account in memory, as a value: the newest, and what is remembered of those before it. The functions of `transitions.ts`
 * are the only ones that make a new value of it.
 */
export interface Pairs {
  readonly newest: OwnLease | undefined;
  /** The pair that calls go on with while the newest one waits to be saved. */
  readonly older: OwnLease | undefined;
  /** The set that the store is believed to hold. */
  readonly stored: TokenSet | undefined;
  /** An unsaved pair in whose place the stored one was taken. It is held again where the stored one turns out to be dead. */
  readonly fallback: HeldTokens | undefined;
  /** The pair that the newest one was issued for. */
  readonly redeemed: HeldTokens | undefined;
  /** `kept`: the store has the newest pair; `saving`: it is being saved; `unsaved`: that has failed. */
  readonly phase: 'kept' | 'saving' | 'unsaved';
  /**
   * The newest pair, or an unsaved one that it was renewed from, was brought by the application, and was not got by renewing the stored pair.
   */
  readonly isBrought: boolean;
  /** The newest pair was not got by a renewal of this process. Somebody else may have it too, and may have saved or renewed it. */
  readonly mayBeElsewhere: boolean;
  /** The store no longer has the row of the newest pair. */
  readonly isGone: boolean;
  /** This process has had tokens of the account. */
  readonly had: boolean;
  /**
   * Tokens by their fingerprints. `replaced`: others have replaced them. `outdated`: those of them that were replaced by a renewal. `refused`:
   * access tokens that were answered with 401. `revoked`: tokens that were revoked.
   */
  readonly replaced: ReadonlySet<string>;
  readonly outdated: ReadonlySet<string>;
  readonly refused: ReadonlySet<string>;
  readonly revoked: ReadonlySet<string>;
  /** The tokens that were held before, by their fingerprints. */
  readonly former: ReadonlyMap<string, Former>;
  /** The number of the user whose tokens are held: it counts up with each change of the user, as far as tokens tell. */
  readonly user: number;
  /** Sets that a renewal has replaced, where the set in hand does not say so by itself. */
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

/** The time by which the freshness of a lease is judged. */
export interface Clocks {
  readonly nowMs: number;
  readonly serverOffsetMs: number;
}

/** The freshness of a lease as far as its end is known, without regard to its trial. */
export function knownFreshness(lease: Lease | undefined, { nowMs, serverOffsetMs }: Clocks): Freshness {
  return freshnessOf(lease?.held, nowMs, { serverOffsetMs, aliveAtMs: lease?.aliveAtMs });
}

/** As {@link knownFreshness}, but a pair that is on trial counts as fresh. */
export function freshnessNow(lease: Lease | undefined, clocks: Clocks): Freshness {
  const is = knownFreshness(lease, clocks);
  if (!lease?.held.accessToken || lease.refused || is === 'fresh') return is;
  return isTried(lease.trial, lease.aliveAtMs !== undefined, clocks.nowMs) ? 'fresh' : is;
}

/** Whether calls may use this lease. */
export function isWorking(lease: Lease | undefined, clocks: Clocks): boolean {
  if (!lease || lease.refused) return false;
  const freshness = freshnessNow(lease, clocks);
  return freshness === 'fresh' || freshness === 'aging';
}

/** The lease that a call takes now, whatever its freshness; undefined where the call has to wait. */
export function currentOf({ phase, newest, older }: Pairs, clocks: Clocks): Lease | undefined {
  if (phase === 'kept') return newest;
  if (isWorking(older, clocks)) return older;
  return phase === 'saving' ? undefined : newest;
}

/**
 * Whether the tokens in memory are in the store, as far as is known, and nothing is known beside them that would be lost if the account were
 * let go.
 */
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

/** Whether a renewal has replaced this set. An application may still bring it from an old session, and then it must not be taken. */
export function isSpent(
  { outdated }: Pick<Pairs, 'outdated'>,
  { refresh_token: refresh }: TokenSet,
): boolean {
  return refresh !== undefined && outdated.size > 0 && outdated.has(fingerprint(refresh));
}
