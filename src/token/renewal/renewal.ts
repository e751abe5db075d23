import type { ProcoreError } from '../../failure/errors.js';
import type { TokenSet } from '../../store/store.js';
import { identityOf, isNews, isUncertain } from '../pair/identity.js';
import { outranks } from '../pair/authorization-line.js';
import { afterContentionMs, afterReleaseMs, storeRetryDelayMs } from '../../time/backoff.js';
import { createClearance, type Clearance } from './clearance.js';
import { failuresOf, type RenewalFailure } from '../told/failures.js';
import { fingerprint } from '../pair/fingerprint.js';
import { afterUnwritten } from '../grant/foresight.js';
import type { Lease } from '../pair/ledger.js';
import { isSuccessor } from '../pair/lineage.js';
import type { CriticalSection, Section } from '../grant/critical-section.js';
import type { LoginGate } from '../endpoint/login-gate.js';
import { createPassage, type Passage } from './login-passage.js';
import { createRedemption, type RedemptionDeps } from './redemption.js';
import type { KnownContent } from '../saving/saving.js';
import { lateReadsMs, type SecondLook } from '../loading/second-look.js';
import type { Loaded } from '../loading/bounded-store.js';
import { successorOf } from '../grant/successor.js';
import { holdLoaded, isSameUser } from '../pair/token-set.js';
import type { Way } from '../../wire/way.js';
import type { Notes, Unwritten } from '../grant/record.js';

/** Why a pair could not be saved. */
export interface Unsaved {
  readonly why: string;
  /** What the store has thrown, without secrets. */
  readonly cause?: unknown;
}

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
  readonly satisfied: () => Lease | undefined;
  /** The way of the call that has set it off, if it was one. */
  readonly way: Way | undefined;
  /** What the store has just shown, where nothing is held: it is not asked again for that. */
  shown: Loaded | undefined;
  /** The application itself has asked for it, and no call. */
  isAsked: boolean;
  /** Calls that can still wait for it. */
  waiting: number;
  /** The last of them waits so long. */
  patientUntilMs: number;
  /** Its place among the renewals that calls wait for: that of its first call. Infinity: no call has ever waited for it. */
  turn: number;
  /** Called when somebody begins to wait for it, and when nobody does any more. */
  moved: (() => void) | undefined;
  /** The grant has been presented. */
  posted: boolean;
  /** What it is struggling with, for a call whose patience ends. */
  trouble: ProcoreError | undefined;
}

/** A renewal and its end. */
export type RunningRenewal = RenewalRun & { done: Promise<RenewalResult> };

/** What a step under mutex and lock came to: an end, another round, or a wait for the login host, which holds neither of the two. */
export type Step = RenewalResult | { kind: 'again' } | { kind: 'queue'; why?: string };

/** Each round finds another token in the store; a fleet in trouble may have a few, a broken store has no end of them. */
const mostRounds = 10;
/** Late saves are tried at least once a minute, and wait for the lock. */
const lifeSignMs = 90_000;

/** The share of a renewal's time in which a store that may lag is looked at again. */
const mostLooking = 0.25;

/** Whether somebody else is likely to have held the lock until now: it took much longer to get it than the store takes for a load. */
function wasContended(lockMs: number, loadMs: number): boolean {
  return lockMs > 4 * loadMs + 5;
}

export interface RenewalDeps extends RedemptionDeps {
  /** The account's own, which this changes: what was last seen of another process that could not save a new pair so far. */
  signs: { lifeSign: { readonly text: string; readonly seenAtMs: number } | undefined };
  section: CriticalSection;
  lockWaitMs: number;
  /** Where the token requests of this client wait for the login host. */
  loginGate: () => LoginGate;
  secondLook: SecondLook;
  /** Lets calls in flight finish where the server is known to kill their token. */
  drain: (run: RenewalRun) => Promise<void>;
}

/** One renewal: mutex, lock, load, adopt or redeem, save. Never rejects but by a defect. */
export function createRenewal(deps: RenewalDeps): (run: RenewalRun) => Promise<RenewalResult> {
  const { env, account, grant, keeper, ledger, saver, mutex, section, settings } = deps;
  const ahead = () => ({ aheadMs: settings.aheadMs, draw: env.random() });
  const usable = (lease: Lease) => ledger.freshness(lease) === 'fresh';
  const failures = failuresOf(account, grant, deps.takesOver);
  const idOf = (set: TokenSet | undefined) => set && identityOf(set, grant);
  const redeem = createRedemption(deps);
  const { signs } = deps;

  const keyOf = (lease: Lease | undefined) => section.keyOf(lease?.held.refreshToken);

  return async (run) => {
    const passage = createPassage({ env, gate: deps.loginGate(), settings, failures }, run);
    try {
      return await renew(run, passage);
    } finally {
      passage.leave();
    }
  };

  async function renew(run: RenewalRun, passage: Passage): Promise<RenewalResult> {
    for (let tries = 0; ; tries++) {
      if (run.signal.aborted) return { kind: 'superseded' };
      let step = await round(run, passage);
      for (let rounds = 1; step.kind === 'again' || step.kind === 'queue';) {
        if (step.kind === 'queue')
          step = (await passage.queue(step.why)) ?? (await round(run, passage, true));
        else if (rounds++ < mostRounds) step = await round(run, passage);
        else step = failures.store('it holds another token each time it is read');
      }
      if (step.kind !== 'failed' || step.verdict !== 'store' || run.waiting === 0) return step;
      // Calls go on with what they have.
      if (works() && !run.isAsked) return step;
      passage.leave();
      // Nothing was redeemed: as long as somebody waits, the store may come back.
      run.trouble = step.error;
      await env.sleep(storeRetryDelayMs(tries, env.random()), { signal: run.signal });
      if (run.waiting === 0) return step;
    }
  }

  /**
   * Whether somebody else has the successor of this token and goes on trying to save it. To present the token once more could cost that
   * pair; but who gives no sign of life is gone, and then the server decides.
   */
  async function isBeingSaved(key: string, notes: Notes): Promise<boolean> {
    const unfinished = ledger.unsaved ? undefined : await notes.unfinished(key);
    if (unfinished?.state !== 'unsaved') return false;
    const nowMs = env.now();
    // A clock that was set back must not make hours of seconds.
    const isNew = signs.lifeSign?.text !== unfinished.text || nowMs < signs.lifeSign.seenAtMs;
    if (isNew) signs.lifeSign = { text: unfinished.text, seenAtMs: nowMs };
    return isNew || nowMs - signs.lifeSign!.seenAtMs < lifeSignMs;
  }

  /** Whether anything would be lost with this pair. */
  function isWorthKeeping(lease: Lease): boolean {
    const { refreshToken } = lease.held;
    if (grant !== 'refresh_token' || !refreshToken) return usable(lease) && !lease.refused;
    return mutex.outcomeOf(fingerprint(refreshToken))?.kind !== 'dead';
  }

  function isInHand(set: TokenSet | undefined): boolean {
    const hand = ledger.newest?.held.set;
    return set !== undefined && hand !== undefined && identityOf(set, grant) === identityOf(hand, grant);
  }

  /**
   * Waits before each further look at a store that shows the pair in hand, before that is redeemed: the lock proves that nobody else
   * renews, and not that the last save of who had it before shows already. `hasPlace`: others wait for its place in the queue of the login
   * host, and it has looked before it joined that.
   */
  function looksBefore(key: string, isContended: boolean, hasPlace: boolean): readonly number[] {
    if (!deps.store.lock || deps.store.readsAreFresh) return [];
    const known = mutex.outcomeOf(key)?.kind;
    // What is known to be spent is not presented.
    if (!isContended && (hasPlace || known === 'dead' || known === 'renewed')) return [];
    let totalMs = 0;
    // The rest of a renewal needs its time, too.
    const leftMs = mostLooking * settings.totalMs;
    return (isContended ? afterContentionMs : afterReleaseMs).filter(
      (waitMs) => (totalMs += waitMs) <= leftMs,
    );
  }

  async function round(run: RenewalRun, passage: Passage, hasPlace = false): Promise<Step> {
    const { shown } = run;
    run.shown = undefined;
    const satisfied = run.satisfied();
    if (satisfied) return { kind: 'loaded', lease: satisfied };
    if (!ledger.newest) {
      const loaded = shown ?? (await keeper.load());
      if (run.signal.aborted) return { kind: 'superseded' };
      if (loaded.kind === 'failed') return failures.store(loaded.why, loaded.cause, loaded.garbage);
      // A store without remove() still holds what has been revoked.
      if (loaded.set && !ledger.isRevoked(loaded.set)) {
        ledger.keep(holdLoaded(loaded.set, ahead()));
        const enough = run.satisfied();
        if (enough) return { kind: 'loaded', lease: enough };
      } else if (grant === 'refresh_token') {
        return failures.noTokens(ledger.hadTokens);
      }
    }
    const key = keyOf(ledger.newest);
    const askedAtMs = env.now();
    // For a call whose patience ends in the wait: nothing has been redeemed.
    const waiting = failures.store('store.lock() has not given the lock yet').error;
    if (deps.store.lock) run.trouble ??= waiting;
    const entering = { key, lockWaitMs: deps.lockWaitMs, signal: run.signal };
    const entered = await section.enter(entering, (held) => {
      // What a try before this one has come to still holds.
      if (run.trouble === waiting) run.trouble = undefined;
      return critical(run, key, held, passage, { askedAtMs, hasPlace });
    });
    if (entered.kind === 'aborted' || run.signal.aborted) return { kind: 'superseded' };
    return entered.kind === 'ran' ? entered.value : failures.store(entered.why, entered.cause);
  }

  async function critical(
    run: RenewalRun,
    key: string,
    { lost, notes, objection }: Section,
    passage: Passage,
    { askedAtMs, hasPlace }: { askedAtMs: number; hasPlace: boolean },
  ): Promise<Step> {
    const lockedAtMs = env.now();
    const endsAtMs = lockedAtMs + settings.totalMs;
    let loadedAtMs = lockedAtMs;
    let loaded = await keeper.load();
    const mayBeStale = () =>
      loaded.kind === 'loaded' && !ledger.unsaved && keyOf(ledger.newest) === key && isInHand(loaded.set);
    const isContended = wasContended(lockedAtMs - askedAtMs, env.now() - lockedAtMs);
    for (const waitMs of looksBefore(key, isContended, hasPlace)) {
      if (!mayBeStale() || run.signal.aborted || lost?.aborted) break;
      await env.sleep(waitMs, { signal: run.signal });
      if (run.signal.aborted) break;
      const atMs = env.now();
      const again = await keeper.load();
      // A look that fails says nothing.
      if (again.kind === 'loaded') [loaded, loadedAtMs] = [again, atMs];
    }
    if (run.signal.aborted) return { kind: 'superseded' };
    // Somebody redeemed or replaced it while this renewal waited for its turn: another token, another queue.
    if (keyOf(ledger.newest) !== key) return { kind: 'again' };
    if (loaded.kind === 'failed') return failures.store(loaded.why, loaded.cause, loaded.garbage);

    const hand = ledger.newest;
    if (hand && loaded.isGone && !ledger.isBrought && grant === 'refresh_token') {
      ledger.lost();
      return failures.gone();
    }
    // While a pair is unsaved, memory wins, unless it is dead, or the store holds what some process has renewed that very pair to.
    const isRenewed = hand && loaded.set && isSuccessor(loaded.set, hand.held.set);
    const isDead = grant === 'refresh_token' && mutex.outcomeOf(key)?.kind === 'dead';
    const adoptable = ledger.unsaved && !isRenewed && !isDead ? undefined : loaded.set;
    const adopted = await adopt(run, adoptable, hand, endsAtMs);
    if (adopted) return adopted;
    if (
      hand &&
      loaded.set &&
      !ledger.unsaved &&
      identityOf(loaded.set, grant) === identityOf(hand.held.set, grant)
    ) {
      ledger.seen(loaded.set);
    }
    if (grant === 'refresh_token') {
      const refresh = hand?.held.refreshToken;
      if (!refresh) return failures.dead('no-refresh-token');
      const outcome = mutex.outcomeOf(key);
      if (outcome?.kind === 'dead') return failures.dead(outcome.reason);
    }
    if (ledger.unsaved && works() && !run.isAsked) {
      // What is redeemed next would be in memory only, too. Once the token no longer works nothing is lost by that: the stored one is spent.
      const failed = await save(run, undefined, endsAtMs);
      if (run.signal.aborted) return { kind: 'superseded' };
      return failed ? failures.store(failed.why, failed.cause, true) : { kind: 'again' };
    }
    const seenLate = await lookAgain(run, key, hand, endsAtMs);
    if (seenLate) return seenLate;
    if (grant === 'refresh_token' && (await isBeingSaved(key, notes))) return failures.elsewhere();
    // What the store had needed no request; one that has to wait holds nothing meanwhile that others wait for.
    if (!passage.enter()) return { kind: 'queue' };
    if (hand && ledger.freshness(hand) !== 'expired') await deps.drain(run);
    if (run.signal.aborted) return { kind: 'superseded' };
    if (lost?.aborted) return failures.store('the lock was lost before anything was redeemed');
    const clearance = createClearance({
      env,
      load: keeper.load,
      isSame: (set) => idOf(set) === idOf(loaded.set),
      read: { set: loaded.set, atMs: loadedAtMs },
      lockObjection: objection,
    });
    // A lock that still stands proves that what was loaded under it is what the store holds.
    const known = () => (deps.store.lock && !lost?.aborted ? { set: clearance.read().set } : undefined);
    return redeem(run, {
      key,
      hand,
      endsAtMs,
      lost,
      objection: clearance.objection,
      notes,
      passage,
      unsavable: (unwritten) => unsavable(run, unwritten, lost, clearance),
      known,
      adopt: (set) => adopt(run, set, hand, endsAtMs),
      save: (content) => save(run, content, endsAtMs),
    });
  }

  /** Whether the access token that calls use now can be expected to go on working. */
  function works(): boolean {
    const lease = ledger.current();
    if (!lease || lease.refused) return false;
    const freshness = ledger.freshness(lease);
    return freshness === 'fresh' || freshness === 'aging';
  }

  /** What speaks against a redemption whose note could not be written. */
  async function unsavable(
    run: RenewalRun,
    { why, cause }: Unwritten,
    lost: AbortSignal | undefined,
    clearance: Clearance,
  ): Promise<Step | undefined> {
    // Without the lock nothing is presented either.
    if (lost?.aborted) return undefined;
    const isStoredKnown = deps.store.readsAreFresh === true && isInHand(clearance.read().set);
    const what = afterUnwritten({ works: works(), isAsked: run.isAsked, isStoredKnown });
    if (what === 'wait') return failures.store(why, cause, true);
    if (what === 'redeem') return undefined;
    // Who no longer has the lock cannot write its record either, and must not save over what another process has saved since.
    const against = await clearance.objection();
    if (run.signal.aborted) return { kind: 'superseded' };
    if (against) return against.kind === 'again' ? against : failures.store(against.why, against.cause);
    const stored = clearance.read().set!;
    const saved = await keeper.save(stored, stored);
    if (run.signal.aborted) return { kind: 'superseded' };
    if (saved.kind === 'conflict') return { kind: 'again' };
    return saved.kind === 'saved' ? undefined : failures.store(saved.why, saved.cause, works());
  }

  /** Takes what the store holds, or what this process has already redeemed the token in hand for. */
  async function adopt(
    run: RenewalRun,
    first: TokenSet | undefined,
    hand: Lease | undefined,
    endsAtMs: number,
  ): Promise<Step | undefined> {
    const isNew = (set: TokenSet) =>
      hand ? isNews(set, hand.held.set, ledger, grant) : !ledger.isRevoked(set);
    let loaded = first;
    if (loaded && hand && isNew(loaded) && isUncertain(loaded, hand.held.set) && isWorthKeeping(hand)) {
      // One answer may be that of a slow replica, or of another request: what is in hand is not put away for it.
      const { set: again } = await deps.secondLook(loaded, run.signal);
      if (run.signal.aborted) return { kind: 'superseded' };
      if (identityOf(again, grant) !== identityOf(loaded, grant)) ledger.dismiss(loaded);
      loaded = again;
    }
    if (loaded && isNew(loaded)) {
      const isOfAnother = hand !== undefined && isSameUser(hand.held.set, loaded) === false;
      const lease = ledger[isOfAnother ? 'change' : 'keep'](holdLoaded(loaded, ahead()));
      // The refresh token is what is new of it.
      if (ledger.isRefused(fingerprint(lease.held.accessToken ?? ''))) ledger.refuse(lease);
      return usable(lease) && !lease.refused ? { kind: 'adopted', lease, from: 'store' } : { kind: 'again' };
    }
    const ofLoaded = successorOf(loaded?.refresh_token, mutex.outcomeOf);
    // What an application offers in the place of a dead pair must not give way to that pair.
    const isDead = mutex.outcomeOf(fingerprint(ofLoaded?.refresh_token ?? ''))?.kind === 'dead';
    const successor =
      successorOf(hand?.held.refreshToken, mutex.outcomeOf) ?? (isDead ? undefined : ofLoaded);
    // A lagging store leads back, by way of the pair before, to the very pair in hand.
    if (!successor || (hand && identityOf(successor, grant) === identityOf(hand.held.set, grant)))
      return undefined;
    // Renewed here before a person brought the pair in hand in its place.
    if (hand && outranks(hand.held.set, successor) && mutex.outcomeOf(keyOf(hand))?.kind !== 'dead')
      return undefined;
    const lease = ledger.hold(holdLoaded(successor, ahead()));
    const failed = await save(run, undefined, endsAtMs);
    if (failed) return { kind: 'adopted', lease, from: 'process', unsaved: failed };
    if (usable(ledger.newest ?? lease))
      return { kind: 'adopted', lease: ledger.newest ?? lease, from: 'process' };
    return { kind: 'again' };
  }

  /** Another store object of this process has redeemed the token, and has the same table perhaps: what it saved may show late. */
  async function lookAgain(
    run: RenewalRun,
    key: string,
    hand: Lease | undefined,
    endsAtMs: number,
  ): Promise<Step | undefined> {
    if (!mutex.mayBeRedeemed(key)) return undefined;
    for (const waitMs of lateReadsMs) {
      await env.sleep(waitMs, { signal: run.signal });
      if (run.signal.aborted) return { kind: 'superseded' };
      const loaded = await keeper.load();
      if (run.signal.aborted) return { kind: 'superseded' };
      const set = loaded.kind === 'loaded' && !ledger.unsaved ? loaded.set : undefined;
      const adopted = await adopt(run, set, hand, endsAtMs);
      if (adopted) return adopted;
    }
    return undefined;
  }

  /** Saves the newest pair and draws the ledger's conclusion; resolves with the failure, if it has failed. */
  async function save(
    run: RenewalRun,
    known: KnownContent | undefined,
    endsAtMs: number,
  ): Promise<Unsaved | undefined> {
    const result = await saver.quickly(known, endsAtMs, run.signal);
    if (result.kind === 'saved') ledger.saved();
    else if (result.kind === 'theirs') ledger.giveWay(holdLoaded(result.set, ahead()));
    else ledger.saveFailed();
    return result.kind === 'failed' ? result : undefined;
  }
}
