import type { Env } from '../env.js';
import type { TokenSet } from '../store/store.js';
import { identityOf, type GrantType } from './adoption.js';
import { outranks } from './authorisation-line.js';
import type { Keeper } from './keeper.js';
import { subjectOf } from './token-set.js';
import type { Turns } from './turns.js';

/** Of the store's content so many different pairs are remembered. */
const mostSeen = 8;

/** What the store has shown of one account: by pair, whose it was. */
type Seen = ReadonlyMap<string | undefined, string | undefined>;

/**
 * Whether `shown` is what a renewal of an older authorisation has saved over the pair that a person brought. What the store has shown before
 * is no such save: a replica lags.
 */
export function isOverwritten(shown: TokenSet, brought: TokenSet, seen: Seen, grant: GrantType): boolean {
  const identity = identityOf(shown, grant);
  if (identity === undefined || identity === identityOf(brought, grant) || seen.has(identity)) return false;
  if (outranks(brought, shown)) return true;
  // Release 0.1.0 does not say which authorisation its pairs come of: one of the user before is no log-in after this one.
  const [theirs, ours] = [subjectOf(shown.access_token), subjectOf(brought.access_token)];
  const isKnown = theirs !== undefined && ours !== undefined && theirs !== ours;
  return isKnown && !outranks(shown, brought) && [...seen.values()].includes(theirs);
}

/**
 * Looks into a store without lock once, some time after a log-in was saved there: another process may have read the store before that, and
 * have saved what it has renewed the pair before to after it. Nobody waits for it.
 */
export function createLookBack(deps: {
  env: Env;
  grant: GrantType;
  /** So long a process may take from a load to the end of the save that follows. */
  afterMs: number;
  keeper: Keeper;
  turns: Turns;
  /** Neither a lock nor this package sees to it that nothing lands on a save. */
  isNeeded: () => boolean;
  /** The pair is in use, and believed to be in the store. */
  isKept: (set: TokenSet) => boolean;
  /** Called with the last detach. */
  untilDetached: Set<() => void>;
  overwritten: (by: TokenSet) => void;
}): { keeper: Keeper; start: (brought: TokenSet) => void } {
  const { env, grant, keeper, turns, untilDetached } = deps;
  const seen = new Map<string | undefined, string | undefined>();
  let stop = () => {};

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
    const loaded = await keeper.load();
    if (signal.aborted || loaded.kind === 'failed' || !loaded.set) return undefined;
    return isOverwritten(loaded.set, brought, seen, grant) ? loaded.set : undefined;
  }

  function hasShownAnother(brought: TokenSet): boolean {
    return [...seen.keys()].some((identity) => identity !== identityOf(brought, grant));
  }

  return {
    keeper: {
      ...keeper,
      async load() {
        const loaded = await keeper.load();
        if (loaded.kind === 'failed' || !loaded.set) return loaded;
        const identity = identityOf(loaded.set, grant);
        seen.delete(identity);
        seen.set(identity, subjectOf(loaded.set.access_token));
        const [oldest] = seen.keys();
        if (seen.size > mostSeen) seen.delete(oldest);
        return loaded;
      },
    },
    start(brought) {
      stop();
      // Where the store has never shown another pair, there is none that a process could renew.
      if (grant !== 'refresh_token' || !deps.isNeeded() || !hasShownAnother(brought)) return;
      const { generation } = turns;
      const own = new AbortController();
      stop = () => {
        own.abort();
        untilDetached.delete(stop);
        generation.removeEventListener('abort', stop);
      };
      untilDetached.add(stop);
      generation.addEventListener('abort', stop, { once: true });
      void look(brought, own.signal).finally(stop);
    },
  };
}
