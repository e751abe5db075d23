import type { Env } from '../env.js';
import type { RefusalReason } from '../failure/challenge.js';
import type { ProcoreError } from '../failure/errors.js';
import type { Waited } from '../within.js';
import { braked, isBraked, releasedBrake } from './brake.js';
import type { Lease, Ledger } from './ledger.js';
import type { RenewalResult, RenewalRun } from './renewal.js';

/** How long and by whose leave a call waits. */
export interface Patience {
  readonly maxMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What a 401 leads to. `renewed`: a renewal was waited for; `proves`: if this replay is accepted, that renewal has helped. */
export type Refusal =
  | { kind: 'replay'; renewed: boolean; proves: boolean }
  | { kind: 'return' }
  | { kind: 'failed'; error: ProcoreError }
  | { kind: 'aborted' };

/** A renewal and its end. */
export type RunningRenewal = RenewalRun & { done: Promise<RenewalResult> };

/** Renewals as a 401 sees them. */
export interface RenewalsUnderWay<R extends RunningRenewal> {
  readonly running: R | undefined;
  /** New calls wait for a renewal that lets those in flight finish. */
  readonly holding: boolean;
  working(): Lease | undefined;
  start(satisfied: () => Lease | undefined): R;
  /** Why no renewal may start now. */
  objection(): ProcoreError | undefined;
  waitFor(run: R, untilMs: number, signal: AbortSignal | undefined): Promise<Waited<RenewalResult>>;
  /** Tells of a renewal that has taken too long. */
  overdue(run: R): ProcoreError;
}

/** Answers 401s of the API with replays. */
export interface Refusals {
  refused(lease: Lease, reason: RefusalReason, patience: Patience & { mayRenew: boolean }): Promise<Refusal>;
  /** Nothing is held against the next renewal for a 401. */
  release(): void;
  /** This server has been seen to kill an access token when it is replaced. */
  readonly oldDies: boolean;
}

/** Creates the one who decides about the 401s of one account. */
export function createRefusals<R extends RunningRenewal>(deps: {
  env: Env;
  ledger: Ledger;
  renewals: RenewalsUnderWay<R>;
}): Refusals {
  const { env, ledger, renewals } = deps;
  let brake = releasedBrake;
  let oldDies = false;

  /** A refusal of the newest token: may it lead to a renewal? */
  function mayRenewFor(lease: Lease, reason: RefusalReason): true | Refusal {
    if (renewals.running) {
      // Refused before the grant was presented: the renewal is not what killed it.
      if (!renewals.running.posted) died(lease);
      return true;
    }
    if (reason === 'none' && lease.accepted) return { kind: 'return' };
    if (isBraked(brake, env.now())) return { kind: 'return' };
    died(lease);
    const error = renewals.objection();
    if (error) return { kind: 'failed', error };
    return true;
  }

  /** Braked until one of its replays is accepted; a renewal that failed is held back by its own verdict. */
  function startForRefusal(satisfied: () => Lease | undefined): R {
    const run = renewals.start(satisfied);
    void run.done.then(({ kind }) => {
      if (kind === 'renewed' || kind === 'adopted') brake = braked(brake, env.now());
    });
    return run;
  }

  function died(lease: Lease): void {
    lease.diedAlone = true;
    ledger.refuse(lease);
  }

  async function refused(
    lease: Lease,
    reason: RefusalReason,
    { maxMs, signal, mayRenew }: Patience & { mayRenew: boolean },
  ): Promise<Refusal> {
    const untilMs = env.now() + maxMs;
    const replaced = () => lease !== ledger.newest;
    // The token was good until its replacement came: on this server, calls in flight pay for a renewal.
    const expired = ledger.freshness(lease) === 'expired';
    const ofToken = reason !== 'other';
    if (ofToken && !expired && !lease.diedAlone && (replaced() || renewals.running?.posted)) oldDies = true;
    if (replaced()) {
      if (ofToken) ledger.refuse(lease);
      const current = renewals.working();
      if (current && current !== lease && !renewals.holding)
        return { kind: 'replay', renewed: false, proves: false };
    }
    if (!mayRenew || !ofToken) return { kind: 'return' };
    if (!replaced()) {
      const may = mayRenewFor(lease, reason);
      if (may !== true) return may;
    }
    for (;;) {
      const run = renewals.running ?? startForRefusal(() => (replaced() ? renewals.working() : undefined));
      const proves = !replaced() && !run.posted;
      const waited = await renewals.waitFor(run, untilMs, signal);
      if (waited.kind === 'aborted') return { kind: 'aborted' };
      const current = ledger.current();
      if (current && current !== lease) return { kind: 'replay', renewed: true, proves };
      // The new pair is not saved, and calls go on with this token, which has been accepted meanwhile: the 401 is the route's own.
      if (current && replaced() && waited.kind === 'done' && waited.value.kind !== 'superseded')
        return { kind: 'return' };
      if (waited.kind === 'done' && waited.value.kind === 'failed')
        return { kind: 'failed', error: waited.value.error };
      if (waited.kind === 'elapsed' || env.now() >= untilMs)
        return { kind: 'failed', error: renewals.overdue(run) };
    }
  }

  return {
    refused,
    release() {
      brake = releasedBrake;
    },
    get oldDies() {
      return oldDies;
    },
  };
}
