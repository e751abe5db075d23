import type { Env } from '../../time/env.js';
import { within, type Patience, type Waited } from '../../time/within.js';
import type { Loaded } from './keeper.js';
import type { Place } from './home.js';
import type { GrantType } from '../pair/identity.js';
import type { Ledger } from '../pair/ledger.js';
import { holdLoaded, type AheadChoice, type HeldTokens } from '../pair/token-set.js';
import type { Turns } from '../../time/serial.js';

/** More often than this a store that holds nothing is not asked again. */
const againMs = 1_000;

/** What the store has shown of an account of which nothing is held. */
export interface Shown {
  readonly loaded: Loaded;
  /** Whether no tokens have been brought since, and the store is still the one in use. */
  isCurrent(): boolean;
}

/**
 * The load of an account of which nothing is held yet. There is one at a time, whoever asks; what it brings is kept, and nothing is renewed.
 */
export interface FirstLoad {
  /** Waits for it. Resolves with what the store has shown; with undefined where something is held meanwhile, and nothing was to be loaded. */
  wait(patience: Patience): Promise<Waited<Shown | undefined>>;
  /**
   * Resolves with whether it is known then whose tokens the account holds, if any: not where the store cannot be read, nor where there is
   * but a refresh token. A store that held nothing a moment ago is not asked again, but `afresh`.
   */
  look(patience: Patience, afresh?: boolean): Promise<boolean>;
  /** The load that goes on, also where nobody waits for it any more; it never rejects. */
  underWay(): Promise<void> | undefined;
}

/** A load, and for whose tokens it was begun. */
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
  /** Hears of the pair that has been loaded. */
  kept: (held: HeldTokens) => void;
  /** Where the account is kept, and what is known of its row there, which this changes. */
  place: Pick<Place, 'store' | 'row'>;
}): FirstLoad {
  const { env, ledger, turns, place } = deps;
  let running: Running | undefined;

  async function load(): Promise<Shown | undefined> {
    if (ledger.newest) return undefined;
    const { generation } = turns;
    const { store, row } = place;
    const loaded = await deps.load();
    // The application may have brought tokens of its own meanwhile.
    if (generation.aborted || ledger.newest) return undefined;
    const isCurrent = () => !generation.aborted && place.store === store;
    if (loaded.kind === 'failed') return { loaded, isCurrent };
    const { set, claims, identity } = loaded;
    // A store that cannot remove a row still holds what has been revoked.
    if (set && !ledger.isRevoked(set)) {
      const refreshFingerprint = deps.grant === 'refresh_token' && set.refresh_token ? identity : undefined;
      deps.kept(ledger.kept(holdLoaded(set, deps.ahead(), { claims, refreshFingerprint })).held);
    } else row.emptyAtMs = env.now();
    return { loaded, isCurrent };
  }

  /** A load that was begun for tokens of before is not for those who ask now. */
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

  const wait = ({ maxMs, signal }: Patience) => within(env, maxMs, shown(), signal);

  return {
    wait,
    underWay: () => running?.over,
    async look(patience, afresh = false) {
      const { emptyAtMs } = place.row;
      const isNew = !afresh && emptyAtMs !== undefined && Math.abs(env.now() - emptyAtMs) < againMs;
      if (isNew && !ledger.newest) return true;
      const looked = ledger.newest ? undefined : await wait(patience);
      if (ledger.newest) return ledger.newest.held.accessToken !== undefined;
      return looked?.kind === 'done' && looked.value?.loaded.kind !== 'failed';
    },
  };
}
