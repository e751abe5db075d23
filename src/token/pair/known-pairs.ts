import type { TokenSet } from '../../store/store.js';
import { fingerprint } from './fingerprint.js';
import type { Freshness } from './freshness.js';
import type { KnownTokens } from './comparison.js';
import { hasHeld, isOfSameUser, isShownBy, tokensInHand } from './former-tokens.js';
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
import type { LetGo } from './transitions.js';

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
  readonly before?: LetGo | undefined;
  /** Called with the tokens that are held from now on. */
  readonly onHold?: (held: HeldTokens | undefined) => void;
}

/** What the parts of an account may ask of its pairs. What may happen to them is in `ledger.ts`. */
export class KnownPairs implements KnownTokens {
  constructor(protected readonly deps: LedgerDeps) {}

  protected get pairs(): Pairs {
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

  protected clocks(): Clocks {
    return { nowMs: this.deps.now(), serverOffsetMs: this.deps.serverOffsetMs() };
  }
}
