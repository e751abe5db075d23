import { isNews, isUncertain, type GrantType } from '../pair/identity.js';
import type { Ledger } from '../pair/ledger.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';
import type { Telling } from '../told/telling.js';
import type { Turns } from '../../time/serial.js';
import type { Keeper } from './bounded-store.js';

/**
 * Creates the look into the store before an account is let go: whether the store shows the pair in hand, and with it all that has to be known
 * of the tokens before. What has certainly taken the place of that pair, in another process, is taken first.
 */
export function createLastLook(deps: {
  grant: GrantType;
  ledger: Ledger;
  keeper: Keeper;
  turns: Turns;
  telling: Pick<Telling, 'adopted'>;
  ahead: () => AheadChoice;
}): () => Promise<boolean> {
  const { grant, ledger, keeper, turns } = deps;

  async function look(): Promise<boolean> {
    const hand = ledger.newest?.held.set;
    if (!hand) return true;
    const loaded = await keeper.load();
    if (loaded.kind === 'failed' || !loaded.set) return false;
    const { set } = loaded;
    const isNext =
      isNews(set, hand, ledger, grant) &&
      !isUncertain(set, hand) &&
      isSameUser(set, hand) !== false &&
      !ledger.isRevoked(set);
    if (isNext && !ledger.unsaved) deps.telling.adopted(ledger.keep(holdLoaded(set, deps.ahead())), 'store');
    return ledger.isShownBy(set);
  }

  return () => turns.inTurn(look);
}
