import type { ProcoreError } from '../../failure/errors.js';
import { storeRetryDelayMs } from '../../time/backoff.js';
import type { TokenSet } from '../../store/store.js';
import type { Way } from '../../wire/way.js';
import type { LoginGate } from '../endpoint/login-gate.js';
import type { CriticalSection, Section } from '../grant/critical-section.js';
import type { Notes } from '../grant/notes.js';
import type { Shown } from '../loading/first-load.js';
import { identityOf } from '../pair/comparison.js';
import type { Lease } from '../pair/pairs.js';
import { holdLoaded } from '../pair/token-set.js';
import type { Unsaved } from '../saving/saving.js';
import { failuresOf, type RenewalFailure } from '../told/failures.js';
import type { GrantInHand } from './adoption.js';
import { createRenewalAccess, type RenewalAccess } from './renewal-access.js';
import { createReader, currentWorks, type Entered } from './reading.js';
import { createRedemption, type RedemptionDeps } from './redemption.js';

/** How a renewal ended. */
export type RenewalResult =
  | { kind: 'loaded'; lease: Lease }
  | { kind: 'renewed'; lease: Lease; unsaved?: Unsaved }
  | { kind: 'adopted'; lease: Lease; from: 'store' | 'process'; unsaved?: Unsaved }
  | RenewalFailure
  /** The application has brought tokens of its own meanwhile, or those who waited for it have gone before its turn came. */
  | { kind: 'superseded' };

/** A renewal under way, as its owner and its sequence see it. */
export interface RenewalRun {
  /** Aborts when the application brings tokens of its own. */
  readonly signal: AbortSignal;
  /** Asked when its turn has come: what it was started for may have been done meanwhile. */
  readonly alreadyDone: () => Lease | undefined;
  /** The way of the call that has set it off, if it was one. */
  readonly way: Way | undefined;
  /** What the store has just shown, where nothing is held: it is not asked again for that. */
  shown: Shown | undefined;
  /** The application itself has asked for it, and no call. */
  isAsked: boolean;
  /** Calls that can still wait for it. */
  waiting: number;
  /** Until when the last of them waits. */
  waitsUntilMs: number;
  /** Its place among the renewals that calls wait for: that of its first call. Infinity: no call has ever waited for it. */
  ticket: number;
  /** Called when somebody begins to wait for it, and when nobody does any more. */
  onWaitersChanged: (() => void) | undefined;
  /** The grant has been presented. */
  posted: boolean;
  /** The last failure, which a call is told that does not wait any longer. */
  lastError: ProcoreError | undefined;
}

/** A renewal and its end. */
export type RunningRenewal = RenewalRun & { done: Promise<RenewalResult> };

/** What a round in the critical section came to: an end, another round, or a wait for the login host outside of it. */
export type Step = RenewalResult | { kind: 'again' } | { kind: 'queue'; why?: string };

/** Each round finds another token in the store. A few may come from a busy fleet; a broken store would give them without end. */
const mostRounds = 10;
/** A process whose note has not changed for so long counts as gone: late saves are tried at least once a minute, and wait for the lock. */
const lifeSignMs = 90_000;

/** Why there is no lock so far. Its holder may be a process that stands still, which only a person can end. */
const notGiven = (name: string | undefined) =>
  `store.lock() has not given the lock${name === undefined ? '' : ` ${name}`} yet. If the process that holds it stands still, continue or end it`;

/** What the renewals of one account need. */
export interface RenewalDeps extends RedemptionDeps {
  /** The account's own, which this changes: what was last seen of another process that could not save a new pair so far. */
  signs: { lifeSign: { readonly text: string; readonly seenAtMs: number } | undefined };
  section: CriticalSection;
  lockWaitMs: number;
  /** What the store calls the lock; undefined where it does not say. */
  lockName: () => string | undefined;
  /** Where the token requests of this client wait for the login host. */
  loginGate: () => LoginGate;
  /** Lets calls in flight finish where the server is known to kill their token. */
  drain: (run: RenewalRun) => Promise<void>;
}

/** One renewal: queue and lock, load, adopt or redeem, save. Never rejects but by a defect. */
export function createRenewal(deps: RenewalDeps): (run: RenewalRun) => Promise<RenewalResult> {
  const { env, account, grant, keeper, ledger, saver, grants, section, settings, signs, adoption } = deps;
  const failures = failuresOf(account, grant, deps.takesOver);
  const keyInHand = () => section.keyOf(ledger.newest?.held.refreshToken);
  const read = createReader({ ...deps, isHandOf: (key) => keyInHand() === key });
  const redeem = createRedemption(deps);

  return async (run) => {
    const access = createRenewalAccess({ env, gate: deps.loginGate(), settings, failures }, run);
    try {
      return await renew(run, access);
    } finally {
      access.leave();
    }
  };

  /** Rounds in the critical section, until one has come to an end; waits where the store or the login host wants it, holding neither. */
  async function renew(run: RenewalRun, access: RenewalAccess): Promise<RenewalResult> {
    for (let tries = 0; ; tries++) {
      if (run.signal.aborted) return { kind: 'superseded' };
      let step = await round(run, access);
      for (let rounds = 1; step.kind === 'again' || step.kind === 'queue';) {
        if (step.kind === 'queue') step = (await access.queue(step.why)) ?? (await round(run, access, true));
        else if (rounds++ < mostRounds) step = await round(run, access);
        else step = failures.store('it holds another token each time it is read');
      }
      if (step.kind !== 'failed' || (step.verdict !== 'store' && step.verdict !== 'garbage')) return step;
      if (run.signal.aborted) return { kind: 'superseded' };
      const adopted = adoption.adoptUnsaved(step);
      if (adopted) return adopted;
      if (step.verdict === 'garbage' || run.waiting === 0) return step;
      // The calls go on with the token that works.
      if (currentWorks(ledger) && !run.isAsked) return step;
      access.leave();
      // Nothing was redeemed, and the store may work again: it is tried for as long as a call waits.
      run.lastError = step.error;
      await env.sleep(storeRetryDelayMs(tries, env.random()), { signal: run.signal });
      if (run.waiting === 0) return step;
    }
  }

  /** Enters the critical section of the refresh token in hand. `hasPlace`: it has its place at the gate of the login host. */
  async function round(run: RenewalRun, access: RenewalAccess, hasPlace = false): Promise<Step> {
    const { shown } = run;
    run.shown = undefined;
    const lease = run.alreadyDone();
    if (lease) return { kind: 'loaded', lease };
    const ended = ledger.newest ? undefined : await loadFirst(run, shown);
    if (ended) return ended;
    // With a place at the gate it looks briefly: others wait for that place, and it has looked before it joined their queue.
    const entered = { key: keyInHand(), askedAtMs: env.now(), isBrief: hasPlace };
    // What a call is told that does not wait so long: nothing has been redeemed.
    const waiting = failures.store(notGiven(deps.lockName())).error;
    if (deps.store.lock) run.lastError ??= waiting;
    const entering = { key: entered.key, lockWaitMs: deps.lockWaitMs, signal: run.signal };
    const ran = await section.enter(entering, (inside) => {
      // The failure of an earlier try stays, because it says more.
      if (run.lastError === waiting) run.lastError = undefined;
      return critical(run, inside, access, entered);
    });
    if (ran.kind === 'aborted' || run.signal.aborted) return { kind: 'superseded' };
    return ran.kind === 'ran' ? ran.value : failures.store(ran.why, ran.cause);
  }

  /** Loads the first pair, without a lock: its refresh token says which section is to be entered. */
  async function loadFirst(run: RenewalRun, shown: Shown | undefined): Promise<RenewalResult | undefined> {
    const loaded = shown?.isCurrent() ? shown.loaded : await keeper.load();
    if (run.signal.aborted) return { kind: 'superseded' };
    if (loaded.kind === 'failed') return failures.store(loaded.why, loaded.cause, loaded.garbage);
    // A store without remove() still holds a pair that has been revoked.
    if (!loaded.set || ledger.isRevoked(loaded.set))
      return grant === 'refresh_token' ? failures.noTokens(ledger.hadTokens) : undefined;
    ledger.kept(holdLoaded(loaded.set, deps.ahead()));
    // The application has redeemed its refresh token by itself: what it got for it is taken, and saved.
    if (grants.outcomeOf(keyInHand())?.kind === 'renewed') return undefined;
    const lease = run.alreadyDone();
    return lease && { kind: 'loaded', lease };
  }

  async function critical(
    run: RenewalRun,
    inside: Section,
    access: RenewalAccess,
    entered: Entered,
  ): Promise<Step> {
    const { key } = entered;
    const endsAtMs = env.now() + settings.totalMs;
    const reading = await read(run, inside, entered);
    if (run.signal.aborted) return { kind: 'superseded' };
    // Another refresh token has come while this renewal waited: its section is another one.
    if (keyInHand() !== key) return { kind: 'again' };
    const loaded = reading.loaded();
    if (loaded.kind === 'failed') return failures.store(loaded.why, loaded.cause, loaded.garbage);
    const hand = ledger.newest;
    if (hand && loaded.isGone && !ledger.isBrought && grant === 'refresh_token') {
      ledger.lost();
      return failures.gone();
    }
    const at: GrantInHand = { key, hand, endsAtMs };
    const adopted = await adoption.adoptFirst(run, at, loaded.set);
    if (adopted) return adopted;
    if (hand && loaded.set && !ledger.unsaved && isSamePair(loaded.set, hand)) ledger.seen(loaded.set);
    const dead = deadGrant(at);
    if (dead) return dead;
    // The pair of another renewal would be in memory only as well. Without a working token it is renewed all the same: the stored one is spent.
    const isInTime = ledger.unsaved && currentWorks(ledger) && !run.isAsked;
    // Whoever else has the pair may have renewed it, while it could not be saved here: then the store shows that.
    if (isInTime || ledger.mayBeElsewhere) {
      const failed = await saver.saveNewest(undefined, endsAtMs, run.signal);
      if (run.signal.aborted) return { kind: 'superseded' };
      if (!failed) return { kind: 'again' };
      if (isInTime) return failures.store(failed.why, failed.cause, true);
    }
    const seenLate = await adoption.lookAgain(run, at);
    if (seenLate) return seenLate;
    if (grant === 'refresh_token' && (await isBeingSaved(key, inside.notes))) return failures.elsewhere();
    // Only here a request is needed. If it has to wait for its turn, the section is left meanwhile, because others wait for it.
    if (!access.enter()) return { kind: 'queue' };
    if (hand && ledger.freshness(hand) !== 'expired') await deps.drain(run);
    if (run.signal.aborted) return { kind: 'superseded' };
    if (inside.lost?.aborted) return failures.store('the lock was lost before anything was redeemed');
    return redeem(run, { ...at, section: inside, reading, access });
  }

  function isSamePair(stored: TokenSet, { held }: Lease): boolean {
    return identityOf(stored, grant) === identityOf(held.set, grant);
  }

  /** Why the refresh token in hand is not presented at all: there is none, or it is known to be dead. */
  function deadGrant({ key, hand }: GrantInHand): RenewalFailure | undefined {
    if (grant !== 'refresh_token') return undefined;
    if (!hand?.held.refreshToken) return failures.dead('no-refresh-token');
    const outcome = grants.outcomeOf(key);
    return outcome?.kind === 'dead' ? failures.dead(outcome.reason) : undefined;
  }

  /**
   * Whether another process has the successor of this token and goes on trying to save it: it writes a new note with each try. To present
   * the token once more could cost that pair. Where the note has not changed for 90 s, the server is asked.
   */
  async function isBeingSaved(key: string, notes: Notes): Promise<boolean> {
    const unfinished = ledger.unsaved ? undefined : await notes.unfinished(key);
    if (unfinished?.state !== 'unsaved') return false;
    const nowMs = env.now();
    // After a clock was set back the 90 s begin anew, and do not become hours.
    const isNew = signs.lifeSign?.text !== unfinished.text || nowMs < signs.lifeSign.seenAtMs;
    if (isNew) signs.lifeSign = { text: unfinished.text, seenAtMs: nowMs };
    return isNew || nowMs - signs.lifeSign!.seenAtMs < lifeSignMs;
  }
}
