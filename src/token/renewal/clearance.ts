import type { Env } from '../../time/env.js';
import { codeOf } from '../../text/words.js';
import type { LockRecord, TokenSet } from '../../store/store.js';
import { call, within } from '../../time/within.js';
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
const lostText = 'the lock was lost';

/** Creates the clearance of one renewal under its lock. */
export function createClearance(deps: {
  env: Env;
  load: () => Promise<Loaded>;
  /** Whether a set is the one that was read first. */
  isSame: (set: TokenSet | undefined) => boolean;
  read: { readonly set: TokenSet | undefined; readonly atMs: number };
  lock: { lost: AbortSignal | undefined; record: LockRecord | undefined; waitMs: number };
}): Clearance {
  const { env, lock } = deps;
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
      const why = await lockObjection(env, lock);
      return why === undefined ? undefined : { kind: 'blocked', why };
    },
  };
}

/**
 * Why the lock does not count as held at this moment. A lock that can be asked is: a process that was stopped for longer than its lease
 * has heard nothing of the end of it.
 */
async function lockObjection(
  env: Env,
  { lost, record, waitMs }: { lost: AbortSignal | undefined; record: LockRecord | undefined; waitMs: number },
): Promise<string | undefined> {
  if (lost?.aborted) return lostText;
  if (typeof record?.stands !== 'function') return undefined;
  const asked = await within(
    env,
    waitMs,
    call(() => record.stands!()),
  );
  if (lost?.aborted) return lostText;
  if (asked.kind === 'failed')
    return `nobody could say whether its lock still stands (${codeOf(asked.error)})`;
  if (asked.kind !== 'done') return `its lock did not say in ${waitMs} ms whether it still stands`;
  return asked.value === true ? undefined : lostText;
}
