import type { TokenSet, TokenStore } from './store.js';

/**
 * Keeps tokens in this process only: losing them at a restart is meant (tests, `client_credentials`, one-off scripts).
 *
 * @param initial tokens of the account that asks first.
 * @example
 * attachProcore(instance, { clientId, clientSecret, store: memoryTokenStore(tokens) });
 */
export function memoryTokenStore(initial?: TokenSet): TokenStore {
  const sets = new Map<string, TokenSet>();
  const tails = new Map<string, Promise<unknown>>();
  let unclaimed = initial && { ...initial };
  // At the first touch of any kind: what one account has brought or forgotten must never turn up as another's.
  const claim = (account: string) => {
    if (unclaimed) sets.set(account, unclaimed);
    unclaimed = undefined;
  };
  return {
    load(account) {
      claim(account);
      const set = sets.get(account);
      return set && { ...set };
    },
    save(tokens, account) {
      claim(account);
      sets.set(account, { ...tokens });
    },
    // Nobody else can reach this store: its lock proves that no other process is renewing.
    lock(account, critical) {
      const run = (tails.get(account) ?? Promise.resolve()).then(() => critical());
      tails.set(
        account,
        run.catch(() => undefined),
      );
      return run;
    },
    remove(account) {
      claim(account);
      sets.delete(account);
    },
    renewsLock: true,
  };
}
