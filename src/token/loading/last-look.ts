import { isNews, isUncertain, type GrantType } from '../pair/identity.js';
import type { Ledger } from '../pair/ledger.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';
import type { Telling } from '../told/telling.js';
import type { Turns } from '../../time/serial.js';
import type { Keeper } from './keeper.js';

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
    telling,
    ahead,
  }: {
    readonly ledger: Ledger;
    readonly load: Keeper['load'];
    readonly turns: Turns;
    readonly telling: Pick<Telling, 'adopted'>;
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
    if (isNext && !ledger.unsaved) telling.adopted(ledger.kept(holdLoaded(set, ahead())), 'store');
    return ledger.isShownBy(set);
  }

  return turns.inTurn(look);
}
