import type { Turns } from '../../time/serial.js';
import type { Keeper } from '../loading/keeper.js';
import type { Ledger } from '../pair/ledger.js';
import type { Telling } from '../told/telling.js';
import type { Adoption } from './adoption.js';

/**
 * Creates the look at the store after another process has told that its renewal is over. The pair that it has saved is taken; nothing is
 * redeemed, nothing is saved, and no lock is waited for, so that a whole fleet can look at once. It has its turn among the renewals of the
 * account, so that none of them goes on with a pair that this has replaced. Resolves with true where it has taken a pair.
 */
export function createLook(deps: {
  turns: Turns;
  ledger: Ledger;
  keeper: Pick<Keeper, 'load'>;
  adoption: Pick<Adoption, 'take'>;
  telling: Pick<Telling, 'adopted'>;
  /** Nothing is held against the next renewal. */
  clearVerdicts: () => void;
}): () => Promise<boolean> {
  const { turns, ledger, keeper } = deps;
  return () =>
    turns.inTurn(async () => {
      const { generation } = turns;
      // While a pair is unsaved, memory wins, until the section of its save has compared both.
      if (!ledger.newest || ledger.unsaved) return false;
      const loaded = await keeper.load();
      const hand = ledger.newest;
      if (generation.aborted || !hand || loaded.kind === 'failed') return false;
      const { lease } = await deps.adoption.take(generation, hand, loaded.set);
      if (!lease) return false;
      deps.clearVerdicts();
      deps.telling.adopted(lease, 'store');
      return true;
    });
}
