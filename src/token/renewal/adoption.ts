import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import type { ClientGrants } from '../grant/registry.js';
import { successorOf } from '../grant/outcomes.js';
import type { Keeper } from '../loading/keeper.js';
import { lateReadsMs, type SecondLook } from '../loading/second-look.js';
import { outranks } from '../pair/authorization-line.js';
import { fingerprint } from '../pair/fingerprint.js';
import { identityOf, isNews, isUncertain, type GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import type { Lease } from '../pair/pairs.js';
import { isSuccessor } from '../pair/token-history.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';
import type { Saver } from '../saving/saving.js';
import type { RenewalFailure } from '../told/failures.js';
import type { RenewalResult, RenewalRun, Step } from './renewal.js';

const notAsked = 'the store could not be asked what it holds';

/** The grant that a renewal is about to redeem in its critical section. */
export interface GrantInHand {
  readonly key: string;
  /** The pair that is to be redeemed. */
  readonly hand: Lease | undefined;
  /** The end of `totalMs`. */
  readonly endsAtMs: number;
}

/** What the store has shown, and the lease of it where it is newer than the pair in hand. */
interface Taken {
  readonly set: TokenSet | undefined;
  readonly lease: Lease | undefined;
}

/** Adopts pairs that somebody else has renewed, in the place of a renewal. */
export interface Adoption {
  /** Takes what the store holds, or what this process has already redeemed the token in hand for. */
  adopt(run: RenewalRun, at: GrantInHand, loaded: TokenSet | undefined): Promise<Step | undefined>;
  /** As `adopt`, for what the store has shown first: while a pair is unsaved, memory wins. */
  adoptFirst(run: RenewalRun, at: GrantInHand, loaded: TokenSet | undefined): Promise<Step | undefined>;
  /**
   * Takes what this process has already redeemed the token in hand for, where the store could not be asked: it is in memory only, and is
   * saved late.
   */
  adoptUnsaved(failure: RenewalFailure): RenewalResult | undefined;
  /** Takes what the store holds where that is newer, and nothing else: neither is anything saved, nor is the process asked. */
  take(signal: AbortSignal, hand: Lease | undefined, loaded: TokenSet | undefined): Promise<Taken>;
  /** Looks at the store again where another store object of this process has redeemed the token: what that saved may show late. */
  lookAgain(run: RenewalRun, at: GrantInHand): Promise<Step | undefined>;
}

/** Creates the adoption of one account. */
export function createAdoption(deps: {
  env: Env;
  grant: GrantType;
  ahead: () => AheadChoice;
  keeper: Keeper;
  ledger: Ledger;
  grants: ClientGrants;
  saver: Saver;
  secondLook: SecondLook;
}): Adoption {
  const { env, grant, keeper, ledger, grants } = deps;
  const hold = (set: TokenSet) => holdLoaded(set, deps.ahead());
  const usable = (lease: Lease) => ledger.freshness(lease) === 'fresh';
  const isDead = (refreshToken: string | undefined) =>
    grants.outcomeOf(fingerprint(refreshToken ?? ''))?.kind === 'dead';

  /** Whether anything would be lost with this pair. */
  function isWorthKeeping(lease: Lease): boolean {
    const { refreshToken } = lease.held;
    if (grant !== 'refresh_token' || !refreshToken) return usable(lease) && !lease.refused;
    return !isDead(refreshToken);
  }

  /** Whether the store shows a pair that is to take the place of the one in hand. Where that one would be lost, the store is asked twice. */
  async function newsIn(
    shown: TokenSet | undefined,
    hand: Lease | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly set: TokenSet | undefined; readonly isNew: boolean }> {
    const isNew = (set: TokenSet) =>
      hand ? isNews(set, hand.held.set, ledger, grant) : !ledger.isRevoked(set);
    if (!shown || !isNew(shown)) return { set: shown, isNew: false };
    if (!hand || !isUncertain(shown, hand.held.set) || !isWorthKeeping(hand))
      return { set: shown, isNew: true };
    // One answer may be that of a slow replica, or of another request: the pair in hand does not give way to it alone.
    const { set } = await deps.secondLook(shown, signal);
    if (!signal.aborted && identityOf(set, grant) !== identityOf(shown, grant)) ledger.dismissed(shown);
    return { set, isNew: isNew(set) };
  }

  async function take(
    signal: AbortSignal,
    hand: Lease | undefined,
    shown: TokenSet | undefined,
  ): Promise<Taken> {
    const { set, isNew } = await newsIn(shown, hand, signal);
    if (signal.aborted || !set || !isNew) return { set, lease: undefined };
    const isOfAnother = hand !== undefined && isSameUser(hand.held.set, set) === false;
    const lease = ledger[isOfAnother ? 'changed' : 'kept'](hold(set));
    // Its access token is known to be refused, and only its refresh token is new.
    if (ledger.isRefused(fingerprint(lease.held.accessToken ?? ''))) ledger.refused(lease);
    return { set, lease };
  }

  async function adopt(
    { signal }: RenewalRun,
    { hand, endsAtMs }: GrantInHand,
    shown: TokenSet | undefined,
  ): Promise<Step | undefined> {
    const { set: loaded, lease: newer } = await take(signal, hand, shown);
    if (signal.aborted) return { kind: 'superseded' };
    if (newer)
      return usable(newer) && !newer.refused
        ? { kind: 'adopted', lease: newer, from: 'store' }
        : { kind: 'again' };
    const ofLoaded = successorOf(loaded?.refresh_token, grants.outcomeOf);
    const successor =
      successorOf(hand?.held.refreshToken, grants.outcomeOf) ??
      // The application has offered another pair in the place of a dead one: that one must not come back.
      (isDead(ofLoaded?.refresh_token) ? undefined : ofLoaded);
    // The successor of what a lagging store shows may be the pair in hand itself.
    if (!successor || (hand && isPast(successor, hand))) return undefined;
    const lease = ledger.issued(hold(successor));
    const unsaved = await deps.saver.saveNewest(undefined, endsAtMs, signal);
    if (unsaved) return { kind: 'adopted', lease, from: 'process', unsaved };
    const newest = ledger.newest ?? lease;
    return usable(newest) ? { kind: 'adopted', lease: newest, from: 'process' } : { kind: 'again' };
  }

  /** Whether a successor is the pair in hand itself, or of an older authorization, in the place of which a person has brought that pair. */
  function isPast(successor: TokenSet, { held }: Lease): boolean {
    if (identityOf(successor, grant) === identityOf(held.set, grant)) return true;
    return outranks(held.set, successor) && !isDead(held.refreshToken);
  }

  return {
    adopt,
    take,
    adoptUnsaved({ error }) {
      const hand = ledger.newest;
      const successor = successorOf(hand?.held.refreshToken, grants.outcomeOf);
      if (!hand || !successor || isPast(successor, hand)) return undefined;
      const lease = ledger.issued(hold(successor));
      ledger.saveFailed();
      return { kind: 'adopted', lease, from: 'process', unsaved: { why: notAsked, cause: error.cause } };
    },
    adoptFirst(run, at, loaded) {
      const { hand } = at;
      // Memory wins unless its pair is dead, or the store holds what some process has renewed that very pair to.
      const isRenewed = hand && loaded && isSuccessor(loaded, hand.held.set);
      const isDeadHand = grant === 'refresh_token' && grants.outcomeOf(at.key)?.kind === 'dead';
      return adopt(run, at, ledger.unsaved && !isRenewed && !isDeadHand ? undefined : loaded);
    },
    async lookAgain(run, at) {
      if (!grants.mayBeRedeemed(at.key)) return undefined;
      for (const waitMs of lateReadsMs) {
        await env.sleep(waitMs, { signal: run.signal });
        if (run.signal.aborted) return { kind: 'superseded' };
        const loaded = await keeper.load();
        if (run.signal.aborted) return { kind: 'superseded' };
        const set = loaded.kind === 'loaded' && !ledger.unsaved ? loaded.set : undefined;
        const adopted = await adopt(run, at, set);
        if (adopted) return adopted;
      }
      return undefined;
    },
  };
}
