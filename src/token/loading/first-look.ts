import type { Env } from '../../time/env.js';
import { within, type Patience } from '../../time/within.js';
import type { Keeper } from './bounded-store.js';
import type { Ledger } from '../pair/ledger.js';
import { holdLoaded, type AheadChoice } from '../pair/token-set.js';
import type { Turns } from '../../time/serial.js';

/** More often than this a store that holds nothing is not asked again. */
const againMs = 1_000;

/** `afresh`: also where the store held nothing a moment ago. */
export type FirstLook = (patience: Patience, afresh?: boolean) => Promise<boolean>;

/**
 * Creates the look into the store of an account of which nothing is held yet: it renews nothing. Resolves with whether it is known then
 * whose tokens the account holds, if any: not where the store cannot be read, nor where there is but a refresh token.
 */
export function createFirstLook(deps: {
  env: Env;
  ledger: Ledger;
  keeper: Keeper;
  turns: Turns;
  ahead: () => AheadChoice;
  /** The account's own, which this changes: when the store held nothing last. */
  asked: { emptyAtMs: number | undefined };
}): FirstLook {
  const { env, ledger, keeper, turns } = deps;
  const { asked } = deps;
  let looking: Promise<boolean> | undefined;

  async function look(): Promise<boolean> {
    const { generation } = turns;
    const loaded = await keeper.load();
    if (loaded.kind === 'failed') return false;
    // The application may have brought tokens of its own meanwhile.
    if (generation.aborted || ledger.newest) return true;
    if (loaded.set && !ledger.isRevoked(loaded.set)) ledger.keep(holdLoaded(loaded.set, deps.ahead()));
    else asked.emptyAtMs = env.now();
    return true;
  }

  return async ({ maxMs, signal }, afresh = false) => {
    const isNew = !afresh && asked.emptyAtMs !== undefined && Math.abs(env.now() - asked.emptyAtMs) < againMs;
    if (isNew && !ledger.newest) return true;
    if (!ledger.newest)
      looking ??= turns
        .inTurn(async () => (ledger.newest ? true : look()))
        .finally(() => (looking = undefined));
    const looked = looking && (await within(env, maxMs, looking, signal));
    if (ledger.newest) return ledger.newest.held.accessToken !== undefined;
    return looked?.kind === 'done' && looked.value;
  };
}
