import type { Env } from '../../time/env.js';
import { afterContentionMs, afterReleaseMs } from '../../time/backoff.js';
import type { Settings } from '../../options/options.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import type { Section } from '../grant/critical-section.js';
import type { Unwritten } from '../grant/notes.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Keeper, Loaded } from '../loading/keeper.js';
import { identityOf, type GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import { failuresOf } from '../told/failures.js';
import type { RenewalRun, Step } from './renewal.js';

/** Why a grant must not be presented now. `again`: the store holds something else than it did, so that all is decided anew. */
export type Objection = { kind: 'again' } | { kind: 'blocked'; why: string; cause?: unknown };

/** What a renewal has read of the store in its critical section. */
export interface Reading {
  /** What the store held when it was read last. */
  loaded(): Loaded;
  /** What it holds, as far as the lock proves it: what was loaded under a lock that still stands. */
  proved(): { readonly set: TokenSet | undefined } | undefined;
  /** Asked right before each presentation: reads again after a wait, and asks the lock. Never rejects. */
  objection(): Promise<Objection | undefined>;
  /** What speaks against a redemption, where its note could not be written into the lock's record. */
  objectionWithout(note: Unwritten, run: RenewalRun): Promise<Step | undefined>;
}

/** The share of a renewal's time in which a store that may lag is looked at again. */
const mostLooking = 0.25;
/** After a wait of this length the store is read again: without a lock, or with one that was lost, somebody may have renewed. */
const rereadAfterMs = 1_000;

/** Whether somebody else is likely to have held the lock until now: it took much longer to get it than the store takes for a load. */
function wasContended(lockMs: number, loadMs: number): boolean {
  return lockMs > 4 * loadMs + 5;
}

/** Whether the access token that calls use now can be expected to go on working. */
export function currentWorks(ledger: Pick<Ledger, 'current' | 'freshness'>): boolean {
  const lease = ledger.current();
  if (!lease || lease.refused) return false;
  const freshness = ledger.freshness(lease);
  return freshness === 'fresh' || freshness === 'aging';
}

/** How a critical section was entered in which the store is read. */
export interface Entered {
  readonly key: string;
  /** When it was asked for. */
  readonly askedAtMs: number;
  /** The store is looked at again only where somebody else has held the lock until now. */
  readonly isBrief: boolean;
}

/** Reads the store in a critical section. */
export type Reader = (
  run: Pick<RenewalRun, 'signal'>,
  section: Section,
  entered: Entered,
) => Promise<Reading>;

/** What reads the store for one account. */
export interface ReaderDeps {
  env: Env;
  account: string;
  grant: GrantType;
  store: TokenStore;
  keeper: Keeper;
  ledger: Ledger;
  grants: Pick<ClientGrants, 'outcomeOf'>;
  settings: Settings['renewal'];
  takesOver: () => boolean;
  /** Whether the pair in hand is that of this key. */
  isHandOf: (key: string) => boolean;
}

/** Creates what reads the store for the renewals of one account. */
export function createReader(deps: ReaderDeps): Reader {
  const { env, grant, store, keeper, ledger, grants, settings } = deps;
  const failures = failuresOf(deps.account, grant, deps.takesOver);
  const idOf = (set: TokenSet | undefined) => set && identityOf(set, grant);

  function isInHand(set: TokenSet | undefined): boolean {
    const hand = ledger.newest?.held.set;
    return set !== undefined && hand !== undefined && idOf(set) === idOf(hand);
  }

  /**
   * The waits before each further look at a store that shows the pair in hand, before that is redeemed: the lock proves that nobody else
   * renews, and not that the last save of its holder before shows already.
   */
  function waitsBeforeLooks(key: string, isContended: boolean, isBrief: boolean): readonly number[] {
    if (!store.lock || store.readsAreFresh) return [];
    const known = grants.outcomeOf(key)?.kind;
    // A token that is known to be spent is not going to be presented.
    if (!isContended && (isBrief || known === 'dead' || known === 'renewed')) return [];
    let totalMs = 0;
    // The rest of the renewal needs time as well.
    const leftMs = mostLooking * settings.totalMs;
    return (isContended ? afterContentionMs : afterReleaseMs).filter(
      (waitMs) => (totalMs += waitMs) <= leftMs,
    );
  }

  return async (run, section, { key, askedAtMs, isBrief }) => {
    const known = grants.outcomeOf(key)?.kind;
    const lockedAtMs = env.now();
    let readAtMs = lockedAtMs;
    let loaded = await keeper.load();
    const isContended = wasContended(lockedAtMs - askedAtMs, env.now() - lockedAtMs);
    const mayBeStale = () =>
      loaded.kind === 'loaded' && !ledger.unsaved && deps.isHandOf(key) && isInHand(loaded.set);
    for (const waitMs of waitsBeforeLooks(key, isContended, isBrief)) {
      if (!mayBeStale() || run.signal.aborted || section.lost?.aborted) break;
      await env.sleep(waitMs, { signal: run.signal });
      if (run.signal.aborted) break;
      const atMs = env.now();
      const again = await keeper.load();
      // A load that fails changes nothing.
      if (again.kind === 'loaded') [loaded, readAtMs] = [again, atMs];
    }
    const shown = () => (loaded.kind === 'loaded' ? loaded.set : undefined);
    const first = shown();

    async function reread(): Promise<Objection | undefined> {
      const atMs = env.now();
      // A clock that was set back says nothing about how long ago it was.
      if (atMs >= readAtMs && atMs - readAtMs < rereadAfterMs) return undefined;
      const again = await keeper.load();
      if (again.kind === 'failed') return { kind: 'blocked', why: again.why, cause: again.cause };
      if (idOf(again.set) !== idOf(first)) return { kind: 'again' };
      [loaded, readAtMs] = [again, atMs];
      return undefined;
    }

    async function objection(): Promise<Objection | undefined> {
      const changed = await reread();
      if (changed) return changed;
      const why = await section.objection();
      if (why !== undefined) return { kind: 'blocked', why };
      // The application presents refresh tokens by itself as well, in no section.
      const now = grants.outcomeOf(key)?.kind;
      return now !== known && (now === 'renewed' || now === 'dead') ? { kind: 'again' } : undefined;
    }

    return {
      loaded: () => loaded,
      proved: () => (store.lock && !section.lost?.aborted ? { set: shown() } : undefined),
      objection,
      async objectionWithout({ why, cause }, { signal, isAsked }) {
        // Without the lock nothing is presented either.
        if (section.lost?.aborted) return undefined;
        const works = currentWorks(ledger);
        const isStoredKnown = store.readsAreFresh === true && isInHand(shown());
        const what = afterUnwritten({ works, isAsked, isStoredKnown });
        if (what === 'wait') return failures.store(why, cause, true);
        if (what === 'redeem') return undefined;
        // The record may have refused the write because the lock is lost. Then another process may have saved a pair since.
        const against = await objection();
        if (signal.aborted) return { kind: 'superseded' };
        if (against) return against.kind === 'again' ? against : failures.store(against.why, against.cause);
        const stored = shown()!;
        const saved = await keeper.save(stored, stored);
        if (signal.aborted) return { kind: 'superseded' };
        if (saved.kind === 'conflict') return { kind: 'again' };
        return saved.kind === 'saved'
          ? undefined
          : failures.store(saved.why, saved.cause, currentWorks(ledger));
      },
    };
  };
}

/**
 * What follows where the record of a lock could not be written. That is a sign that the store cannot be written either, and no proof: the
 * record may be kept elsewhere. `wait`: nothing is lost by a later try. `probe`: the stored set is saved over itself, which is proof.
 * `redeem`: without a new token every call fails, and a sign is not enough for that.
 */
export function afterUnwritten({
  works,
  isAsked,
  isStoredKnown,
}: {
  /** The access token in use works, as far as is known. */
  readonly works: boolean;
  /** The application itself asks for the renewal. */
  readonly isAsked: boolean;
  /** What the store holds is known for certain, so that it may be saved over itself. */
  readonly isStoredKnown: boolean;
}): 'wait' | 'probe' | 'redeem' {
  if (works && !isAsked) return 'wait';
  if (isStoredKnown) return 'probe';
  return works ? 'wait' : 'redeem';
}
