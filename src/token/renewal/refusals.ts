import type { Env } from '../../time/env.js';
import type { RefusalReason } from '../../failure/challenge.js';
import type { ProcoreError } from '../../failure/errors.js';
import type { Way } from '../../wire/way.js';
import { awakeNow, within, type WaitBounds } from '../../time/within.js';
import { noBackoff, afterFailure, doublingMs, isBackingOff, type Backoff } from '../../time/backoff.js';
import type { Ledger } from '../pair/ledger.js';
import type { Lease } from '../pair/pairs.js';
import type { RunningRenewal } from './renewal.js';
import type { Sequence } from './sequence.js';
import { unlessHeld, type Hold } from './drain.js';

/** What a 401 leads to. `renewed`: a renewal was made for this call, which gets no second one. */
export type RefusalOutcome =
  | { kind: 'replay'; renewed: boolean }
  | { kind: 'return' }
  | { kind: 'failed'; error: ProcoreError }
  | { kind: 'aborted' };

/** How long a call waits for what its 401 leads to. */
export interface RefusalBounds extends WaitBounds {
  /** No token was renewed for a 401 of this call before. */
  readonly mayRenew: boolean;
  /** Called when the wait for a renewal, here or in another process, begins, if there is one. */
  readonly waits?: () => void;
}

/** Decides what a 401 of the API leads to, and renews where it takes a renewal. The replay itself is made in `line/replay.ts`. */
export interface Refusals {
  refused(lease: Lease, reason: RefusalReason, bounds: RefusalBounds): Promise<RefusalOutcome>;
  /** The next renewal for a 401 is held back no longer. */
  release(): void;
}

/** Creates what decides about the 401s of one account. */
export function createRefusals(deps: {
  env: Env;
  ledger: Ledger;
  sequence: Sequence;
  /** The account's own, which this changes. */
  brakes: Brakes;
  /** `foundInvalidating()`: it has been seen to invalidate an access token when that is replaced. */
  server: { foundInvalidating(): void };
  /** The account's own: whether calls wait for the renewal of another process. */
  flight: { readonly hold: Hold | undefined };
  /** New calls wait for a renewal that lets those in flight finish. */
  isPaused: () => boolean;
  /** Takes what another process has saved, and waits for one that is about to save. Resolves with whether it has taken a pair. */
  look: () => Promise<boolean>;
  /** Called when another process seems to replace the tokens again and again; undefined for an account with refresh tokens. */
  tellShared: (() => void) | undefined;
}): Refusals {
  const { env, ledger, sequence, brakes } = deps;
  let looking: Promise<boolean> | undefined;

  /** Whether a refusal of the newest token may lead to a renewal, where none is under way. */
  function mayRenewFor(lease: Lease, reason: RefusalReason, mayRenew: boolean): boolean {
    // It has expired on the way: the next call renews it anyway.
    if (ledger.freshness(lease) === 'expired') return true;
    return mayRenew && (reason === 'token' || lease.accepted === 0) && !areBraked(brakes, env.now());
  }

  /** All calls whose 401s arrive together share one look at the store. */
  function look(): Promise<boolean> {
    looking ??= deps.look().finally(() => (looking = undefined));
    return looking;
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
    lease.endedByItself = true;
    ledger.refused(lease);
  }

  async function refused(
    lease: Lease,
    reason: RefusalReason,
    { maxMs, signal, way, mayRenew, waits }: RefusalBounds,
  ): Promise<RefusalOutcome> {
    const untilMs = awakeNow(env) + maxMs;
    const acceptedBefore = lease.accepted;
    const replaced = () => lease !== ledger.newest;
    // The token worked until it was replaced: this server invalidates the old access token at a refresh.
    const expired = ledger.hasEnded(lease);
    const ofToken = reason !== 'other';
    if (
      ofToken &&
      !expired &&
      !lease.refused &&
      !lease.endedByItself &&
      (replaced() || sequence.running?.posted)
    )
      deps.server.foundInvalidating();
    // The other process may have invalidated the token just now. Its pair is taken then, and the replay must not be one of the calls in flight.
    const held = ofToken && unlessHeld(deps.flight, env, untilMs, signal);
    if (held && (await held).kind === 'aborted') return { kind: 'aborted' };
    if (replaced()) {
      if (ofToken) ledger.refused(lease);
      const current = sequence.working();
      if (current && current !== lease && !deps.isPaused()) return { kind: 'replay', renewed: false };
    }
    if (!ofToken) return { kind: 'return' };
    for (let isFirst = true; ; isFirst = false) {
      const needsRenewal = !replaced() && !sequence.running;
      const mayGoOn = !needsRenewal || mayRenewFor(lease, reason, mayRenew);
      // It was refused before the grant was presented: no renewal has invalidated it.
      if (mayGoOn && !replaced() && !sequence.running?.posted) died(lease);
      const error = mayGoOn && needsRenewal ? sequence.objection('automatic') : undefined;
      if (isFirst) waits?.();
      if (!mayGoOn || error) {
        // No renewal is begun here, but another process may have got a pair.
        const looked = await within(env, Math.max(0, untilMs - awakeNow(env)), look(), signal);
        if (looked.kind === 'aborted') return { kind: 'aborted' };
        if (!replaced() && !sequence.running) return error ? { kind: 'failed', error } : { kind: 'return' };
      }
      const run =
        sequence.running ?? startForRefusal(() => (replaced() ? sequence.working() : undefined), way);
      const isForThis = !replaced() && !run.posted;
      const waited = await sequence.waitFor(run, untilMs, signal);
      if (waited.kind === 'aborted') return { kind: 'aborted' };
      // It was refused while the grant was presented, and has not been accepted since: the refresh has invalidated it.
      if (replaced() && reason === 'token' && lease.accepted === acceptedBefore) ledger.refused(lease);
      const current = ledger.current();
      // It worked until another process replaced it: what the server does at a refresh shows in this process, too.
      const isReplacedElsewhere =
        waited.kind === 'done' && waited.value.kind === 'adopted' && waited.value.from === 'store';
      if (isReplacedElsewhere && current !== lease && !expired && acceptedBefore > 0)
        deps.server.foundInvalidating();
      if (current && current !== lease) {
        // A pair that another process has renewed, or that was on its way already, is no renewal for this call.
        const renewed = isForThis && waited.kind === 'done' && waited.value.kind === 'renewed';
        return { kind: 'replay', renewed };
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

/**
 * What holds back the renewals of one account for a 401, as a value. A route that always answers 401 must cost an exchange now and then, not
 * one per call.
 */
export interface Brakes {
  /** Renewals for a 401 of which no replay has been accepted yet. */
  brake: Backoff;
  /** While somebody else replaces the tokens. */
  replacing: Replacing;
}

/** Whether a 401 is returned as it is instead of being answered with a renewal. */
export function areBraked({ brake, replacing }: Brakes, nowMs: number): boolean {
  return isBackingOff(brake, nowMs) || isBackingOff(replacing, nowMs);
}

/** After a renewal for a 401, until one of its replays is accepted: the next one waits 5 s, doubling to 5 minutes. */
export function braked(brake: Backoff, nowMs: number): Backoff {
  return afterFailure(brake, nowMs, 0);
}

/** Renewals for a 401 that followed soon one after another, although each of them helped: somebody else replaces the tokens. */
export interface Replacing {
  readonly times: number;
  /** The last of them. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** Nobody replaces the tokens. */
export const notReplacing: Replacing = Object.freeze({ times: 0, sinceMs: -Infinity, untilMs: -Infinity });

/** After so many in a row somebody else replaces the tokens. */
const mostReplaced = 3;
const soonMs = 60_000;

/** After another renewal for a 401; from the third in a row on the next one waits: 5 s, doubling to 5 minutes. */
function replacedAgain(before: Replacing, nowMs: number): Replacing {
  const sinceMs = nowMs - Math.max(before.sinceMs, before.untilMs);
  const times = sinceMs < soonMs ? before.times + 1 : 1;
  const waitMs = times < mostReplaced ? 0 : doublingMs(5_000, 5 * 60_000, times - mostReplaced);
  return { times, sinceMs: nowMs, untilMs: nowMs + waitMs };
}
