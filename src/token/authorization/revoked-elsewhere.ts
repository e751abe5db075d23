import type { TokenSet } from '../../store/store.js';
import { isNews } from '../pair/comparison.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Section } from '../grant/critical-section.js';
import type { RevocationDeps } from './revocation.js';
import { holdLoaded } from '../pair/token-set.js';

/** Takes note of revocations that the application has made by itself. */
export interface RevokedElsewhere {
  /**
   * The server has revoked this access or refresh token: where it is of the pair that is held now, here or in the store, the account
   * forgets that pair. A token that has been replaced before changes nothing.
   */
  revokedElsewhere(token: string): Promise<void>;
  /** What is under way and must not be cut off. */
  underWay(): Promise<unknown> | undefined;
}

/** Creates it for one account. */
export function createRevokedElsewhere(
  deps: Pick<
    RevocationDeps,
    'grant' | 'keeper' | 'ledger' | 'grants' | 'section' | 'turns' | 'lockWaitMs' | 'ahead' | 'forget'
  >,
): RevokedElsewhere {
  const { grant, keeper, ledger, grants, section, turns } = deps;
  let running: Promise<void> | undefined;

  async function inTurn(token: string, signal: AbortSignal): Promise<void> {
    const key = section.keyOf(ledger.newest?.held.refreshToken);
    const entering = { key, lockWaitMs: deps.lockWaitMs, signal };
    const entered = await section.enter(entering, (inside) => forgetPair(token, signal, inside));
    // The store may still hold the pair: here it is not used any more. Without the lock, a pair that another process saves just now could be
    // the one that is removed.
    if (entered.kind === 'failed') await forgetPair(token, signal, undefined);
  }

  async function forgetPair(token: string, signal: AbortSignal, inside: Section | undefined): Promise<void> {
    const loaded = await keeper.load();
    // The application has brought new tokens meanwhile.
    if (signal.aborted) return;
    const hand = ledger.newest?.held.set;
    const stored = loaded.kind === 'loaded' ? loaded.set : undefined;
    const newest = stored && (!hand || isNews(stored, hand, ledger, grant)) ? stored : hand;
    const dead = [hand, stored].filter((set) => set !== undefined).filter((set) => isOf(set, token));
    if (dead.length === 0) return;
    const isInUse = newest !== undefined && isOf(newest, token);
    // The pair in hand is dead, and another process has brought a newer one; or what is dead was replaced before.
    if (!isInUse && newest === hand) return;
    for (const set of dead) ledger.revoked(set);
    if (dead.some(({ refresh_token }) => refresh_token === token))
      grants.record(fingerprint(token), { kind: 'dead', reason: 'refresh-token-invalid' });
    if (!isInUse && newest) {
      ledger.kept(holdLoaded(newest, deps.ahead()));
      return;
    }
    ledger.cleared();
    deps.forget();
    if (!inside) return;
    await keeper.remove();
    await inside.notes.clear();
  }

  return {
    revokedElsewhere(token) {
      // What the application brings from now on is not meant, also where it comes before the turn of this.
      const signal = turns.generation;
      const over = turns
        .inTurn(() => inTurn(token, signal))
        .finally(() => {
          if (running === over) running = undefined;
        });
      running = over;
      return over;
    },
    underWay: () => running?.catch(() => undefined),
  };
}

function isOf({ access_token, refresh_token }: TokenSet, token: string): boolean {
  return access_token === token || refresh_token === token;
}
