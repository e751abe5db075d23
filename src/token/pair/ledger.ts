import type { TokenSet } from '../../store/store.js';
import { KnownPairs, type LedgerDeps } from './known-pairs.js';
import type { Lease, Pairs } from './pairs.js';
import type { HeldTokens } from './token-set.js';
import * as after from './transitions.js';
import type { Circumstances } from './transitions.js';

export type { Lease } from './pairs.js';
export type { LetGo } from './transitions.js';

/** Creates the ledger of one account. */
export function createLedger(deps: LedgerDeps): Ledger {
  return new PairLedger(deps);
}

export type Ledger = PairLedger;

/**
 * The pairs of one account, as the parts that renew, load and save see them. The parts tell here what has happened, and `transitions.ts` then
 * makes the pairs after from the pairs before. It is a class and no set of closures, because one is made for each
 * account that is used for the first time.
 */
class PairLedger extends KnownPairs {
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
    for (const lease of [this.pairs.newest, this.pairs.older]) if (lease) lease.diedAlone = true;
    this.set(after.cleared(this.pairs));
    this.deps.onHold?.(undefined);
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
    this.deps.onHold?.(pairs.newest?.held);
    return pairs.newest!;
  }
}
