import type { Turns } from '../../time/serial.js';
import type { CriticalSection } from '../grant/critical-section.js';
import type { Loaded, Keeper } from '../loading/keeper.js';
import type { Ledger } from '../pair/ledger.js';
import type { TokenEvents } from '../told/token-events.js';
import type { Adoption } from './adoption.js';
import { createReader, type ReaderDeps } from './reading.js';
import { isNews, isUncertain, type GrantType } from '../pair/comparison.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';

/**
 * Looks at the store that take the pair which another process has saved. Nothing is redeemed, and nothing is saved. Each has its turn among the
 * renewals of the account, so that none of them goes on with a pair that this has replaced. Both resolve with true where they have taken a pair.
 */
export interface Looks {
  /** After another process has told that its renewal is over. No lock is waited for, so that a whole fleet can look at once. */
  atOnce(): Promise<boolean>;
  /**
   * Under the store's lock, if there is one, so that a process that has renewed the pair in hand has saved what it got. For a second after such
   * a look has shown nothing new, no lock is taken: a route that always answers 401 must not keep a process that renews from the lock.
   */
  afterSaves(): Promise<boolean>;
}

const lockAgainMs = 1_000;

/** Creates the looks of one account. */
export function createLooks(
  deps: Omit<ReaderDeps, 'isHandOf'> & {
    turns: Turns;
    ledger: Ledger;
    section: CriticalSection;
    lockWaitMs: number;
    adoption: Pick<Adoption, 'take'>;
    tokenEvents: Pick<TokenEvents, 'adopted'>;
    /** Nothing is held against the next renewal. */
    clearVerdicts: () => void;
    /** The account's own, which this changes: when a look under the lock has shown nothing new last, in ms since 1970. */
    state: { vainLookAtMs: number };
  },
): Looks {
  const { env, turns, ledger, section, state } = deps;
  const keyInHand = () => section.keyOf(ledger.newest?.held.refreshToken);
  const read = createReader({ ...deps, isHandOf: (key) => keyInHand() === key });

  async function take(generation: AbortSignal, load: () => Promise<Loaded>): Promise<boolean> {
    // While a pair is unsaved, memory wins, until the section of its save has compared both.
    if (!ledger.newest || ledger.unsaved) return false;
    const loaded = await load();
    const hand = ledger.newest;
    if (generation.aborted || !hand || loaded.kind === 'failed') return false;
    const { lease } = await deps.adoption.take(generation, hand, loaded.set);
    if (!lease) return false;
    deps.clearVerdicts();
    deps.tokenEvents.adopted(lease, 'store');
    return true;
  }

  const withoutLock = () => take(turns.generation, deps.keeper.load);

  async function underLock(): Promise<boolean> {
    const { generation: signal } = turns;
    const key = keyInHand();
    const entered = { key, askedAtMs: env.now(), isBrief: true };
    const ran = await section.enter({ key, lockWaitMs: deps.lockWaitMs, signal }, (inside) =>
      take(signal, async () => (await read({ signal }, inside, entered)).loaded()),
    );
    const hasTaken = ran.kind === 'ran' && ran.value;
    if (!hasTaken) state.vainLookAtMs = env.now();
    return hasTaken;
  }

  return {
    atOnce: () => turns.inTurn(withoutLock),
    afterSaves: () =>
      turns.inTurn(() =>
        Math.abs(env.now() - state.vainLookAtMs) < lockAgainMs ? withoutLock() : underLock(),
      ),
  };
}

/**
 * Looks into the store before an account is let go. Resolves with whether the store shows the pair in hand, with all that has to be known of
 * the tokens before. A pair that has certainly replaced it, in another process, is adopted first.
 */
export function lookLast(
  grant: GrantType,
  {
    ledger,
    load,
    turns,
    tokenEvents,
    ahead,
  }: {
    readonly ledger: Ledger;
    readonly load: Keeper['load'];
    readonly turns: Turns;
    readonly tokenEvents: Pick<TokenEvents, 'adopted'>;
    readonly ahead: () => AheadChoice;
  },
): Promise<boolean> {
  async function look(): Promise<boolean> {
    const hand = ledger.newest?.held.set;
    if (!hand) return true;
    const loaded = await load();
    if (loaded.kind === 'failed' || !loaded.set) return false;
    const { set } = loaded;
    const isNext =
      isNews(set, hand, ledger, grant) &&
      !isUncertain(set, hand) &&
      isSameUser(set, hand) !== false &&
      !ledger.isRevoked(set);
    if (isNext && !ledger.unsaved) tokenEvents.adopted(ledger.kept(holdLoaded(set, ahead())), 'store');
    return ledger.isShownBy(set);
  }

  return turns.inTurn(look);
}
