import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import { withFormer } from './former-tokens.js';
import { isRenewedSince } from './comparison.js';
import { isSpent, isWorking, tokensOf, type Clocks, type Lease, type OwnLease, type Pairs } from './pairs.js';
import { isSameUser, type HeldTokens } from './token-set.js';
import { noTrial, trialOf, type Arrival } from './freshness.js';

/**
 * What may happen to the pairs of one account. Each function takes the pairs before and returns those after.
 */

/** The tokens that an account had when it was let go. */
export interface LetGo {
  readonly set: TokenSet | undefined;
  /** Whether it was let go with the refresh token of this fingerprint. */
  isWith(refreshToken: string): boolean;
}

/** What is known at the moment when a pair comes. */
export interface Circumstances extends Clocks {
  /** Whether a renewal can replace this pair without a new log-in. */
  readonly isRenewable: boolean;
  /** The tokens that the account had when it was let go, if it has come back. */
  readonly before: LetGo | undefined;
}

const keptFingerprints = 1_000;
/** The state where the store has the newest pair. */
const inStore = {
  phase: 'kept',
  older: undefined,
  isBrought: false,
  mayBeElsewhere: false,
  isGone: false,
} as const;

/** The store holds this pair, and calls use it from now on. `isRenewed`: a renewal, here or elsewhere, has got it for the pair before. */
export function kept(pairs: Pairs, held: HeldTokens, now: Circumstances, isRenewed = true): Pairs {
  const isOther = now.before && !pairs.newest && !now.before.isWith(held.refreshFingerprint ?? '');
  return {
    ...arrived(pairs, held, pairs.newest ? 'adopted' : 'first', isRenewed, now),
    ...inStore,
    stored: held.set,
    redeemed: undefined,
    hasMovedOn: pairs.hasMovedOn || isOther === true,
  };
}

/** As `kept`, in the place of our unsaved pair. That is remembered, because the stored pair may turn out to be dead. */
export function gaveWay(pairs: Pairs, held: HeldTokens, now: Circumstances): Pairs {
  return { ...kept(pairs, held, now, false), fallback: pairs.newest?.held };
}

/** As `kept`, for a pair of another user. The pair that was held is not replaced: it still works where else it is kept. */
export function changed(pairs: Pairs, held: HeldTokens, now: Circumstances): Pairs {
  const after = kept(pairs, held, now, false);
  const before = pairs.newest ? tokensOf(pairs.newest.held.set) : [];
  return { ...after, fallback: undefined, replaced: without(after.replaced, before) };
}

/**
 * This pair was just issued, and is to be saved. Until it is saved or its save has failed, calls go on with the pair before. `isSuccessor`: it
 * was issued for the newest pair.
 */
export function issued(pairs: Pairs, held: HeldTokens, now: Circumstances, isSuccessor = false): Pairs {
  // While the newest pair is unsaved, calls use the last saved one as long as it works.
  const isNextToUse = pairs.phase === 'kept' || !isWorking(pairs.older, now);
  const older = isNextToUse ? pairs.newest : pairs.older;
  const arrival = isSuccessor ? 'renewed' : pairs.newest ? 'adopted' : 'first';
  return {
    ...arrived(pairs, held, arrival, isSuccessor, now),
    // The pair before may be another user's. Then no call uses it, and it was not redeemed for this one.
    older: older && isOfAnother(older.held, held) ? undefined : older,
    redeemed: pairs.newest && !isOfAnother(pairs.newest.held, held) ? pairs.newest.held : undefined,
    // The pair in hand was redeemed, so it was good, and the pair that gave way to it is not needed any more.
    fallback: undefined,
    phase: 'saving',
    mayBeElsewhere: !isSuccessor,
  };
}

/** The pair that gave way to the stored one is held again. Nothing changes where there is none. */
export function takenBack(pairs: Pairs, now: Circumstances): Pairs {
  const { fallback } = pairs;
  if (!fallback) return pairs;
  const replaced = without(pairs.replaced, [fallback.refreshToken ?? '']);
  // It was never saved, so nobody else has it.
  return { ...issued({ ...pairs, replaced }, fallback, now), mayBeElsewhere: false };
}

/** The application has brought a pair. The tokens before may be another user's. */
export function brought(pairs: Pairs, held: HeldTokens, now: Circumstances): Pairs {
  const after = arrived(pairs, held, undefined, false, now);
  const token = held.refreshToken ?? held.accessToken ?? '';
  return {
    ...after,
    older: undefined,
    fallback: undefined,
    redeemed: undefined,
    phase: 'saving',
    isBrought: true,
    isGone: false,
    replaced: without(after.replaced, [token]),
    outdated: without(after.outdated, [token]),
    revoked: without(after.revoked, tokensOf(held.set)),
    hasMovedOn: after.hasMovedOn && now.before?.isWith(fingerprint(token)) !== true,
  };
}

/** The newest pair is in the store now. */
export function saved(pairs: Pairs): Pairs {
  return { ...pairs, ...inStore, stored: pairs.newest?.held.set };
}

/** The save has failed. The newest pair is used once the pair before no longer works. */
export function saveFailed(pairs: Pairs): Pairs {
  return pairs.phase === 'saving' ? { ...pairs, phase: 'unsaved' } : pairs;
}

/** The store no longer has the row of the newest pair. */
export function lost(pairs: Pairs): Pairs {
  return { ...pairs, isGone: true };
}

/** The newest pair, which the application has brought, is no longer in the store: another process has saved the set `by` over it. */
export function overwritten(pairs: Pairs, by: TokenSet): Pairs {
  return { ...pairs, stored: by, phase: 'unsaved', isBrought: true };
}

/** The store has shown the pair in hand, with extra fields that may have changed. */
export function seen(pairs: Pairs, stored: TokenSet): Pairs {
  return { ...pairs, stored, isGone: false };
}

/** A second look into the store has not shown this set again, so it is older than what is held. */
export function dismissed(pairs: Pairs, set: TokenSet): Pairs {
  return { ...pairs, replaced: withAll(pairs.replaced, [set.refresh_token ?? set.access_token]) };
}

/** This set counts as replaced here, perhaps wrongly; from now on it does not. */
export function revived(pairs: Pairs, set: TokenSet): Pairs {
  const tokens = tokensOf(set);
  return { ...pairs, replaced: without(pairs.replaced, tokens), outdated: without(pairs.outdated, tokens) };
}

/** A call with the access token of this lease was answered with 401. */
export function refused(pairs: Pairs, { held }: Lease): Pairs {
  return held.accessToken ? { ...pairs, refused: withAll(pairs.refused, [held.accessToken]) } : pairs;
}

/** The server has revoked this set. It is not taken any more, wherever it is found. */
export function revoked(pairs: Pairs, set: TokenSet): Pairs {
  const tokens = tokensOf(set);
  return {
    ...pairs,
    had: true,
    revoked: withAll(pairs.revoked, tokens),
    replaced: withAll(pairs.replaced, tokens),
  };
}

/** The account holds no tokens any more. */
export function cleared(pairs: Pairs): Pairs {
  return {
    ...pairs,
    ...inStore,
    ...(pairs.newest && withFormer(pairs, pairs.newest.held, undefined, false)),
    newest: undefined,
    stored: undefined,
    fallback: undefined,
    redeemed: undefined,
  };
}

/** This pair replaces the newest one. `arrival`: how it came; undefined: it has no trial. */
function arrived(
  pairs: Pairs,
  held: HeldTokens,
  arrival: Arrival | undefined,
  isRenewed: boolean,
  { nowMs, serverOffsetMs, isRenewable }: Circumstances,
): Pairs {
  const scales = { serverOffsetMs, aliveAtMs: undefined };
  const trial = arrival ? trialOf(held, { arrival, isRenewable }, nowMs, scales) : noTrial;
  const newest: OwnLease = {
    held,
    accepted: 0,
    aliveAtMs: undefined,
    trial,
    refused: false,
    endedByItself: false,
    isJudged: false,
    owned: undefined,
    fingerprints: undefined,
  };
  const before = pairs.newest?.held;
  if (!before) return { ...pairs, had: true, newest };
  // A server that does not rotate refresh tokens, or answers the same access token again, has replaced nothing.
  const tokens = [before.refreshToken, before.accessToken].filter(
    (token) => token && token !== held.refreshToken && token !== held.accessToken,
  ) as string[];
  const outdated = isRenewed ? withAll(pairs.outdated, tokens) : pairs.outdated;
  return {
    ...pairs,
    ...withFormer(pairs, before, held, arrival === 'renewed'),
    had: true,
    newest,
    replaced: withAll(pairs.replaced, tokens),
    outdated,
    untold: [...pairs.untold, before.set]
      .filter((set) => isSpent({ outdated }, set) && !isRenewedSince(held.set, set))
      .slice(-keptFingerprints),
  };
}

function isOfAnother(before: HeldTokens, held: HeldTokens): boolean {
  return isSameUser(before.set, held.set) === false;
}

function withAll(names: ReadonlySet<string>, tokens: readonly string[]): ReadonlySet<string> {
  return tokens.length === 0
    ? names
    : new Set([...names, ...tokens.map(fingerprint)].slice(-keptFingerprints));
}

function without(names: ReadonlySet<string>, tokens: readonly string[]): ReadonlySet<string> {
  if (names.size === 0) return names;
  const left = new Set(names);
  for (const token of tokens) left.delete(fingerprint(token));
  return left;
}
