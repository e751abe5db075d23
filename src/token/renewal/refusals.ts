import type { Env } from '../../time/env.js';
import type { RefusalReason } from '../../failure/challenge.js';
import type { ProcoreError } from '../../failure/errors.js';
import type { Way } from '../../wire/way.js';
import { awakeNow, type Patience } from '../../time/within.js';
import { noBackoff } from '../../time/backoff.js';
import { areBraked, braked, mostReplaced, replacedAgain, type Brakes } from './standing.js';
import type { Lease, Ledger } from '../pair/ledger.js';
import type { RunningRenewal } from './renewal.js';
import type { Sequence } from './sequence.js';
import { unlessHeld, type Hold } from './hold.js';

/**
 * What a 401 leads to. `renewed`: a renewal was made for this call, which gets no second one. `releasesBrake`: the call is replayed with a
 * pair that has come in answer to its 401, renewed here or by another process, so any other answer than 401 resets the brake on renewals.
 */
export type RefusalOutcome =
  | { kind: 'replay'; renewed: boolean; releasesBrake: boolean }
  | { kind: 'return' }
  | { kind: 'failed'; error: ProcoreError }
  | { kind: 'aborted' };

/** How long a call waits for what its 401 leads to. */
export interface RefusalPatience extends Patience {
  /** No token was renewed for a 401 of this call before. */
  readonly mayRenew: boolean;
  /** Called when the wait for a renewal begins, if there is one. */
  readonly waits?: () => void;
}

/** Decides what a 401 of the API leads to, and renews where it takes a renewal. The replay itself is made in `line/replay.ts`. */
export interface Refusals {
  refused(lease: Lease, reason: RefusalReason, patience: RefusalPatience): Promise<RefusalOutcome>;
  /** Nothing is held against the next renewal for a 401. */
  release(): void;
}

/** Creates what decides about the 401s of one account. */
export function createRefusals(deps: {
  env: Env;
  ledger: Ledger;
  sequence: Sequence;
  /** The account's own, which this changes. */
  brakes: Brakes;
  /** `learn()`: it has been seen to kill an access token when it is replaced. */
  server: { learn(): void };
  /** The account's own: whether calls wait for the renewal of another process. */
  flight: { readonly hold: Hold | undefined };
  /** New calls wait for a renewal that lets those in flight finish. */
  isPaused: () => boolean;
  /** Where each process can ask for tokens by itself: told when somebody else seems to replace them again and again. */
  tellShared: (() => void) | undefined;
}): Refusals {
  const { env, ledger, sequence } = deps;
  const { brakes } = deps;

  /** A refusal of the newest token: may it lead to a renewal? */
  function mayRenewFor(lease: Lease, reason: RefusalReason): true | RefusalOutcome {
    if (sequence.running) {
      // It was refused before the grant was presented: this renewal has not invalidated it.
      if (!sequence.running.posted) died(lease);
      return true;
    }
    if (reason === 'none' && lease.accepted > 0) return { kind: 'return' };
    if (areBraked(brakes, env.now())) return { kind: 'return' };
    died(lease);
    const error = sequence.objection('automatic');
    if (error) return { kind: 'failed', error };
    return true;
  }

  /** Braked until one of its replays is accepted; a renewal that failed is held back by its own verdict. */
  function startForRefusal(alreadyDone: () => Lease | undefined, way: Way | undefined): RunningRenewal {
    const run = sequence.start(alreadyDone, way);
    void run.done.then(({ kind }) => {
      // A pair that another process has renewed has cost no exchange here, and may have expired meanwhile.
      if (kind !== 'renewed') return;
      brakes.brake = braked(brakes.brake, env.now());
      if (!deps.tellShared) return;
      brakes.replacing = replacedAgain(brakes.replacing, env.now());
      if (brakes.replacing.times === mostReplaced) deps.tellShared();
    });
    return run;
  }

  function died(lease: Lease): void {
    lease.diedAlone = true;
    ledger.refused(lease);
  }

  async function refused(
    lease: Lease,
    reason: RefusalReason,
    { maxMs, signal, way, mayRenew, waits }: RefusalPatience,
  ): Promise<RefusalOutcome> {
    const untilMs = awakeNow(env) + maxMs;
    const acceptedBefore = lease.accepted;
    const replaced = () => lease !== ledger.newest;
    // The token worked until it was replaced: this server invalidates the old access token at a refresh.
    const expired = ledger.hasEnded(lease);
    const ofToken = reason !== 'other';
    if (ofToken && !expired && !lease.refused && !lease.diedAlone && (replaced() || sequence.running?.posted))
      deps.server.learn();
    // The other process may have invalidated the token just now. Its pair is taken then, and the replay must not be one of the calls in flight.
    const held = ofToken && unlessHeld(deps.flight, env, untilMs, signal);
    if (held && (await held).kind === 'aborted') return { kind: 'aborted' };
    if (replaced()) {
      if (ofToken) ledger.refused(lease);
      const current = sequence.working();
      if (current && current !== lease && !deps.isPaused())
        return { kind: 'replay', renewed: false, releasesBrake: false };
    }
    if (!mayRenew || !ofToken) return { kind: 'return' };
    if (!replaced()) {
      const may = mayRenewFor(lease, reason);
      if (may !== true) return may;
    }
    waits?.();
    for (;;) {
      const run =
        sequence.running ?? startForRefusal(() => (replaced() ? sequence.working() : undefined), way);
      const releasesBrake = !replaced() && !run.posted;
      const waited = await sequence.waitFor(run, untilMs, signal);
      if (waited.kind === 'aborted') return { kind: 'aborted' };
      // It was refused while the grant was presented, and has not been accepted since: the refresh has invalidated it.
      if (replaced() && reason === 'token' && lease.accepted === acceptedBefore) ledger.refused(lease);
      const current = ledger.current();
      // It worked until another process replaced it: what the server does at a refresh shows in this process, too.
      const isReplacedElsewhere =
        waited.kind === 'done' && waited.value.kind === 'adopted' && waited.value.from === 'store';
      if (isReplacedElsewhere && current !== lease && !expired && acceptedBefore > 0) deps.server.learn();
      if (current && current !== lease) {
        // A pair that another process has renewed, or that was on its way already, is no renewal for this call.
        const renewed = releasesBrake && waited.kind === 'done' && waited.value.kind === 'renewed';
        return { kind: 'replay', renewed, releasesBrake };
      }
      // The new pair is not saved, and calls go on with this token, which has been accepted meanwhile: the 401 is the route's own.
      if (current && replaced() && waited.kind === 'done' && waited.value.kind !== 'superseded')
        return { kind: 'return' };
      if (waited.kind === 'done' && waited.value.kind === 'failed')
        return { kind: 'failed', error: waited.value.error };
      if (waited.kind === 'elapsed' || awakeNow(env) >= untilMs)
        return { kind: 'failed', error: sequence.overdue(run) };
    }
  }

  return {
    refused,
    release() {
      brakes.brake = noBackoff;
    },
  };
}
