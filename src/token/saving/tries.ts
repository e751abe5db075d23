import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { lateSaveDelayMs } from '../../time/backoff.js';
import { awakeNow, call, within } from '../../time/within.js';
import type { Keeper, Saved } from '../loading/keeper.js';
import type { CriticalSection } from '../grant/critical-section.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Ledger } from '../pair/ledger.js';

/** What became of the pair that waited to be saved. */
export type SaveResult =
  | { kind: 'saved' }
  /** The store holds a newer pair that somebody else brought: ours is discarded. */
  | { kind: 'theirs'; set: TokenSet }
  /** `isPerhapsThere`: of a pair that is not held, the store may have it all the same. `isUnread`: the store could not be read. */
  | {
      kind: 'failed';
      why: string;
      cause?: unknown;
      isPerhapsThere?: boolean;
      isGone?: true;
      isUnread?: true;
    };

const quickRetriesMs = [100, 300, 900];
/** No quick try begins after this: calls wait for it, and late saves go on later. */
const quicklyMs = 2_000;
/** Repeats a save that fails a few times in quick succession; no try starts after `endsAtMs`, or once `signal` has aborted. */
export async function repeatedly(
  env: Env,
  tries: {
    readonly first: () => Promise<SaveResult>;
    readonly next: () => Promise<SaveResult>;
    readonly endsAtMs: number;
    readonly signal: AbortSignal;
  },
): Promise<SaveResult> {
  const { first, next, endsAtMs, signal } = tries;
  // In awake time: a process that was stopped in a save finds what others have saved meanwhile by the next try, and not by a late one.
  const stopAtMs = awakeNow(env) + Math.min(endsAtMs - env.now(), quicklyMs);
  let result = await first();
  for (const waitMs of quickRetriesMs) {
    if (result.kind !== 'failed' || result.isGone || awakeNow(env) + waitMs > stopAtMs) break;
    await env.sleep(waitMs * (1 + 0.2 * env.random()), { signal });
    if (signal.aborted) break;
    result = await next();
  }
  return result;
}

/** Waits for the save before. What was loaded earlier may be old by then, so that all begins `again`. */
export async function afterPendingSave(
  keeper: Keeper,
  again: () => Promise<SaveResult>,
  goOn: () => Promise<SaveResult>,
): Promise<SaveResult> {
  const pending = await keeper.pendingSaveSettled();
  if (typeof pending === 'object') return pending;
  return pending === 'waited' ? again() : goOn();
}

/** A conflict means that somebody was faster than the comparison: the next try compares with what they left. */
export function resultOf(saved: Saved): SaveResult {
  if (saved.kind !== 'conflict') return saved;
  return {
    kind: 'failed',
    why: 'store.save() found another token set than the one that it was to replace, or none any more',
  };
}

/** Saves that go on after their renewal: one loop per account. */
export interface LateSave {
  /**
   * Goes on trying until `attempt` says that nothing is left to save, or `signal` aborts. For another pair that was not saved the
   * schedule begins anew.
   */
  start(signal: AbortSignal): void;
  /** The loop, while it counts as under way: for its first minute. */
  underWay(): Promise<void> | undefined;
  /** No loop runs, nor waits for its next try. */
  isIdle(): boolean;
}

/** So long a late save keeps the process alive, and `idle()` waiting. */
const aliveMs = 60_000;

/** Creates the loop; `attempt` tries once and tells whether anything is left to save. */
export function createLateSave(deps: { env: Env; attempt: () => Promise<'done' | 'left'> }): LateSave {
  const { env, attempt } = deps;
  let loop: { startedAtMs: number; stop: () => void; over: Promise<void> } | undefined;

  async function run(signal: AbortSignal, startedAtMs: number): Promise<void> {
    for (let tries = 0; !signal.aborted; tries++) {
      const ref = env.now() - startedAtMs < aliveMs;
      await env.sleep(lateSaveDelayMs(tries, env.random()), { signal, ref });
      if (signal.aborted) return;
      // After a defect the pair is still in memory only, so that the save goes on.
      const left = await call(attempt).catch(() => 'left' as const);
      if (left === 'done') return;
    }
  }

  return {
    start(signal) {
      loop?.stop();
      const own = new AbortController();
      const stop = () => own.abort();
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const startedAtMs = env.now();
      const over = run(own.signal, startedAtMs).then(() => {
        signal.removeEventListener('abort', stop);
        if (loop === started) loop = undefined;
      });
      const started = { startedAtMs, stop, over };
      loop = started;
    },
    underWay() {
      if (!loop) return undefined;
      const leftMs = loop.startedAtMs + aliveMs - env.now();
      return leftMs > 0 ? within(env, leftMs, loop.over).then(() => undefined) : undefined;
    },
    isIdle: () => loop === undefined,
  };
}

/** Runs a save that belongs to no renewal. */
export type LockedSave = (save: () => Promise<SaveResult>, signal: AbortSignal) => Promise<SaveResult>;

/**
 * Creates the saves outside of renewals: each runs in the critical section of the refresh token that the store is believed to hold, so that
 * no renewal redeems that token meanwhile.
 */
export function createLockedSave(deps: {
  ledger: Pick<Ledger, 'stored' | 'newest'>;
  section: CriticalSection;
  grants: Pick<ClientGrants, 'outcomeOf'>;
  lockWaitMs: number;
}): LockedSave {
  const { ledger, section, grants, lockWaitMs } = deps;
  return async (save, signal) => {
    const key = section.keyOf(ledger.stored?.refresh_token ?? ledger.newest?.held.refreshToken);
    const entered = await section.enter({ key, lockWaitMs, signal }, async ({ notes }) => {
      const result = await save();
      if (result.kind === 'saved') await notes.clear();
      // Each try writes the note anew. Other processes see by it that this one is alive and still has the new pair.
      else if (result.kind === 'failed' && grants.outcomeOf(key)?.kind === 'renewed')
        await notes.write(key, 'unsaved');
      return result;
    });
    if (entered.kind === 'aborted') return { kind: 'failed', why: 'it was given up' };
    return entered.kind === 'ran' ? entered.value : entered;
  };
}
