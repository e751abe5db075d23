import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { identityOf, isOlder, type GrantType } from '../pair/comparison.js';
import { isOfSameAuthorization, outranks } from '../pair/authorization-line.js';
import type { Keeper } from '../loading/keeper.js';
import type { Place } from '../loading/home.js';
import type { Turns } from '../../time/serial.js';

/**
 * Whether `shown` was saved over the pair that a person brought, though it came of an older authorization: a renewal of one that `brought` has
 * taken the place of, or a log-in that began earlier, in a process that did not know of `brought`. What the store has shown before (`seen`, by
 * pair) is no such save: a replica lags.
 */
export function isOverwritten(
  shown: TokenSet,
  brought: TokenSet,
  seen: ReadonlySet<string | undefined>,
  grant: GrantType,
): boolean {
  if (seen.has(identityOf(shown, grant)) || isOfSameAuthorization(shown, brought)) return false;
  return outranks(brought, shown) || (!outranks(shown, brought) && isOlder(shown, brought));
}

/**
 * Looks into a store without lock once, some time after a log-in was saved there: another process may have read the store before that, and
 * may have saved after it what it has renewed the pair before to, or a log-in of its own. Nobody waits for it.
 */
export function createLookBack(deps: {
  env: Env;
  grant: GrantType;
  /** So long a process may take from a load to the end of the save that follows. */
  afterMs: number;
  load: Keeper['load'];
  turns: Turns;
  /** Neither a lock nor this package sees to it that nothing lands on a save. */
  isNeeded: () => boolean;
  /** The pair is in use, not known to be dead, and believed to be in the store. */
  isKept: (set: TokenSet) => boolean;
  /** Called with the last detach. */
  untilDetached: Set<() => void>;
  overwritten: (by: TokenSet) => void;
  /** Where the account is kept, and which pairs the store has shown there. */
  place: Pick<Place, 'row'>;
}): { start: (brought: TokenSet) => void; isIdle: () => boolean } {
  const { env, grant, turns, untilDetached, place } = deps;
  let stop: (() => void) | undefined;

  async function look(brought: TokenSet, signal: AbortSignal): Promise<void> {
    await env.sleep(deps.afterMs, { signal, ref: false });
    await turns.inTurn(async () => {
      if (signal.aborted || !deps.isKept(brought)) return;
      const first = await shownOver(brought, signal);
      // One answer may be that of another request.
      const again = first && (await shownOver(brought, signal));
      if (again && identityOf(again, grant) === identityOf(first, grant)) deps.overwritten(again);
    });
  }

  /** What the store shows to have been saved over the pair, if anything. */
  async function shownOver(brought: TokenSet, signal: AbortSignal): Promise<TokenSet | undefined> {
    const loaded = await deps.load();
    if (signal.aborted || loaded.kind === 'failed' || !loaded.set) return undefined;
    return isOverwritten(loaded.set, brought, place.row.shownPairs ?? new Set(), grant)
      ? loaded.set
      : undefined;
  }

  function hasShownAnother(brought: TokenSet): boolean {
    return [...(place.row.shownPairs ?? [])].some((identity) => identity !== identityOf(brought, grant));
  }

  return {
    isIdle: () => stop === undefined,
    start(brought) {
      stop?.();
      // Where the store has never shown another pair, there is none that a process could renew.
      if (grant !== 'refresh_token' || !deps.isNeeded() || !hasShownAnother(brought)) return;
      const { generation } = turns;
      const own = new AbortController();
      const end = () => {
        own.abort();
        if (stop === end) stop = undefined;
        untilDetached.delete(end);
        generation.removeEventListener('abort', end);
      };
      stop = end;
      untilDetached.add(end);
      generation.addEventListener('abort', end, { once: true });
      void look(brought, own.signal).then(end, end);
    },
  };
}
