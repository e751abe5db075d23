import type { TokenStore } from '../../store/store.js';
import { createHolders, holdersOf, holdNow, type Entry } from './holders.js';
import type { LoginGate } from '../endpoint/login-gate.js';
import {
  clientsBeside,
  createMemories,
  enterHolder,
  loginGateFor,
  loginsOf,
  memoryOf,
  restingWith,
  useMemory,
  type Holder,
  type Memories,
  type RestingAccounts,
  type StoreMemory,
} from './memories.js';
import {
  forgetOutcome,
  outcomeFor,
  outcomeKey,
  recordOutcome,
  wasRedeemedBefore,
  type GrantOutcome,
} from './outcomes.js';

/** Plain data, promises and the gates of the login hosts: every copy and version of the package in this process reads and writes it. */
interface Registry {
  readonly version: 1;
  /** By grant: the end of the queue, a promise that never rejects. By the token alone: whoever holds it waits here. */
  readonly tails: Map<string, Promise<void>>;
  /** By token alone: what release 0.1.0 knows and is told. Bounded, oldest first out. */
  readonly outcomes: Map<string, GrantOutcome & { readonly by?: WeakRef<StoreMemory> }>;
  /** By store and account: the last save, a promise that never rejects. */
  saves?: WeakMap<TokenStore, Map<string, Promise<unknown>>>;
  memories?: Memories;
}

const place = Symbol.for('axios-procore.grants');
const keptForOlderReleases = 1_000;

/** Renewals of one grant, one after another, across instances and across copies of the package. */
export interface GrantQueue {
  /**
   * Runs `critical` when nobody else holds `key`. Resolves with `undefined`, without having run it, when `signal` aborts first.
   */
  run<T>(key: string, critical: () => Promise<T>, signal: AbortSignal): Promise<T | undefined>;
}

/** The queue, and what became of the grants of one client, as far as it counts for one store. Keys are fingerprints. */
export interface ClientGrants extends GrantQueue {
  /** Login origin and client id, as a JSON array. */
  readonly client: string;
  outcomeOf(key: string): GrantOutcome | undefined;
  record(key: string, outcome: GrantOutcome): void;
  /** A person has authorized anew with this very token: an old verdict on it no longer counts. */
  forget(key: string): void;
  /** Whether a store object of before, which may lead to the same table, has redeemed this token. */
  mayBeRedeemed(key: string): boolean;
  /** An account uses this store; nothing here keeps it alive. */
  enter(holder: Holder): Entry;
  /** The fingerprint of the refresh token that an account holds from now on. */
  nowHolds(entry: Entry, refreshToken: string | undefined): void;
  /** An account is let go. */
  leave(entry: Entry): void;
  /** Other stores of the process find these accounts from now on; nothing here keeps them alive. */
  findsResting(accounts: RestingAccounts): void;
  /** The accounts that were let go with this refresh token, of stores that are in use beside this one. */
  restingWith: (refreshToken: string) => Holder[];
  /** The accounts of the process that hold this refresh token now, of stores that are in use beside this one. */
  heldBy(refreshToken: string): Holder[];
  /** What the attaches to this store have found out. */
  readonly memory: StoreMemory;
  /** An account of this store is being used. */
  used(): void;
  /** Where the token requests of this client wait for their turn. */
  loginGate(create: () => LoginGate): LoginGate;
  /** The other clients that use this account of this store. */
  besides(account: string): string[];
  /** The login origins of all accounts in use in this process. */
  loginsInUse(): string[];
}

/** What all copies of the package in this process share. */
export interface GrantRegistry extends GrantQueue {
  /**
   * For the accounts of one client in this store. `isPrivate`: nothing else can have put its tokens there; `replaces`: the store whose
   * place it takes.
   */
  of(
    store: TokenStore,
    where: { client: string; isPrivate: boolean; replaces: TokenStore | undefined },
  ): ClientGrants;
  /** The saves under way of this store, by account. */
  savesOf(store: TokenStore): Map<string, Promise<unknown>>;
}

/**
 * The registry lives on `globalThis`, the one exception to "no state at module level": two copies of the package (an ES module and a
 * CommonJS one, two versions under two dependencies) must never redeem the same single-use token. What it keeps of tokens belongs to the
 * store objects of the application, and ends with them.
 */
export function createGrantRegistry(scope: object = globalThis): GrantRegistry {
  const registry = registryOf(scope);
  const { tails } = registry;
  const saves = (registry.saves ??= new WeakMap());
  const memories = (registry.memories ??= createMemories());
  const holders = (memories.holders ??= createHolders());

  const run: GrantQueue['run'] = async (key, critical, signal) => {
    const before = tails.get(key) ?? Promise.resolve();
    let leave = () => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    // Whoever gives up while waiting leaves early, but those behind still wait for those before.
    const tail = before.then(() => left);
    tails.set(key, tail);
    void tail.then(() => tails.get(key) === tail && tails.delete(key));
    try {
      return (await arrives(before, signal)) ? await critical() : undefined;
    } finally {
      leave();
    }
  };

  return {
    run,
    of(store, { client, isPrivate, replaces }) {
      const memory = memoryOf(memories, store, replaces);
      const keyOf = (key: string) => outcomeKey(client, key);
      return {
        run,
        client,
        memory,
        outcomeOf: (key) =>
          outcomeFor({ memory, isPrivate }, memories, keyOf(key)) ?? toldByOlderRelease(registry, key),
        record(key, outcome) {
          recordOutcome(memories, memory, client, key, outcome);
          tellOlderReleases(registry, key, { ...outcome, by: new WeakRef(memory) });
        },
        forget(key) {
          forgetOutcome(memories, keyOf(key));
          registry.outcomes.delete(key);
        },
        mayBeRedeemed: (key) => !isPrivate && wasRedeemedBefore(memories, keyOf(key)),
        enter: (holder) => ({ ref: enterHolder(memory, holder), held: undefined }),
        nowHolds: (entry, refreshToken) => holdNow(holders, entry, refreshToken),
        leave(entry) {
          holdNow(holders, entry, undefined);
          memory.holdings.delete(entry.ref);
          (memories.resting ??= new Set()).add(memory.ref);
        },
        findsResting: ({ ref }) => void (memory.resting ??= new Set()).add(ref),
        restingWith: (token) => restingWith(memories, memory, token),
        // The tests of an application give each test a new store with the same tokens: those of before are in use no more.
        heldBy: (token) =>
          holdersOf(holders, token).filter((holder) => (holder.memory?.usedAt ?? -1) >= memory.since),
        used: () => useMemory(memories, memory),
        loginGate: (create) => loginGateFor(memories, memory, client, create),
        // The client before may be out of use, where an attach has taken the place of another.
        besides: (account) => (replaces ? [] : clientsBeside(memory, client, account)),
        loginsInUse: () => loginsOf(memories),
      };
    },
    savesOf(store) {
      const own = saves.get(store) ?? new Map<string, Promise<unknown>>();
      saves.set(store, own);
      return own;
    },
  };
}

/** Release 0.1.0 says neither whose token it was nor which store it was in. */
function toldByOlderRelease({ outcomes }: Registry, key: string): GrantOutcome | undefined {
  const told = outcomes.get(key);
  return told && !told.by ? told : undefined;
}

function tellOlderReleases(
  { outcomes }: Registry,
  key: string,
  told: GrantOutcome & { readonly by: WeakRef<StoreMemory> },
): void {
  outcomes.delete(key);
  outcomes.set(key, told);
  for (const [oldest, { by }] of outcomes) {
    const isGone = by !== undefined && by.deref() === undefined;
    if (outcomes.size <= keptForOlderReleases && !isGone) break;
    outcomes.delete(oldest);
  }
}

function registryOf(scope: object): Registry {
  const found = (scope as Record<symbol, unknown>)[place] as Registry | undefined;
  if (found) return found;
  const registry: Registry = { version: 1, tails: new Map(), outcomes: new Map() };
  // Not enumerable: the tokens in it must not show up where somebody prints the global object.
  Object.defineProperty(scope, place, { value: registry, enumerable: false });
  return registry;
}

/** True when `turn` comes before `signal` aborts. */
async function arrives(turn: Promise<void>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  let abandon = () => {};
  const aborted = new Promise<false>((resolve) => (abandon = () => resolve(false)));
  signal.addEventListener('abort', abandon, { once: true });
  try {
    return await Promise.race([turn.then(() => true as const), aborted]);
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}
