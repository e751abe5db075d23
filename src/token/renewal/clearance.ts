import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import type { Loaded } from '../loading/bounded-store.js';

/** Why a grant must not be presented now. `again`: the store holds something else than it did, so that all is decided anew. */
export type Objection = { kind: 'again' } | { kind: 'blocked'; why: string; cause?: unknown };

/** What stands for it that nobody else has renewed: the lock, and what was read under it. */
export interface Clearance {
  /** What the store held when it was read last. */
  read(): { readonly set: TokenSet | undefined };
  /** Asked right before each presentation. Never rejects. */
  objection(): Promise<Objection | undefined>;
}

/** After a wait of this length the store is read again: without a lock, or with one that was lost, somebody may have renewed. */
const rereadAfterMs = 1_000;

/** Creates the clearance of one renewal under its lock. */
export function createClearance(deps: {
  env: Env;
  load: () => Promise<Loaded>;
  /** Whether a set is the one that was read first. */
  isSame: (set: TokenSet | undefined) => boolean;
  read: { readonly set: TokenSet | undefined; readonly atMs: number };
  /** Why the lock does not count as held now. */
  lockObjection: () => Promise<string | undefined>;
}): Clearance {
  const { env } = deps;
  let { read } = deps;

  async function reread(): Promise<Objection | undefined> {
    const atMs = env.now();
    // A clock that was set back says nothing about how long ago it was.
    if (atMs >= read.atMs && atMs - read.atMs < rereadAfterMs) return undefined;
    const loaded = await deps.load();
    if (loaded.kind === 'failed') return { kind: 'blocked', why: loaded.why, cause: loaded.cause };
    if (!deps.isSame(loaded.set)) return { kind: 'again' };
    read = { set: loaded.set, atMs };
    return undefined;
  }

  return {
    read: () => read,
    async objection() {
      const objection = await reread();
      if (objection) return objection;
      const why = await deps.lockObjection();
      return why === undefined ? undefined : { kind: 'blocked', why };
    },
  };
}
