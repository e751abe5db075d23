import type { InContext } from '../../time/async-context.js';
import type { Env } from '../../time/env.js';
import { TokenRenewalError, type ProcoreError } from '../../failure/errors.js';
import type { Way } from '../../wire/way.js';
import { awakeNow, within, type Waited } from '../../time/within.js';
import type { Shown } from '../loading/first-load.js';
import type { Ledger } from '../pair/ledger.js';
import type { Lease } from '../pair/pairs.js';
import type { RenewalResult, RenewalRun, RunningRenewal } from './renewal.js';
import type { TokenEvents } from '../told/token-events.js';
import type { Turns } from '../../time/serial.js';
import {
  afterRenewalFailure,
  isRejected,
  mayRenewInBackground,
  noVerdicts,
  objection,
  type Verdicts,
  type Wish,
} from './standing.js';
import type { Writes } from '../saving/writes.js';

/** What earlier renewals of one account have come to, as a value. */
export interface Past {
  verdicts: Verdicts;
  /** When one has brought a pair last, in ms since 1970. */
  lastRenewalMs: number | undefined;
}

/** The renewals of one account, one at a time, and what they have come to. */
export interface Sequence {
  readonly running: RunningRenewal | undefined;
  /** A person has to authorize the account anew, as far as is known. */
  readonly isDead: boolean;
  /** When a renewal has brought a pair last, in ms since 1970. */
  readonly lastRenewalMs: number | undefined;
  /** The lease in use, if it can be expected to work. */
  working(): Lease | undefined;
  /** Why no renewal may start now. */
  objection(wish: Wish): ProcoreError | undefined;
  /** Whether one may start while calls go on without it. */
  mayRunInBackground(): boolean;
  /**
   * Starts one, in its turn. `alreadyDone` is asked then: a lease that it returns makes the renewal needless. `way`: that of the call that sets
   * it off; `shown`: what the store has just shown.
   */
  start(alreadyDone: () => Lease | undefined, way?: Way, shown?: Shown): RunningRenewal;
  waitFor(
    run: RunningRenewal,
    untilMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Waited<RenewalResult>>;
  /** The error for a call that does not wait any longer for this renewal. */
  overdue(run: RenewalRun): ProcoreError;
  /** What is under way is neither saved nor used any more. `dead`: the error that later renewals end with at once. */
  supersede(dead?: ProcoreError): void;
  /** The next one may start at once, whatever the earlier ones have come to. */
  clearVerdicts(): void;
}

/** Creates the sequence of one account. */
export function createSequence(deps: {
  env: Env;
  account: string;
  ledger: Ledger;
  turns: Turns;
  renewal: (run: RenewalRun) => Promise<RenewalResult>;
  tokenEvents: TokenEvents;
  writes: Pick<Writes, 'saveLate' | 'isMoving'>;
  /** The account's own, which this changes. */
  past: Past;
  /** Another process has renewed. */
  adoptedFromStore: () => void;
  /** Calls need not wait any longer for those in flight to finish. */
  release: () => void;
  /** Numbers the renewals that calls wait for, over all accounts of the client. */
  ticket: () => number;
  /** The application's own refreshes are answered, also before there is any pair. */
  takesOver: () => boolean;
  /** A renewal is the account's, and not that of the call that sets it off. */
  inContext: InContext;
}): Sequence {
  const { env, account, ledger, turns, tokenEvents } = deps;
  const name = JSON.stringify(account);
  const { past } = deps;
  let running: RunningRenewal | undefined;

  /** Remembers and tells what a renewal came to, before anybody who waits for it goes on. */
  function settle(run: RenewalRun, result: RenewalResult): RenewalResult {
    if (run.signal.aborted) return { kind: 'superseded' };
    running = undefined;
    deps.release();
    if (result.kind === 'superseded') return result;
    if (result.kind === 'loaded') {
      past.verdicts = { ...past.verdicts, dead: undefined, store: noVerdicts.store };
      return result;
    }
    if (result.kind === 'failed') {
      const wasTold =
        (result.verdict === 'dead' && past.verdicts.dead !== undefined) ||
        (result.verdict === 'rejected' && isRejected(past.verdicts, env.now()));
      const after = afterRenewalFailure(past.verdicts, result, env.now(), env.random());
      past.verdicts = after.verdicts;
      // The application may still come with a refresh token of its own.
      const isStart = deps.takesOver() && result.verdict === 'dead' && !ledger.newest;
      if (!wasTold && !isStart) tokenEvents.failed(after.error);
      return { ...result, error: after.error };
    }
    past.verdicts = noVerdicts;
    past.lastRenewalMs = env.now();
    if (result.kind === 'adopted') {
      tokenEvents.adopted(result.lease, result.from);
      if (result.from === 'store') deps.adoptedFromStore();
    } else tokenEvents.renewed(result.lease, result.unsaved !== undefined);
    if (ledger.unsaved) {
      tokenEvents.saveFailed(result.unsaved?.why ?? 'it failed', result.unsaved?.cause);
      deps.writes.saveLate();
    }
    return result;
  }

  return {
    get running() {
      return running;
    },
    get isDead() {
      return past.verdicts.dead !== undefined;
    },
    get lastRenewalMs() {
      return past.lastRenewalMs;
    },
    working() {
      if (deps.writes.isMoving()) return undefined;
      const lease = ledger.current();
      const freshness = ledger.freshness(lease);
      if (!lease || freshness === 'expired' || freshness === 'missing') return undefined;
      // The token is refused and no renewal can replace it: another request with it would only be another 401.
      return lease.refused && past.verdicts.dead ? undefined : lease;
    },
    objection: (wish) => objection(past.verdicts, wish, env.now()),
    mayRunInBackground: () => mayRenewInBackground(past.verdicts, env.now()),
    start(alreadyDone, way, shown) {
      const run: RenewalRun = {
        signal: turns.generation,
        alreadyDone,
        way,
        shown,
        isAsked: false,
        waiting: 0,
        waitsUntilMs: -Infinity,
        ticket: Infinity,
        onWaitersChanged: undefined,
        posted: false,
        lastError: undefined,
      };
      const done = deps.inContext(() =>
        turns
          .inTurn(() => deps.renewal(run))
          .catch((): RenewalResult => {
            // After a defect of ours no call may hang, and the pair in hand is kept and saved.
            if (ledger.unsaved && !run.signal.aborted) {
              ledger.saveFailed();
              deps.writes.saveLate();
            }
            const error = new TokenRenewalError(`the renewal for account ${name} broke off.`, { account });
            return { kind: 'failed', verdict: 'undecided', error };
          })
          .then((result) => settle(run, result)),
      );
      running = Object.assign(run, { done });
      return running;
    },
    waitFor(run, untilMs, signal) {
      run.waitsUntilMs = Math.max(run.waitsUntilMs, untilMs);
      if (run.ticket === Infinity) run.ticket = deps.ticket();
      if (++run.waiting === 1) run.onWaitersChanged?.();
      return within(env, Math.max(0, untilMs - awakeNow(env)), run.done, signal).finally(() => {
        if (--run.waiting > 0) return;
        run.waitsUntilMs = -Infinity;
        run.onWaitersChanged?.();
      });
    },
    overdue(run) {
      const summary = `the renewal for account ${name} is still under way; it goes on, and its tokens will be saved and used.`;
      return run.lastError ?? new TokenRenewalError(summary, { account });
    },
    supersede(dead) {
      turns.supersede();
      running = undefined;
      deps.release();
      past.verdicts = dead ? { ...noVerdicts, dead: { error: dead, checkedAtMs: env.now() } } : noVerdicts;
    },
    clearVerdicts() {
      past.verdicts = noVerdicts;
    },
  };
}
