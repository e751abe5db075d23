import type { Env } from '../../time/env.js';
import { within, type WaitBounds, type Waited } from '../../time/within.js';
import type { Loaded } from './keeper.js';
import type { Place } from './home.js';
import type { GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import { holdLoaded, type AheadChoice, type HeldTokens } from '../pair/token-set.js';
import type { Turns } from '../../time/serial.js';

/** A store that holds no tokens of the account is not asked again before this time has passed. */
const againMs = 1_000;

/** What the store has shown of an account that holds no tokens. */
export interface Shown {
  readonly loaded: Loaded;
  /** Whether it still counts: no tokens were brought since, and the store is still in use. */
  isCurrent(): boolean;
}

/**
 * The first load of an account that holds no tokens. All who ask at the same time share one load. The tokens that it finds are held from then
 * on; nothing is renewed.
 */
export interface FirstLoad {
  /** Waits for the load, and resolves with what the store has shown; with undefined where the account holds tokens already. */
  wait(bounds: WaitBounds): Promise<Waited<Shown | undefined>>;
  /**
   * Waits for the load, and resolves with whether it is known then whose tokens the account holds, if it holds any. That is not known where the
   * store cannot be read, or holds a refresh token only. A store that held nothing a second ago is asked again only with `afresh`.
   */
  look(bounds: WaitBounds, afresh?: boolean): Promise<boolean>;
  /** The load under way, which goes on where nobody waits for it any more. It never rejects. */
  underWay(): Promise<void> | undefined;
}

/** A load, and the generation of tokens for which it was begun. */
interface Running {
  readonly generation: AbortSignal;
  readonly shown: Promise<Shown | undefined>;
  readonly over: Promise<void>;
}

/** Creates the first load of one account. */
export function createFirstLoad(deps: {
  env: Env;
  grant: GrantType;
  ledger: Ledger;
  load: () => Promise<Loaded>;
  turns: Turns;
  ahead: () => AheadChoice;
  /** Called with the pair that was loaded. */
  kept: (held: HeldTokens) => void;
  /** Where the account is kept, and what is known of its row there. The load changes that. */
  place: Pick<Place, 'store' | 'row'>;
}): FirstLoad {
  const { env, ledger, turns, place } = deps;
  let running: Running | undefined;

  async function load(): Promise<Shown | undefined> {
    if (ledger.newest) return undefined;
    const { generation } = turns;
    const { store, row } = place;
    const loaded = await deps.load();
    // The application may have brought tokens meanwhile.
    if (generation.aborted || ledger.newest) return undefined;
    const isCurrent = () => !generation.aborted && place.store === store;
    if (loaded.kind === 'failed') return { loaded, isCurrent };
    const { set, claims, identity } = loaded;
    // A store without `remove` still holds tokens that were revoked.
    if (set && !ledger.isRevoked(set)) {
      const refreshFingerprint = deps.grant === 'refresh_token' && set.refresh_token ? identity : undefined;
      deps.kept(ledger.kept(holdLoaded(set, deps.ahead(), { claims, refreshFingerprint })).held);
    } else row.emptyAtMs = env.now();
    return { loaded, isCurrent };
  }

  /** The load that is under way, unless it was begun for an earlier generation of tokens; otherwise a new one. */
  function shown(): Promise<Shown | undefined> {
    const { generation } = turns;
    if (running?.generation === generation) return running.shown;
    const over = () => {
      if (running === own) running = undefined;
    };
    const shown = turns.inTurn(load);
    const own = { generation, shown, over: shown.then(over, over) };
    running = own;
    return shown;
  }

  const wait = ({ maxMs, signal }: WaitBounds) => within(env, maxMs, shown(), signal);

  return {
    wait,
    underWay: () => running?.over,
    async look(bounds, afresh = false) {
      const { emptyAtMs } = place.row;
      const isNew = !afresh && emptyAtMs !== undefined && Math.abs(env.now() - emptyAtMs) < againMs;
      if (isNew && !ledger.newest) return true;
      const looked = ledger.newest ? undefined : await wait(bounds);
      if (ledger.newest) return ledger.newest.held.accessToken !== undefined;
      return looked?.kind === 'done' && looked.value?.loaded.kind !== 'failed';
    },
  };
}
