import type { CriticalSection } from '../grant/critical-section.js';
import type { GrantMutex } from '../grant/registry.js';
import type { Ledger } from '../pair/ledger.js';
import type { SaveResult } from './tries.js';

/** Runs a save that belongs to no renewal. */
export type LockedSave = (save: () => Promise<SaveResult>, signal: AbortSignal) => Promise<SaveResult>;

/**
 * Creates the saves outside of renewals: each runs in the critical section of the refresh token that the store is believed to hold, so that
 * no renewal redeems that token meanwhile.
 */
export function createLockedSave(deps: {
  ledger: Pick<Ledger, 'stored' | 'newest'>;
  section: CriticalSection;
  mutex: Pick<GrantMutex, 'outcomeOf'>;
  lockWaitMs: number;
}): LockedSave {
  const { ledger, section, mutex, lockWaitMs } = deps;
  return async (save, signal) => {
    const key = section.keyOf(ledger.stored?.refresh_token ?? ledger.newest?.held.refreshToken);
    const entered = await section.enter({ key, lockWaitMs, signal }, async ({ notes }) => {
      const result = await save();
      if (result.kind === 'saved') await notes.clear();
      // Each try writes the note anew. Other processes see by it that this one is alive and still has the new pair.
      else if (result.kind === 'failed' && mutex.outcomeOf(key)?.kind === 'renewed')
        await notes.write(key, 'unsaved');
      return result;
    });
    if (entered.kind === 'aborted') return { kind: 'failed', why: 'it was given up' };
    return entered.kind === 'ran' ? entered.value : entered;
  };
}
