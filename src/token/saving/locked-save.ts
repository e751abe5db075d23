import type { Env } from '../../time/env.js';
import type { LockRecord, TokenStore } from '../../store/store.js';
import type { GrantType } from '../pair/identity.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Ledger } from '../pair/ledger.js';
import { runLocked } from '../grant/lock.js';
import type { GrantMutex } from '../grant/registry.js';
import type { SaveResult } from './saving.js';
import { createUnderWay } from '../grant/record.js';

/** A save outside of a renewal: under the mutex of what the store is believed to hold, and under the lock. */
export type LockedSave = (save: () => Promise<SaveResult>, signal: AbortSignal) => Promise<SaveResult>;

/** Creates the saves of one account that happen outside of a renewal. */
export function createLockedSave(deps: {
  env: Env;
  account: string;
  grant: GrantType;
  clientKey: string;
  store: TokenStore;
  ledger: Ledger;
  mutex: GrantMutex;
  /** For the lock, and for its release. */
  waitMs: number;
  warn: (message: string) => void;
}): LockedSave {
  const { env, grant, ledger, mutex, waitMs } = deps;
  return async (save, signal) => {
    const refresh = ledger.stored?.refresh_token ?? ledger.newest?.held.refreshToken;
    const key = grant === 'refresh_token' && refresh ? fingerprint(refresh) : deps.clientKey;
    const critical = async (_lost: unknown, record: LockRecord | undefined) => {
      const result = await save();
      const underWay = createUnderWay(env, record);
      if (result.kind === 'saved') await underWay.done();
      // A sign of life, for those who wait for this pair.
      else if (result.kind === 'failed' && mutex.outcomeOf(key)?.kind === 'renewed')
        await underWay.note(key, 'unsaved');
      return result;
    };
    const locking = { ...deps, releaseMs: waitMs };
    const locked = await mutex.run(key, () => runLocked(locking, critical, signal), signal);
    const givenUp: SaveResult = { kind: 'failed', why: 'it was given up' };
    if (!locked) return givenUp;
    return locked.kind === 'ran' ? (locked.value ?? givenUp) : locked;
  };
}
