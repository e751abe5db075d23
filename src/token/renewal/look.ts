import type { Turns } from '../../time/serial.js';
import type { CriticalSection } from '../grant/critical-section.js';
import type { Loaded } from '../loading/keeper.js';
import type { Ledger } from '../pair/ledger.js';
import type { Telling } from '../told/telling.js';
import type { Adoption } from './adoption.js';
import { createReader, type ReaderDeps } from './reading.js';

/**
 * Looks at the store that take the pair which another process has saved. Nothing is redeemed, and nothing is saved. Each has its turn among the
 * renewals of the account, so that none of them goes on with a pair that this has replaced. Both resolve with true where they have taken a pair.
 */
export interface Looks {
  /** After another process has told that its renewal is over. No lock is waited for, so that a whole fleet can look at once. */
  atOnce(): Promise<boolean>;
  /** Under the store's lock, if there is one, so that a process that has renewed the pair in hand has saved what it got. */
  afterSaves(): Promise<boolean>;
}

/** Creates the looks of one account. */
export function createLooks(
  deps: Omit<ReaderDeps, 'isHandOf'> & {
    turns: Turns;
    ledger: Ledger;
    section: CriticalSection;
    lockWaitMs: number;
    adoption: Pick<Adoption, 'take'>;
    telling: Pick<Telling, 'adopted'>;
    /** Nothing is held against the next renewal. */
    clearVerdicts: () => void;
  },
): Looks {
  const { env, turns, ledger, section } = deps;
  const keyInHand = () => section.keyOf(ledger.newest?.held.refreshToken);
  const read = createReader({ ...deps, isHandOf: (key) => keyInHand() === key });

  // While a pair is unsaved, memory wins, until the section of its save has compared both.
  const isVain = () => !ledger.newest || ledger.unsaved;

  async function take(generation: AbortSignal, load: () => Promise<Loaded>): Promise<boolean> {
    if (isVain()) return false;
    const loaded = await load();
    const hand = ledger.newest;
    if (generation.aborted || !hand || loaded.kind === 'failed') return false;
    const { lease } = await deps.adoption.take(generation, hand, loaded.set);
    if (!lease) return false;
    deps.clearVerdicts();
    deps.telling.adopted(lease, 'store');
    return true;
  }

  return {
    atOnce: () => turns.inTurn(() => take(turns.generation, deps.keeper.load)),
    afterSaves: () =>
      turns.inTurn(async () => {
        const { generation: signal } = turns;
        if (isVain()) return false;
        const key = keyInHand();
        const entered = { key, askedAtMs: env.now(), isBrief: true };
        const ran = await section.enter({ key, lockWaitMs: deps.lockWaitMs, signal }, (held) =>
          take(signal, async () => (await read({ signal }, held, entered)).loaded()),
        );
        return ran.kind === 'ran' && ran.value;
      }),
  };
}
