import type { TokenSet } from '../../store/store.js';
import type { KnownTokens } from './identity.js';
import { fingerprint } from './fingerprint.js';
import type { Freshness } from './freshness.js';
import {
  createKinship,
  hasHeld,
  isOfSameUser,
  ownsIn,
  subjectIn,
  tokensInHand,
  tokensOf,
} from './kinship.js';
import { isRenewedSince } from './old-session.js';
import { currentOf, freshnessNow, isWorking, knownFreshness, type Lease, type Pairs } from './pairs.js';
import { isSameUser, type HeldTokens } from './token-set.js';
import { noTrial, trialOf, type Arrival } from './trial.js';

export type { Lease } from './pairs.js';

/** The pairs of one account in memory: which one calls use, which one is newest, what the store is believed to hold. */
export interface Ledger extends KnownTokens {
  readonly newest: Lease | undefined;
  /** There have been tokens of this account in this process. */
  readonly hadTokens: boolean;
  /** The set that the store is believed to hold. */
  readonly stored: TokenSet | undefined;
  /** What the store was last seen to hold, by this process: it may be long ago. */
  readonly seenLast: TokenSet | undefined;
  /** The newest pair is in memory only. */
  readonly unsaved: boolean;
  /** The store has lost the row of the pair in hand, which it had before. */
  readonly isGone: boolean;
  /** That pair, or one before it that was not saved either, was brought: no renewal has got it for what the store holds. */
  readonly isBrought: boolean;
  /** The pair that was redeemed for the newest one, as long as that one is unused: on some servers both are good until then. */
  readonly predecessor: TokenSet | undefined;
  /** The lease that a call takes now, whatever its freshness; undefined when it has to wait. */
  current(): Lease | undefined;
  /** A pair that is on trial is fresh. */
  freshness(lease: Lease | undefined): Freshness;
  /** Whether the access token has come to its end, as far as is known, on trial or not. */
  hasEnded(lease: Lease): boolean;
  /** The store holds this set: it is what calls use from now on. */
  keep(held: HeldTokens): Lease;
  /** As `keep`, in the place of our unsaved pair, which is remembered: it may turn out that theirs is the dead one. */
  giveWay(held: HeldTokens): Lease;
  /** As `keep`, of another user: the pair that was held is no longer this account's, and stays good where it is kept. */
  change(held: HeldTokens): Lease;
  /** The pair that gave way, held again; undefined where there is none. */
  takeBack(): Lease | undefined;
  /**
   * This pair was just issued. Until it is saved, or the save has failed, calls go on with the one before. `isSuccessor`: it was issued
   * for the newest one.
   */
  hold(held: HeldTokens, isSuccessor?: boolean): Lease;
  /** The newest pair goes into the store with these fields beside its tokens. */
  carry(set: TokenSet): void;
  /** The newest pair is in the store now. */
  saved(): void;
  /** The save failed: the newest pair may be used, once the one before no longer works. */
  saveFailed(): void;
  /** The row of the pair in hand is gone from the store. */
  lost(): void;
  /** The pair in hand, which a person has brought, is no longer in the store: this set was saved over it. */
  overwritten(by: TokenSet): void;
  /** The store's view of the same pair: its extra fields may have changed. */
  seen(stored: TokenSet): void;
  /** The application has brought a pair of its own. */
  replaceAll(held: HeldTokens): Lease;
  /** A second look at the store has not shown this set again: it is older than what is held. */
  dismiss(set: TokenSet): void;
  /** This set was replaced here, and perhaps wrongly. */
  revive(set: TokenSet): void;
  /** A 401 has refused this access token. */
  refuse(lease: Lease): void;
  /** The server has revoked this set: wherever it turns up again, it is not taken. */
  revoked(set: TokenSet): void;
  isRevoked(set: TokenSet): boolean;
  /** Whether this pair was held, and a renewal, here or elsewhere, has taken its place: not what the application has brought. */
  isOutdated(held: HeldTokens): boolean;
  /** Whether this refresh token was one of the user's whose pair is held now. */
  isOfSameUser(refreshToken: string): boolean;
  /** Whether the token of this fingerprint is, or was, held. */
  hasHeld(token: string): boolean;
  /** The fingerprints of all that is, or was, held. */
  everHeld(): Iterable<string>;
  /** The `sub` of the JWT that is held now. */
  readonly subject: string | undefined;
  /**
   * Whether this access token is of the user whose pair is held now: by its JWT, or where a token does not tell whose it is, because the
   * account holds it or has held it for the same user.
   */
  owns(accessToken: string): boolean;
  /** Nothing is held any more. */
  clear(): void;
  /** Whether this set, which the store shows, tells all that is known of the pair in hand. */
  isShownBy(set: TokenSet): boolean;
}

/** What an account was let go with. */
export interface Before {
  readonly set: TokenSet | undefined;
  /** Whether it was let go with the refresh token of this fingerprint. */
  isWith(refreshToken: string): boolean;
}

const keptFingerprints = 1_000;

/** Creates the ledger of one account. */
export function createLedger(deps: {
  now: () => number;
  serverOffsetMs: () => number;
  isRedeemed: (fingerprint: string) => boolean;
  isDead: (fingerprint: string) => boolean;
  /** Whether something can be got in the place of this pair without a person. */
  isRenewable: (held: HeldTokens) => boolean;
  /** The account's own, which this changes. */
  pairs: Pairs;
  /** What the account was let go with, if it was. */
  before?: Before | undefined;
  /** Hears which tokens are held from now on. */
  onHold?: (held: HeldTokens | undefined) => void;
}): Ledger {
  const { pairs } = deps;
  const kinship = createKinship(pairs);
  const clocks = () => ({ nowMs: deps.now(), serverOffsetMs: deps.serverOffsetMs() });
  const works = (lease: Lease | undefined) => isWorking(lease, clocks());

  function supersede(
    held: HeldTokens,
    isSuccessor: boolean,
    isRenewed: boolean,
    isBroughtNow = false,
  ): Lease {
    const arrival: Arrival = isSuccessor ? 'renewed' : pairs.newest ? 'adopted' : 'first';
    const trial = isBroughtNow
      ? noTrial
      : trialOf(held, { arrival, isRenewable: deps.isRenewable(held) }, deps.now(), {
          serverOffsetMs: deps.serverOffsetMs(),
          aliveAtMs: undefined,
        });
    pairs.owned = undefined;
    if (pairs.newest) {
      kinship.replaced(pairs.newest.held, held, isSuccessor);
      for (const token of [pairs.newest.held.refreshToken, pairs.newest.held.accessToken]) {
        // A server that does not rotate refresh tokens, or answers the same access token again, has replaced nothing.
        if (!token || token === held.refreshToken || token === held.accessToken) continue;
        remember((pairs.replaced ??= new Set()), token);
        if (isRenewed) remember((pairs.outdated ??= new Set()), token);
      }
      pairs.untold = [...pairs.untold, pairs.newest.held.set]
        .filter((set) => isSpent(set) && !isRenewedSince(held.set, set))
        .slice(-keptFingerprints);
    }
    pairs.had = true;
    pairs.newest = {
      held,
      accepted: 0,
      aliveAtMs: undefined,
      trial,
      refused: false,
      diedAlone: false,
      isJudged: false,
    };
    deps.onHold?.(held);
    return pairs.newest;
  }

  /** An application may still bring it, from an old session, and then it must not take the place of the pair in hand. */
  function isSpent({ refresh_token: refresh }: TokenSet): boolean {
    return refresh !== undefined && pairs.outdated?.has(fingerprint(refresh)) === true;
  }

  function isLeftBehind(token: string): boolean {
    return pairs.hasMovedOn && deps.before?.isWith(token) === true;
  }

  function keep(held: HeldTokens, isRenewed = true): Lease {
    pairs.hasMovedOn ||= !pairs.newest && deps.before?.isWith(fingerprint(held.refreshToken ?? '')) === false;
    const lease = supersede(held, false, isRenewed);
    pairs.stored = held.set;
    pairs.older = undefined;
    pairs.redeemed = undefined;
    pairs.phase = 'kept';
    pairs.isBrought = false;
    pairs.isGone = false;
    return lease;
  }

  function hold(held: HeldTokens, isSuccessor = false): Lease {
    // While a pair waits to be saved, the one before that is what the store and the server still agree on.
    if (pairs.phase === 'kept' || !works(pairs.older)) pairs.older = pairs.newest;
    if (pairs.older && isOfAnother(pairs.older.held, held)) pairs.older = undefined;
    // The pair in hand was good enough to be redeemed: the one that gave way to it is history.
    pairs.fallback = undefined;
    pairs.redeemed = pairs.newest && isOfAnother(pairs.newest.held, held) ? undefined : pairs.newest?.held;
    pairs.phase = 'saving';
    return supersede(held, isSuccessor, isSuccessor);
  }

  /** Of a user whose pair has taken the place of this one for a while: it was not redeemed for this one, and no call of this user's uses it. */
  function isOfAnother(before: HeldTokens, held: HeldTokens): boolean {
    return isSameUser(before.set, held.set) === false;
  }

  return {
    get newest() {
      return pairs.newest;
    },
    get hadTokens() {
      return pairs.had;
    },
    get subject() {
      return subjectIn(pairs);
    },
    get stored() {
      return pairs.stored;
    },
    get seenLast() {
      return pairs.stored ?? deps.before?.set;
    },
    get unsaved() {
      return pairs.phase !== 'kept';
    },
    get isBrought() {
      return pairs.isBrought;
    },
    get isGone() {
      return pairs.isGone;
    },
    get predecessor() {
      return pairs.newest?.accepted === 0 ? pairs.redeemed?.set : undefined;
    },
    freshness: (lease) => freshnessNow(lease, clocks()),
    hasEnded: (lease) => knownFreshness(lease, clocks()) === 'expired',
    current: () => currentOf(pairs, clocks()),
    keep: (held) => keep(held),
    hold,
    giveWay(held) {
      const ours = pairs.newest?.held;
      const lease = keep(held, false);
      pairs.fallback = ours;
      return lease;
    },
    change(held) {
      const before = pairs.newest?.held.set;
      const lease = keep(held, false);
      pairs.fallback = undefined;
      for (const token of before ? tokensOf(before) : []) pairs.replaced?.delete(fingerprint(token));
      return lease;
    },
    takeBack() {
      const held = pairs.fallback;
      if (!held) return undefined;
      pairs.replaced?.delete(fingerprint(held.refreshToken ?? ''));
      return hold(held);
    },
    carry(set) {
      if (pairs.newest) pairs.newest.held = { ...pairs.newest.held, set };
    },
    saved() {
      pairs.stored = pairs.newest?.held.set;
      pairs.older = undefined;
      pairs.phase = 'kept';
      pairs.isBrought = false;
      pairs.isGone = false;
    },
    saveFailed() {
      if (pairs.phase === 'saving') pairs.phase = 'unsaved';
    },
    lost() {
      pairs.isGone = true;
    },
    overwritten(by) {
      pairs.stored = by;
      pairs.phase = 'unsaved';
      pairs.isBrought = true;
    },
    seen(set) {
      pairs.stored = set;
      pairs.isGone = false;
    },
    replaceAll(held) {
      // The tokens before may be another user's.
      pairs.older = undefined;
      pairs.fallback = undefined;
      pairs.redeemed = undefined;
      pairs.phase = 'saving';
      pairs.isBrought = true;
      pairs.isGone = false;
      const lease = supersede(held, false, false, true);
      const token = fingerprint(held.refreshToken ?? held.accessToken ?? '');
      for (const tokens of [pairs.replaced, pairs.outdated]) tokens?.delete(token);
      if (isLeftBehind(token)) pairs.hasMovedOn = false;
      for (const token of tokensOf(held.set)) pairs.revoked?.delete(fingerprint(token));
      return lease;
    },
    dismiss(set) {
      remember((pairs.replaced ??= new Set()), set.refresh_token ?? set.access_token);
    },
    revive(set) {
      for (const token of tokensOf(set))
        for (const tokens of [pairs.replaced, pairs.outdated]) tokens?.delete(fingerprint(token));
    },
    refuse(lease) {
      lease.refused = true;
      if (lease.held.accessToken) remember((pairs.refused ??= new Set()), lease.held.accessToken);
    },
    revoked(set) {
      pairs.had = true;
      for (const token of tokensOf(set)) {
        remember((pairs.revoked ??= new Set()), token);
        remember((pairs.replaced ??= new Set()), token);
      }
    },
    isRevoked: (set) => tokensOf(set).some((token) => pairs.revoked?.has(fingerprint(token)) === true),
    isOutdated({ refreshToken, accessToken }) {
      const token = fingerprint(refreshToken ?? accessToken ?? '');
      return pairs.outdated?.has(token) === true || isLeftBehind(token);
    },
    isOfSameUser: (refreshToken) => isOfSameUser(pairs, refreshToken),
    hasHeld: (token) => hasHeld(pairs, token),
    everHeld: () => [...kinship.former.keys(), ...tokensInHand(pairs)],
    owns: (accessToken) => ownsIn(pairs, accessToken),
    clear() {
      pairs.owned = undefined;
      if (pairs.newest) kinship.replaced(pairs.newest.held, undefined, false);
      // A 401 that is still on its way says nothing about what a renewal does to the token before.
      for (const lease of [pairs.newest, pairs.older]) if (lease) lease.diedAlone = true;
      pairs.redeemed = undefined;
      pairs.newest = undefined;
      deps.onHold?.(undefined);
      pairs.older = undefined;
      pairs.stored = undefined;
      pairs.fallback = undefined;
      pairs.phase = 'kept';
      pairs.isBrought = false;
      pairs.isGone = false;
    },
    isShownBy(set) {
      const hand = pairs.newest?.held.set;
      const isHand = hand?.access_token === set.access_token && hand?.refresh_token === set.refresh_token;
      const isAllTold = () => pairs.untold.every((one) => !isSpent(one) || isRenewedSince(set, one));
      return isHand && kinship.isToldBy(set) && isAllTold();
    },
    isReplaced: (token) => pairs.replaced?.has(token) === true || deps.isRedeemed(token),
    isRefused: (token) => pairs.refused?.has(token) === true,
    isDead: deps.isDead,
  };
}

function remember(tokens: Set<string>, token: string): void {
  tokens.add(fingerprint(token));
  for (const oldest of tokens) {
    if (tokens.size <= keptFingerprints) break;
    tokens.delete(oldest);
  }
}
