import type { TokenSet } from '../../store/store.js';
import type { KnownTokens } from './identity.js';
import { fingerprint } from './fingerprint.js';
import { freshnessOf, type Freshness } from './freshness.js';
import { createKinship } from './kinship.js';
import { hasReplaced } from './lineage.js';
import { isRenewedSince } from './old-session.js';
import { isSameUser, type HeldTokens } from './token-set.js';
import { subjectOf } from '../../wire/jwt.js';
import { isTried, noTrial, trialOf, type Arrival, type Trial } from './trial.js';

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
}

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
  /** What is held is in the store, as far as is known, and nothing else is known of it that would have to be kept. */
  isSettled(): boolean;
  /** Whether this set, which the store shows, tells all that is known of the pair in hand. */
  isShownBy(set: TokenSet): boolean;
}

/** What an account was let go with. */
export interface Before {
  readonly set: TokenSet | undefined;
  /** Whether it was let go with the refresh token of this fingerprint. */
  isWith(refreshToken: string): boolean;
}

/** A lease as its ledger sees it. */
interface Held extends Lease {
  held: HeldTokens;
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
  /** What the account was let go with, if it was. */
  before?: Before | undefined;
  /** Hears which refresh token is held from now on. */
  onHold?: (refreshToken: string | undefined) => void;
}): Ledger {
  const replaced = new Set<string>();
  const outdated = new Set<string>();
  const refused = new Set<string>();
  const revoked = new Set<string>();
  /** Sets that a renewal has replaced, where the set in hand does not tell that it has taken their place. */
  let untold: TokenSet[] = [];
  const kinship = createKinship();
  let had = deps.before !== undefined;
  /** The store has shown another pair than the one that the account was let go with: some process has renewed it. */
  let hasMovedOn = false;
  /** What `owns` has found out about the pair that is held now: callers bring the same token again and again. */
  let owned = new Map<string, boolean>();
  let subject: { readonly of: HeldTokens; readonly is: string | undefined } | undefined;
  let newest: Held | undefined;
  let inHand: { readonly of: Held | undefined; readonly tokens: readonly string[] } = {
    of: undefined,
    tokens: [],
  };
  let older: Lease | undefined;
  let stored: TokenSet | undefined;
  /** An unsaved pair that gave way to the store's. */
  let fallback: HeldTokens | undefined;
  let redeemed: HeldTokens | undefined;
  let phase: 'kept' | 'saving' | 'unsaved' = 'kept';
  let isBrought = false;
  let isGone = false;

  const scalesOf = (lease?: Lease) => ({
    serverOffsetMs: deps.serverOffsetMs(),
    aliveAtMs: lease?.aliveAtMs,
  });
  const known = (lease: Lease | undefined) => freshnessOf(lease?.held, deps.now(), scalesOf(lease));
  function freshness(lease: Lease | undefined): Freshness {
    const is = known(lease);
    if (!lease?.held.accessToken || lease.refused || is === 'fresh') return is;
    return isTried(lease.trial, lease.aliveAtMs !== undefined, deps.now()) ? 'fresh' : is;
  }
  const works = (lease: Lease | undefined) =>
    lease !== undefined && !lease.refused && (freshness(lease) === 'fresh' || freshness(lease) === 'aging');

  function supersede(
    held: HeldTokens,
    isSuccessor: boolean,
    isRenewed: boolean,
    isBroughtNow = false,
  ): Lease {
    const arrival: Arrival = isSuccessor ? 'renewed' : newest ? 'adopted' : 'first';
    const trial = isBroughtNow
      ? noTrial
      : trialOf(held, { arrival, isRenewable: deps.isRenewable(held) }, deps.now(), scalesOf());
    owned = new Map();
    if (newest) {
      kinship.replaced(newest.held, held, isSuccessor);
      for (const token of [newest.held.refreshToken, newest.held.accessToken]) {
        // A server that does not rotate refresh tokens, or answers the same access token again, has replaced nothing.
        if (!token || token === held.refreshToken || token === held.accessToken) continue;
        remember(replaced, token);
        if (isRenewed) remember(outdated, token);
      }
      untold = [...untold, newest.held.set]
        .filter((set) => isSpent(set) && !isRenewedSince(held.set, set))
        .slice(-keptFingerprints);
    }
    had = true;
    newest = { held, accepted: 0, aliveAtMs: undefined, trial, refused: false, diedAlone: false };
    deps.onHold?.(held.refreshToken);
    return newest;
  }

  /** An application may still bring it, from an old session, and then it must not take the place of the pair in hand. */
  function isSpent({ refresh_token: refresh }: TokenSet): boolean {
    return refresh !== undefined && outdated.has(fingerprint(refresh));
  }

  function isLeftBehind(token: string): boolean {
    return hasMovedOn && deps.before?.isWith(token) === true;
  }

  function keep(held: HeldTokens, isRenewed = true): Lease {
    hasMovedOn ||= !newest && deps.before?.isWith(fingerprint(held.refreshToken ?? '')) === false;
    const lease = supersede(held, false, isRenewed);
    stored = held.set;
    older = undefined;
    redeemed = undefined;
    phase = 'kept';
    isBrought = false;
    isGone = false;
    return lease;
  }

  function hold(held: HeldTokens, isSuccessor = false): Lease {
    // While a pair waits to be saved, the one before that is what the store and the server still agree on.
    if (phase === 'kept' || !works(older)) older = newest;
    if (older && isOfAnother(older.held, held)) older = undefined;
    // The pair in hand was good enough to be redeemed: the one that gave way to it is history.
    fallback = undefined;
    redeemed = newest && isOfAnother(newest.held, held) ? undefined : newest?.held;
    phase = 'saving';
    return supersede(held, isSuccessor, isSuccessor);
  }

  /** Of a user whose pair has taken the place of this one for a while: it was not redeemed for this one, and no call of this user's uses it. */
  function isOfAnother(before: HeldTokens, held: HeldTokens): boolean {
    return isSameUser(before.set, held.set) === false;
  }

  function subjectNow(): string | undefined {
    if (!newest) return undefined;
    if (subject?.of !== newest.held) subject = { of: newest.held, is: subjectOf(newest.held.accessToken) };
    return subject.is;
  }

  /** Asked for each token that another account has ever held. */
  function tokensInHand(): readonly string[] {
    if (inHand.of !== newest)
      inHand = { of: newest, tokens: newest ? tokensOf(newest.held.set).map(fingerprint) : [] };
    return inHand.tokens;
  }

  function isOwned(accessToken: string, held: HeldTokens): boolean {
    if (accessToken === held.accessToken) return true;
    const [theirs, ours] = [subjectOf(accessToken), subjectNow()];
    if (theirs !== undefined && ours !== undefined) return theirs === ours;
    return kinship.includes(accessToken, held.set) || hasReplaced(held.set, accessToken);
  }

  return {
    get newest() {
      return newest;
    },
    get hadTokens() {
      return had;
    },
    get subject() {
      return subjectNow();
    },
    get stored() {
      return stored;
    },
    get seenLast() {
      return stored ?? deps.before?.set;
    },
    get unsaved() {
      return phase !== 'kept';
    },
    get isBrought() {
      return isBrought;
    },
    get isGone() {
      return isGone;
    },
    get predecessor() {
      return newest?.accepted === 0 ? redeemed?.set : undefined;
    },
    freshness,
    hasEnded: (lease) => known(lease) === 'expired',
    current() {
      if (phase === 'kept') return newest;
      if (works(older)) return older;
      return phase === 'saving' ? undefined : newest;
    },
    keep: (held) => keep(held),
    hold,
    giveWay(held) {
      const ours = newest?.held;
      const lease = keep(held, false);
      fallback = ours;
      return lease;
    },
    change(held) {
      const before = newest?.held.set;
      const lease = keep(held, false);
      fallback = undefined;
      for (const token of before ? tokensOf(before) : []) replaced.delete(fingerprint(token));
      return lease;
    },
    takeBack() {
      const held = fallback;
      if (!held) return undefined;
      replaced.delete(fingerprint(held.refreshToken ?? ''));
      return hold(held);
    },
    carry(set) {
      if (newest) newest.held = { ...newest.held, set };
    },
    saved() {
      stored = newest?.held.set;
      older = undefined;
      phase = 'kept';
      isBrought = false;
      isGone = false;
    },
    saveFailed() {
      if (phase === 'saving') phase = 'unsaved';
    },
    lost() {
      isGone = true;
    },
    overwritten(by) {
      stored = by;
      phase = 'unsaved';
      isBrought = true;
    },
    seen(set) {
      stored = set;
      isGone = false;
    },
    replaceAll(held) {
      // The tokens before may be another user's.
      older = undefined;
      fallback = undefined;
      redeemed = undefined;
      phase = 'saving';
      isBrought = true;
      isGone = false;
      const lease = supersede(held, false, false, true);
      const token = fingerprint(held.refreshToken ?? held.accessToken ?? '');
      for (const tokens of [replaced, outdated]) tokens.delete(token);
      if (isLeftBehind(token)) hasMovedOn = false;
      for (const token of tokensOf(held.set)) revoked.delete(fingerprint(token));
      return lease;
    },
    dismiss(set) {
      remember(replaced, set.refresh_token ?? set.access_token);
    },
    revive(set) {
      for (const token of tokensOf(set))
        for (const tokens of [replaced, outdated]) tokens.delete(fingerprint(token));
    },
    refuse(lease) {
      lease.refused = true;
      if (lease.held.accessToken) remember(refused, lease.held.accessToken);
    },
    revoked(set) {
      had = true;
      for (const token of tokensOf(set)) {
        remember(revoked, token);
        remember(replaced, token);
      }
    },
    isRevoked: (set) => tokensOf(set).some((token) => revoked.has(fingerprint(token))),
    isOutdated({ refreshToken, accessToken }) {
      const token = fingerprint(refreshToken ?? accessToken ?? '');
      return outdated.has(token) || isLeftBehind(token);
    },
    isOfSameUser: (refreshToken) => newest !== undefined && kinship.includes(refreshToken, newest.held.set),
    hasHeld: (token) => kinship.former.has(token) || tokensInHand().includes(token),
    everHeld: () => [...kinship.former.keys(), ...tokensInHand()],
    owns(accessToken) {
      if (!newest) return false;
      const known = owned.get(accessToken);
      if (known !== undefined) return known;
      const is = isOwned(accessToken, newest.held);
      if (owned.size >= keptFingerprints) owned.clear();
      owned.set(accessToken, is);
      return is;
    },
    clear() {
      owned = new Map();
      if (newest) kinship.replaced(newest.held, undefined, false);
      // A 401 that is still on its way says nothing about what a renewal does to the token before.
      for (const lease of [newest, older]) if (lease) lease.diedAlone = true;
      redeemed = undefined;
      newest = undefined;
      deps.onHold?.(undefined);
      older = undefined;
      stored = undefined;
      fallback = undefined;
      phase = 'kept';
      isBrought = false;
      isGone = false;
    },
    isSettled() {
      if (!newest) return (!had || deps.before !== undefined) && revoked.size === 0;
      const isInUse = phase === 'kept' && !newest.refused && (newest.accepted > 0 || !redeemed);
      return isInUse && !isGone && !isBrought && !fallback && revoked.size === 0;
    },
    isShownBy(set) {
      const hand = newest?.held.set;
      const isHand = hand?.access_token === set.access_token && hand?.refresh_token === set.refresh_token;
      const isAllTold = () => untold.every((one) => !isSpent(one) || isRenewedSince(set, one));
      return isHand && kinship.isToldBy(set) && isAllTold();
    },
    isReplaced: (token) => replaced.has(token) || deps.isRedeemed(token),
    isRefused: (token) => refused.has(token),
    isDead: deps.isDead,
  };
}

function tokensOf({ access_token: access, refresh_token: refresh }: TokenSet): string[] {
  return [access, refresh].filter((token) => typeof token === 'string' && token !== '') as string[];
}

function remember(tokens: Set<string>, token: string): void {
  tokens.add(fingerprint(token));
  for (const oldest of tokens) {
    if (tokens.size <= keptFingerprints) break;
    tokens.delete(oldest);
  }
}
