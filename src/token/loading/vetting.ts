import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { identityOf, type GrantType } from '../pair/comparison.js';
import { doubtOf, type Doubt } from '../pair/doubt.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Keeper, Loaded } from './keeper.js';
import type { Ledger } from '../pair/ledger.js';
import type { TokenEvents } from '../told/token-events.js';
import { subjectOf } from '../../wire/jwt.js';

/** The wait before a row that is missing is looked for again. A replica may lag, or somebody may write the row by a DELETE and an INSERT. */
const goneAgainMs = 250;
/** The most looks of one load into a store whose answers keep changing. */
const mostLooks = 4;

/** An answer of the store, and the identity of its set. */
interface StoreAnswer {
  readonly loaded: Loaded;
  readonly identity: string | undefined;
}

/**
 * Creates the load of one account. An answer that may not be this account's is believed where the store gives it twice in a row: a connection
 * pool that hands out the answer to another request does so once.
 */
export function createVetting(deps: {
  env: Env;
  account: string;
  grant: GrantType;
  load: Keeper['load'];
  ledger: Ledger;
  tokenEvents: Pick<TokenEvents, 'offended' | 'changedOwner'>;
  /** The other account that holds this pair or the one that it was redeemed for, in words; `name`: the fingerprint of its refresh token. */
  holderOf: (loaded: TokenSet, name: string) => string | undefined;
  /** The fingerprint of the newest refresh token that this process has got by redeeming that of the pair. */
  redeemedFor: (loaded: TokenSet) => string | undefined;
  /** Called with the identity of each pair that the store shows. */
  shown: (identity: string | undefined) => void;
}): Keeper['load'] {
  const { env, account, grant, ledger, tokenEvents } = deps;

  async function ask(before?: StoreAnswer): Promise<StoreAnswer> {
    const loaded = await deps.load();
    if (loaded.kind === 'failed' || !loaded.set) return { loaded, identity: undefined };
    const known = before?.loaded.kind === 'loaded' ? before.loaded.set : undefined;
    const isSame = known && hasSameTokens(known, loaded.set);
    const identity = isSame ? before!.identity : identityOf(loaded.set, grant);
    deps.shown(identity);
    return { loaded: { ...loaded, identity }, identity };
  }

  function holderOf(set: TokenSet, identity: string | undefined): string | undefined {
    const { refresh_token: refresh } = set;
    if (!refresh) return undefined;
    const isNamed = grant === 'refresh_token' && identity !== undefined;
    return deps.holderOf(set, isNamed ? identity : fingerprint(refresh));
  }

  /**
   * Whether the set would not be adopted: it was revoked or replaced here. A set whose token was redeemed for the pair of another account
   * would be adopted.
   */
  function isPast(set: TokenSet, identity: string): boolean {
    if (ledger.isRevoked(set)) return true;
    if (!ledger.isReplaced(identity)) return false;
    const successor = deps.redeemedFor(set);
    return successor === undefined || [identity, successor].some((token) => ledger.hasHeld(token));
  }

  function doubtAbout({ loaded, identity }: StoreAnswer): Doubt | undefined {
    if (loaded.kind === 'failed') return undefined;
    const { set } = loaded;
    const hand = ledger.newest?.held;
    return doubtOf(
      set,
      {
        hand: hand?.set,
        grant,
        isGone: loaded.isGone === true || ledger.isGone,
        isPast: (one) => set !== undefined && isPast(set, one),
        isHeldElsewhere: () => set !== undefined && holderOf(set, identity) !== undefined,
        isBrought: ledger.isBrought,
        isDead: hand?.refreshToken !== undefined && ledger.isDead(fingerprint(hand.refreshToken)),
        hasOthers: account !== 'default',
      },
      identity,
    );
  }

  /** What follows from an answer that the store has given twice. */
  function believed({ loaded, identity }: StoreAnswer, doubt: Doubt): Loaded {
    const set = loaded.kind === 'loaded' ? loaded.set : undefined;
    if (!set) return { kind: 'loaded', set, isGone: true };
    if (doubt === 'another-user') tokenEvents.changedOwner(subjectOf(set.access_token) ?? '');
    if (doubt !== 'held-elsewhere') return loaded;
    const holder = holderOf(set, identity) ?? 'another account';
    const why = `store.load() returned the tokens that ${holder} holds`;
    tokenEvents.offended(
      'account',
      holder,
      `${why}: they are not used for this account, or the user of one would act as that of the other. Let load and save use the account that they are given; where both are meant to have one row, use one account name for it`,
    );
    return { kind: 'failed', why: `${why}; each account has a set of its own`, garbage: true };
  }

  return async () => {
    let answer = await ask();
    for (let looks = 1; answer.loaded.kind === 'loaded' && looks < mostLooks; looks++) {
      const doubt = doubtAbout(answer);
      if (!doubt) return answer.loaded;
      if (doubt === 'gone' && ledger.isGone) return believed({ ...answer, loaded: none }, doubt);
      if (doubt === 'gone') await env.sleep(goneAgainMs);
      const again = await ask(answer);
      if (again.loaded.kind === 'failed') return again.loaded;
      if (isSame(again, answer)) {
        // The other account may have let the pair go meanwhile.
        const still = doubtAbout(again);
        return still ? believed(again, still) : again.loaded;
      }
      answer = again;
    }
    if (answer.loaded.kind === 'failed' || !doubtAbout(answer)) return answer.loaded;
    return { kind: 'failed', why: 'store.load() returned other tokens each time', garbage: false };
  };
}

const none: Loaded = { kind: 'loaded', set: undefined };

function isSame(one: StoreAnswer, other: StoreAnswer): boolean {
  const [a, b] = [one.loaded, other.loaded].map((loaded) => loaded.kind === 'loaded' && loaded.set);
  return a && b ? one.identity === other.identity : a === b;
}

function hasSameTokens(one: TokenSet, other: TokenSet): boolean {
  return one.access_token === other.access_token && one.refresh_token === other.refresh_token;
}
