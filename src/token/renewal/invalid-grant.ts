import type { Env } from '../../time/env.js';
import { reloadAfterMs } from '../../time/backoff.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Keeper, Loaded } from '../loading/keeper.js';
import { outranks } from '../pair/authorization-line.js';
import { identityOf, type GrantType } from '../pair/comparison.js';
import type { Ledger } from '../pair/ledger.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';
import type { Saver } from '../saving/saving.js';
import { failuresOf } from '../told/failures.js';
import type { Adoption } from './adoption.js';
import type { Redemption } from './redemption.js';
import type { RenewalRun, Step } from './renewal.js';

/** Creates what follows the verdict `invalid_grant`: somebody else has redeemed the token and may still be saving, or it is dead. */
export function createInvalidGrant(deps: {
  env: Env;
  account: string;
  grant: GrantType;
  store: TokenStore;
  ahead: () => AheadChoice;
  keeper: Keeper;
  ledger: Ledger;
  grants: ClientGrants;
  saver: Saver;
  adoption: Adoption;
  takesOver: () => boolean;
}): (run: RenewalRun, redemption: Redemption, why: string) => Promise<Step> {
  const { env, account, grant, store, keeper, ledger, grants, saver, adoption } = deps;
  const failures = failuresOf(account, grant, deps.takesOver);

  return async (run, redemption, why) => {
    const { key } = redemption;
    const lostBefore = grants.outcomeOf(key)?.kind === 'perhaps-spent';
    let loaded: Loaded | undefined;
    for (const waitMs of reloadAfterMs) {
      // A lock that still stands proves that nobody else is saving, and fresh reads that nothing was saved before.
      if (waitMs > 0 && store.lock && store.readsAreFresh && !redemption.section.lost?.aborted) break;
      if (waitMs > 0) await env.sleep(waitMs, { signal: run.signal });
      loaded = await keeper.load();
      if (run.signal.aborted) return { kind: 'superseded' };
      const adopted = await adoption.adopt(
        run,
        redemption,
        loaded.kind === 'loaded' ? loaded.set : undefined,
      );
      if (adopted) return adopted;
    }
    const revived = revive(loaded?.kind === 'loaded' ? loaded.set : undefined, redemption);
    if (revived) return revived;
    // An unsaved pair of ours had given way to the one that is refused now. Nobody else has ever held it, so it can still be used.
    if (ledger.takenBack()) {
      grants.record(key, { kind: 'dead', reason: 'refresh-token-invalid' });
      const unsaved = await saver.saveNewest(undefined, redemption.endsAtMs, run.signal);
      return ledger.newest && ledger.freshness(ledger.newest) === 'fresh'
        ? { kind: 'adopted', lease: ledger.newest, from: 'process', ...(unsaved ? { unsaved } : {}) }
        : { kind: 'again' };
    }
    const reason = lostBefore ? 'refresh-response-lost' : 'refresh-token-invalid';
    // Also where the store cannot be read now: this refresh token is never sent again.
    grants.record(key, { kind: 'dead', reason });
    if (loaded?.kind === 'failed')
      return failures.store(`${loaded.why} after an invalid_grant`, loaded.cause, loaded.garbage);
    return failures.dead(reason, why);
  };

  /**
   * Takes what the store holds although it was replaced here before, where it was only replaced and never redeemed: it may be the adoption
   * that was wrong. Or it is of the authorization before the one that is dead.
   */
  function revive(stored: TokenSet | undefined, { key, hand }: Redemption): Step | undefined {
    const identity = stored && identityOf(stored, grant);
    if (!stored || !identity || identity === key || grants.outcomeOf(identity)) return undefined;
    const isPast = ledger.isReplaced(identity) || (hand && outranks(hand.held.set, stored));
    if (!isPast || ledger.isRevoked(stored)) return undefined;
    if (hand && isSameUser(hand.held.set, stored) === false) return undefined;
    grants.record(key, { kind: 'dead', reason: 'refresh-token-invalid' });
    ledger.revived(stored);
    const lease = ledger.kept(holdLoaded(stored, deps.ahead()));
    return ledger.freshness(lease) === 'fresh'
      ? { kind: 'adopted', lease, from: 'store' }
      : { kind: 'again' };
  }
}
