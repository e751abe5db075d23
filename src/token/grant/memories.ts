import type { TokenSet, TokenStore } from '../../store/store.js';
import type { LoginGate } from '../endpoint/login-gate.js';
import type { Holders } from './holders.js';
import type { GrantOutcome } from './outcomes.js';

/** The account of one source, as other sources see it. What is here is read live. */
export interface Holder {
  /** Login origin and client id, as a JSON array. */
  readonly client: string;
  readonly account: string;
  /** The fingerprint of the refresh token in hand. */
  readonly refreshToken: string | undefined;
  /** The pair in hand is in memory only. */
  readonly unsaved: boolean;
  /** The pair in hand, with what is said of its line. */
  readonly set?: TokenSet | undefined;
  /** Whether it holds, or has held, the token of this fingerprint. */
  hasHeld?(token: string): boolean;
  readonly memory?: StoreMemory;
}

/** The accounts of one client that were let go. */
export interface RestingAccounts {
  /** To itself: a store's memory does not keep alive the accounts of an attach that another has taken the place of. */
  readonly ref: WeakRef<RestingAccounts>;
  /** The one that was let go with the refresh token of this fingerprint, if all that it has ever held can be told from that. */
  find(refreshToken: string): Holder | undefined;
}

/** An outcome in the memory of a store. */
export interface Recorded {
  outcome: GrantOutcome;
  /** Its place in the order of all that happened. */
  readonly at: number;
}

/** What the attaches to one store object have found out. It ends with the store object. */
export interface StoreMemory {
  /** To itself: what leads to it keeps it alive no longer than its store. */
  readonly ref: WeakRef<StoreMemory>;
  /** When the store was attached first. */
  readonly since: number;
  /** When one of its accounts was used last. */
  usedAt: number;
  /** By client and refresh token. */
  readonly outcomes: Map<string, Recorded>;
  readonly holdings: Set<WeakRef<Holder>>;
  /** The accounts that were let go, of each client and copy of the package. */
  resting?: Set<WeakRef<RestingAccounts>>;
  /** The clients of those accounts, and one account of each: to ask all of them at each first use would take its time. */
  clients?: Map<string, WeakRef<Holder>>;
  /** Those at which its accounts have waited for a login host, by login host and client. */
  readonly gates: Map<string, KnownGate>;
  /** With so many outcomes the oldest are given up. */
  fullAt: number;
}

/** Read and written by every copy of the package in this process from the release after 0.1.0 on. */
export interface Memories {
  /** Counts stores and outcomes: the order in which they came. No clock: two in one millisecond have an order, too. */
  count: number;
  readonly byStore: WeakMap<TokenStore, StoreMemory>;
  readonly all: Set<WeakRef<StoreMemory>>;
  /** Which of them know what became of a token, by client and token. */
  readonly knowing: Map<string, Set<WeakRef<StoreMemory>>>;
  /** When it has so many tokens, those that no store knows of any more are taken out. */
  knowingFullAt: number;
  /** Who holds a refresh token, by its fingerprint. */
  holders?: Holders;
  /** The stores that have accounts which were let go. */
  resting?: Set<WeakRef<StoreMemory>>;
  /** By login host and client: the gate that was made last. */
  readonly gates: Map<string, WeakRef<KnownGate>>;
}

/** Creates the part of the registry that remembers. */
export function createMemories(): Memories {
  return {
    count: 0,
    byStore: new WeakMap(),
    all: new Set(),
    knowing: new Map(),
    knowingFullAt: 1_000,
    gates: new Map(),
  };
}

/** The memory of this store. `replaces`: the store whose place it takes, and whose memory is its own then. */
export function memoryOf(memories: Memories, store: TokenStore, replaces?: TokenStore): StoreMemory {
  const found = memories.byStore.get(store) ?? (replaces && memories.byStore.get(replaces));
  const since = ++memories.count;
  const memory = found ?? createMemory(since);
  memories.byStore.set(store, memory);
  if (!found) {
    // Of an application that makes a store object for each request, few are left.
    if (memories.all.size % 100 === 99) each(memories.all, () => {});
    memories.all.add(memory.ref);
  }
  return memory;
}

function createMemory(since: number): StoreMemory {
  const memory = {
    since,
    usedAt: since,
    outcomes: new Map<string, Recorded>(),
    holdings: new Set<WeakRef<Holder>>(),
    clients: new Map<string, WeakRef<Holder>>(),
    gates: new Map<string, KnownGate>(),
    fullAt: 0,
  };
  return Object.assign(memory, { ref: new WeakRef(memory as StoreMemory) });
}

/** An account of this store is being used. */
export function useMemory({ count }: Memories, memory: StoreMemory): void {
  memory.usedAt = count;
  for (const shared of memory.gates.values()) shared.usedAt = count;
}

/** Accounts of this process, of every store that is still there. */
export function holdingsOf(memories: Memories): Holder[] {
  return alive(memories.all).flatMap(({ holdings }) => alive(holdings));
}

/** Enters an account of this store; nothing here keeps it alive. */
export function enterHolder(memory: StoreMemory, holder: Holder): WeakRef<Holder> {
  const ref = new WeakRef(holder);
  memory.holdings.add(ref);
  memory.clients?.set(holder.client, ref);
  return ref;
}

/** The accounts that were let go with the refresh token of this fingerprint, of the stores that are in use beside this one. */
export function restingWith(memories: Memories, { since }: StoreMemory, refreshToken: string): Holder[] {
  const found: Holder[] = [];
  each(memories.resting ?? new Set<WeakRef<StoreMemory>>(), ({ usedAt, resting }) => {
    if (usedAt < since) return;
    each(resting ?? new Set<WeakRef<RestingAccounts>>(), (accounts) => {
      const holder = accounts.find(refreshToken);
      if (holder) found.push(holder);
    });
  });
  return found;
}

/** The clients that use this account of one store, but for `own`. */
export function clientsBeside(memory: StoreMemory, own: string, account: string): string[] {
  if (clientsOf(memory).every((client) => client === own)) return [];
  const clients = new Set<string>();
  each(memory.holdings, (holder) => holder.account === account && clients.add(holder.client));
  clients.delete(own);
  return [...clients];
}

/** The login origins that accounts of this process have their tokens from. */
export function loginsOf(memories: Memories): string[] {
  const clients = new Set<string>();
  each(memories.all, (memory) => clientsOf(memory).forEach((client) => clients.add(client)));
  return [...clients].map((client) => (JSON.parse(client) as [string, string])[0]);
}

/** The clients of the accounts that use this store now. */
function clientsOf({ holdings, clients }: StoreMemory): string[] {
  // A store that an older copy of the package has met first.
  if (!clients) return [...new Set(alive(holdings).map(({ client }) => client))];
  for (const [client, ref] of clients) {
    if (ref.deref() && holdings.has(ref)) continue;
    const other = oneOf(client, holdings);
    if (other) clients.set(client, other);
    else clients.delete(client);
  }
  return [...clients.keys()];
}

/** Whether an account of this store has a pair in memory only. */
export function hasUnsaved({ holdings }: StoreMemory): boolean {
  let found = false;
  each(holdings, ({ unsaved }) => (found ||= unsaved));
  return found;
}

function oneOf(client: string, holdings: Set<WeakRef<Holder>>): WeakRef<Holder> | undefined {
  for (const ref of holdings) if (ref.deref()?.client === client) return ref;
  return undefined;
}

function alive<T extends object>(refs: Set<WeakRef<T>>): T[] {
  const items: T[] = [];
  each(refs, (item) => items.push(item));
  return items;
}

/** Runs `work` for each that is still there, and takes the others off the list. */
export function each<T extends object>(refs: Set<WeakRef<T>>, work: (item: T) => unknown): void {
  for (const ref of refs) {
    const item = ref.deref();
    if (item) work(item);
    else refs.delete(ref);
  }
}

/** A gate, and when one of the stores whose accounts have been at it was used last. */
interface KnownGate {
  readonly gate: LoginGate;
  usedAt: number;
}

/** Of what a gate offers: a copy of the package with another version has gates of its own. */
const version = 2;
/** So many are known before those that are gone are looked for. */
const lookedThroughAt = 100;

/**
 * The gate for this login host and client: one for all stores that are in use at the same time, because a login host counts the requests
 * of a client, whichever account, store or copy of the package they come from. It ends with those stores. A store that comes when no
 * store of the gate is in use any more is a new beginning, for which the gate is made anew: the tests of an application give each test a
 * new store, and the refusals of one must not delay the next.
 */
export function loginGateFor(
  memories: Memories,
  own: StoreMemory,
  client: string,
  create: () => LoginGate,
): LoginGate {
  const key = `${version} ${client}`;
  const last = memories.gates.get(key)?.deref();
  const isInUse = last !== undefined && (last.usedAt >= own.since || last.gate.isAwaited());
  const shared = isInUse ? last : { gate: create(), usedAt: memories.count };
  if (shared !== last) {
    if (memories.gates.size >= lookedThroughAt)
      for (const [other, ref] of memories.gates) if (!ref.deref()) memories.gates.delete(other);
    memories.gates.set(key, new WeakRef(shared));
  }
  own.gates.set(key, shared);
  return shared.gate;
}
