import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { identityOf, type GrantType } from '../pair/identity.js';
import { doubtOf, type Doubt } from '../pair/doubt.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Keeper, Loaded } from './bounded-store.js';
import type { Ledger } from '../pair/ledger.js';
import type { Telling } from '../told/telling.js';
import { subjectOf } from '../../wire/jwt.js';

/** A row that is gone may be on its way back: a replica lags, or somebody writes it by a DELETE and an INSERT. */
const goneAgainMs = 250;
/** A store whose answers keep changing is asked no more often than this for one load. */
const mostLooks = 4;

/**
 * Wraps the keeper of one account: an answer that may not be this account's is believed when the store gives it twice in a row. A pool
 * that hands out another request's answer does so once.
 */
export function createVetting(deps: {
  env: Env;
  account: string;
  grant: GrantType;
  keeper: Keeper;
  ledger: Ledger;
  telling: Pick<Telling, 'offended' | 'changedOwner'>;
  /** The other account that holds this pair now, or what it was redeemed for, in words. */
  holderOf: (loaded: TokenSet) => string | undefined;
}): Keeper {
  const { env, account, grant, keeper, ledger, telling, holderOf } = deps;

  function doubtAbout(loaded: Loaded): Doubt | undefined {
    if (loaded.kind === 'failed') return undefined;
    const { set } = loaded;
    return doubtOf(set, {
      hand: ledger.newest?.held.set,
      grant,
      isGone: loaded.isGone === true || ledger.isGone,
      isPast: (identity) => ledger.isReplaced(identity) || (set ? ledger.isRevoked(set) : false),
      isHeldElsewhere: () => set !== undefined && holderOf(set) !== undefined,
      isBrought: ledger.isBrought,
      isDead: ledger.isDead?.(fingerprint(ledger.newest?.held.refreshToken ?? '')) === true,
      hasOthers: account !== 'default',
    });
  }

  /** The answer, known to be the store's own opinion. */
  function believed(set: TokenSet | undefined, doubt: Doubt): Loaded {
    if (!set) return { kind: 'loaded', set, isGone: true };
    if (doubt === 'another-user') telling.changedOwner(subjectOf(set.access_token) ?? '');
    if (doubt !== 'held-elsewhere') return { kind: 'loaded', set };
    const holder = holderOf(set) ?? 'another account';
    const why = `store.load() returned the tokens that ${holder} holds`;
    telling.offended(
      'account',
      holder,
      `${why}: they are not used for this account, or the user of one would act as that of the other. Let load and save use the account that they are given; where both are meant to have one row, use one account name for it`,
    );
    return { kind: 'failed', why: `${why}; each account has a set of its own`, garbage: true };
  }

  return {
    ...keeper,
    async load() {
      let loaded = await keeper.load();
      for (let looks = 1; loaded.kind === 'loaded' && looks < mostLooks; looks++) {
        const doubt = doubtAbout(loaded);
        if (!doubt) return loaded;
        if (doubt === 'gone' && ledger.isGone) return believed(undefined, doubt);
        if (doubt === 'gone') await env.sleep(goneAgainMs);
        const again = await keeper.load();
        if (again.kind === 'failed') return again;
        if (isSame(again.set, loaded.set)) {
          // The holder may have given it back meanwhile.
          const still = doubtAbout(again);
          return still ? believed(again.set, still) : again;
        }
        loaded = again;
      }
      if (loaded.kind === 'failed' || !doubtAbout(loaded)) return loaded;
      return { kind: 'failed', why: 'store.load() returned other tokens each time', garbage: false };
    },
  };

  function isSame(one: TokenSet | undefined, other: TokenSet | undefined): boolean {
    return one && other ? identityOf(one, grant) === identityOf(other, grant) : one === other;
  }
}
