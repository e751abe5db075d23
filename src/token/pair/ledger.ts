import type { TokenSet } from '../../store/store.js';
import type { KnownTokens } from './comparison.js';
import { fingerprint } from './fingerprint.js';
import { hasHeld, isOfSameUser, isShownBy, tokensInHand } from './former-tokens.js';
import type { Freshness } from './freshness.js';
import {
  currentOf,
  freshnessNow,
  isRevoked,
  knownFreshness,
  mayBeAlive,
  type Clocks,
  type Lease,
  type Pairs,
} from './pairs.js';
import type { HeldTokens } from './token-set.js';
import * as after from './transitions.js';
import type { Circumstances, LetGo } from './transitions.js';

/** What a ledger is made with. */
export interface LedgerDeps {
  readonly now: () => number;
  readonly serverOffsetMs: () => number;
  readonly isRedeemed: (fingerprint: string) => boolean;
  readonly isDead: (fingerprint: string) => boolean;
  /** Whether a renewal can replace this pair without a new log-in. */
  readonly isRenewable: (held: HeldTokens) => boolean;
  /** The account, whose pairs these are. */
  readonly of: { pairs: Pairs };
  /** The tokens that the account had when it was let go, if it has come back. */
  readonly before: LetGo | undefined;
  /** Called with the tokens that are held from now on. */
  readonly onHold: (held: HeldTokens | undefined) => void;
}

/**
 * The pairs of one account, as the parts that renew, load and save see them: what they may ask, and after that what they tell has happened.
 * What the pairs are after each event is decided in `transitions.ts`. It is a class and no set of closures, because one is made for each
 * account that is used for the first time.
 */
export class Ledger implements KnownTokens {
  constructor(private readonly deps: LedgerDeps) {}

  private get pairs(): Pairs {
    return this.deps.of.pairs;
  }

  get newest(): Lease | undefined {
    return this.pairs.newest;
  }

  /** Whether this process has had tokens of the account. */
  get hadTokens(): boolean {
    return this.pairs.had;
  }

  /** The set that the store is believed to hold. */
  get stored(): TokenSet | undefined {
    return this.pairs.stored;
  }

  /** The set that this process has last seen in the store, however long ago. */
  get seenLast(): TokenSet | undefined {
    return this.pairs.stored ?? this.deps.before?.set;
  }

  /** Whether the newest pair is in memory only. */
  get unsaved(): boolean {
    return this.pairs.phase !== 'kept';
  }

  get isGone(): boolean {
    return this.pairs.isGone;
  }

  get isBrought(): boolean {
    return this.pairs.isBrought;
  }

  /**
   * Whether the newest pair is in memory only, as far as this process knows, and somebody else may have it too. False for a pair that the
   * application has brought: that may be the pair of an old session, and is presented before it is saved over the stored pair.
   */
  get mayBeElsewhere(): boolean {
    return this.unsaved && !this.isBrought && this.pairs.mayBeElsewhere;
  }

  /** The sets in memory whose tokens the server may still accept. */
  mayBeAlive(): TokenSet[] {
    return mayBeAlive(this.pairs);
  }

  /** The lease that a call takes now, whatever its freshness; undefined where the call has to wait. */
  current(): Lease | undefined {
    return currentOf(this.pairs, this.clocks());
  }

  /** The freshness of a lease. A pair that is on trial counts as fresh. */
  freshness(lease: Lease | undefined): Freshness {
    return freshnessNow(lease, this.clocks());
  }

  /** Whether the access token has expired as far as is known, also where it is on trial. */
  hasEnded(lease: Lease): boolean {
    return knownFreshness(lease, this.clocks()) === 'expired';
  }

  /** Whether this is the newest pair, by its refresh token, or by its access token where it has none. */
  isInHand({ refreshToken, accessToken }: HeldTokens): boolean {
    const hand = this.pairs.newest?.held;
    if (!hand) return false;
    return refreshToken ? refreshToken === hand.refreshToken : accessToken === hand.accessToken;
  }

  isRevoked(set: TokenSet): boolean {
    return isRevoked(this.pairs, set);
  }

  /**
   * Whether this pair was held, and a renewal, here or elsewhere, has replaced it. A pair that the application has replaced does not count.
   */
  isOutdated({ refreshToken, accessToken }: HeldTokens): boolean {
    const token = fingerprint(refreshToken ?? accessToken ?? '');
    const { outdated, hasMovedOn } = this.pairs;
    return outdated.has(token) || (hasMovedOn && this.deps.before?.isWith(token) === true);
  }

  /** Whether this refresh token was held before, and belonged to the user whose pair is held now. */
  isOfSameUser(refreshToken: string): boolean {
    return isOfSameUser(this.pairs, refreshToken);
  }

  /** Whether the account holds or has held the token of this fingerprint. */
  hasHeld(token: string): boolean {
    return hasHeld(this.pairs, token);
  }

  /** The fingerprints of all tokens that the account holds or has held. */
  everHeld(): Iterable<string> {
    return [...this.pairs.former.keys(), ...tokensInHand(this.pairs)];
  }

  /** Whether this set of the store tells all that has to be known of the account, so that it can be let go. */
  isShownBy(set: TokenSet): boolean {
    return isShownBy(this.pairs, set);
  }

  isReplaced(token: string): boolean {
    return this.pairs.replaced.has(token) || this.deps.isRedeemed(token);
  }

  isRefused(token: string): boolean {
    return this.pairs.refused.has(token);
  }

  isDead(token: string): boolean {
    return this.deps.isDead(token);
  }

  private clocks(): Clocks {
    return { nowMs: this.deps.now(), serverOffsetMs: this.deps.serverOffsetMs() };
  }

  kept(held: HeldTokens): Lease {
    return this.place(after.kept(this.pairs, held, this.now(held)));
  }

  gaveWay(held: HeldTokens): Lease {
    return this.place(after.gaveWay(this.pairs, held, this.now(held)));
  }

  changed(held: HeldTokens): Lease {
    return this.place(after.changed(this.pairs, held, this.now(held)));
  }

  issued(held: HeldTokens, isSuccessor = false): Lease {
    return this.place(after.issued(this.pairs, held, this.now(held), isSuccessor));
  }

  /** Holds the pair again that gave way to the store's; undefined where there is none. */
  takenBack(): Lease | undefined {
    const { fallback } = this.pairs;
    return fallback && this.place(after.takenBack(this.pairs, this.now(fallback)));
  }

  brought(held: HeldTokens): Lease {
    return this.place(after.brought(this.pairs, held, this.now(held)));
  }

  /** Sets the fields with which the newest pair is saved. */
  carry(set: TokenSet): void {
    const { newest } = this.pairs;
    if (newest) newest.held = { ...newest.held, set };
  }

  saved(): void {
    this.set(after.saved(this.pairs));
  }

  saveFailed(): void {
    this.set(after.saveFailed(this.pairs));
  }

  lost(): void {
    this.set(after.lost(this.pairs));
  }

  overwritten(by: TokenSet): void {
    this.set(after.overwritten(this.pairs, by));
  }

  seen(stored: TokenSet): void {
    this.set(after.seen(this.pairs, stored));
  }

  dismissed(set: TokenSet): void {
    this.set(after.dismissed(this.pairs, set));
  }

  revived(set: TokenSet): void {
    this.set(after.revived(this.pairs, set));
  }

  refused(lease: Lease): void {
    lease.refused = true;
    this.set(after.refused(this.pairs, lease));
  }

  revoked(set: TokenSet): void {
    this.set(after.revoked(this.pairs, set));
  }

  cleared(): void {
    // A 401 for these leases that comes later does not show that the server invalidates the old access token at a renewal.
    for (const lease of [this.pairs.newest, this.pairs.older]) if (lease) lease.endedByItself = true;
    this.set(after.cleared(this.pairs));
    this.deps.onHold(undefined);
  }

  private now(held: HeldTokens): Circumstances {
    const { deps } = this;
    return {
      nowMs: deps.now(),
      serverOffsetMs: deps.serverOffsetMs(),
      isRenewable: deps.isRenewable(held),
      before: deps.before,
    };
  }

  private set(pairs: Pairs): void {
    this.deps.of.pairs = pairs;
  }

  private place(pairs: Pairs): Lease {
    this.set(pairs);
    this.deps.onHold(pairs.newest?.held);
    return pairs.newest!;
  }
}
