import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import type { TokenStore } from '../store/store.js';
import type { TokenSource } from '../token/source.js';
import { sweepMs } from './sweeping.js';
import type { RestingAccounts } from '../token/grant/memories.js';
import { createListening, type Listening } from './listening.js';
import { createAccountCache, type AccountCache, type CreateSource } from './account-cache.js';

/** The account that calls and methods of one attach use where they name none. */
export interface OwnAccount {
  readonly account: string;
  readonly inContext: InContext;
  /** Whether the bearer of a call decides on its account (option `account: accountBySubject`). */
  readonly isBySubject: boolean;
  /** The longest single wait of a call. */
  readonly maxWaitMs: number;
}

/** The accounts of one client in one store. */
export interface ClientAccounts extends Pick<
  AccountCache,
  'all' | 'has' | 'resting' | 'restingWith' | 'sweep'
> {
  /** The store that has their tokens now. */
  readonly store: TokenStore;
  /** What is known of the server, and how other processes tell of their renewals. */
  readonly listening: Listening;
  /** The source of this account. `create` makes it at the first use, and at the first use after the account was let go. */
  source(account: string, create: CreateSource): TokenSource;
  /** The accounts at rest, as the accounts of other stores find them. */
  readonly atRest: RestingAccounts;
  /** Keeps the attach's own account in memory until it is detached or garbage-collected. */
  attached(own: OwnAccount): void;
  detached(own: OwnAccount): void;
  /** The async context of the first attach whose own account this is. */
  contextOf(account: string): InContext | undefined;
  /** The store in which the account was let go, where another store has replaced that one since. */
  restsIn(account: string): TokenStore | undefined;
  /** The accounts that were let go, each with the store that has its tokens. */
  rests(): Iterable<readonly [account: string, store: TokenStore]>;
  /** Notes that this account was let go before, with its tokens in this store. */
  rest(account: string, store: TokenStore): void;
  moveTo(store: TokenStore): void;
}

/** Creates the accounts of one client. */
export function createClientAccounts({
  env,
  client,
  store: first,
  entered,
  mayLeaveNow,
}: {
  env: Env;
  /** Login origin and client id, as a JSON array. */
  client: string;
  /** The store that has their tokens at first. */
  store: TokenStore;
  /** Called when a source comes into memory. */
  entered: (source: TokenSource) => void;
  /** Called when there are accounts in memory that may be let go later. */
  mayLeaveNow: () => void;
}): ClientAccounts {
  let store = first;
  const own = new Map<string, WeakRef<OwnAccount>[]>();
  let isBySubject = false;
  let longestWaitMs = 0;
  const restsIn = new Map<string, TokenStore>();

  function ownOf(account: string): OwnAccount | undefined {
    for (const ref of own.get(account) ?? []) {
      const one = ref.deref();
      if (one) return one;
    }
    own.delete(account);
    return undefined;
  }

  // Where bearers decide on the account, one whose token has no `sub` can be recognised only while its tokens are in memory.
  const isFound = (source: TokenSource) =>
    !isBySubject || !source.hasAccessToken() || source.subject() !== undefined;
  const mayLeave = (source: TokenSource) => !ownOf(source.account) && isFound(source);
  const cache = createAccountCache({
    mayLeave,
    longestIdle: () => (2 * longestWaitMs) / sweepMs,
    entered(source, isNew) {
      restsIn.delete(source.account);
      entered(source);
      if (!ownOf(source.account)) mayLeaveNow();
      if (!isNew) source.moveTo(store);
    },
  });

  const listening = createListening({
    env,
    notices: () => store.notices,
    announced: async (account, over) => cache.inMemory(account)?.announced(over),
  });

  function lookForIdle(): void {
    for (const source of cache.all()) if (!ownOf(source.account)) return mayLeaveNow();
  }

  const found: Omit<RestingAccounts, 'ref'> = {
    find(refreshToken) {
      const resting = cache.restingWith(refreshToken);
      if (!resting || resting.hasHeldOthers) return undefined;
      const { account, set } = resting;
      return {
        client,
        account,
        refreshToken,
        unsaved: false,
        set,
        hasHeld: (token) => token === refreshToken,
      };
    },
  };
  const atRest = Object.assign(found, { ref: new WeakRef(found as RestingAccounts) });

  return {
    all: cache.all,
    has: cache.has,
    resting: cache.resting,
    restingWith: cache.restingWith,
    sweep: cache.sweep,
    atRest,
    get store() {
      return store;
    },
    listening,
    source: cache.of,
    attached(one) {
      isBySubject ||= one.isBySubject;
      longestWaitMs = Math.max(longestWaitMs, one.maxWaitMs);
      own.set(one.account, [...(own.get(one.account) ?? []).filter((ref) => ref.deref()), new WeakRef(one)]);
      lookForIdle();
    },
    detached(one) {
      const others = own.get(one.account)?.filter((ref) => ref.deref() !== one);
      if (others) own.set(one.account, others);
      lookForIdle();
    },
    contextOf: (account) => ownOf(account)?.inContext,
    restsIn: (account) => restsIn.get(account),
    *rests() {
      for (const account of cache.resting()) yield [account, restsIn.get(account) ?? store] as const;
    },
    rest(account, place) {
      if (cache.has(account)) return;
      cache.rest(account);
      restsIn.set(account, place);
    },
    moveTo(next) {
      if (next !== store)
        for (const account of cache.resting()) if (!restsIn.has(account)) restsIn.set(account, store);
      const isMoved = next !== store;
      store = next;
      if (isMoved) listening.moved();
      for (const source of cache.all()) source.moveTo(next);
    },
  };
}
