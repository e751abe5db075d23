import type { TokenSet } from '../store/store.js';
import type { Account } from './account.js';
import type { StoreMemory } from './grant/memories.js';
import type { Holding } from './grant/registry.js';
import { hasHeld } from './pair/kinship.js';

/** One account as other sources of the process see it. */
export class AccountHolding implements Holding {
  constructor(
    readonly client: string,
    readonly account: string,
    readonly memory: StoreMemory,
    readonly state: Account,
  ) {}

  get refreshToken(): string | undefined {
    return this.state.pairs.newest?.held.refreshFingerprint;
  }

  get unsaved(): boolean {
    return this.state.pairs.phase !== 'kept';
  }

  get set(): TokenSet | undefined {
    return this.state.pairs.newest?.held.set;
  }

  hasHeld(token: string): boolean {
    return hasHeld(this.state.pairs, token);
  }
}
