import type { TokenSet, TokenStore } from '../../store/store.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Holders } from './holders.js';
import type { SharedGate } from './login-gates.js';

/** What became of a grant that was redeemed, or tried. */
export type GrantOutcome =
  | { kind: 'renewed'; tokens: TokenSet; expiresAtMs: number | undefined }
  | { kind: 'dead'; reason: 'refresh-token-invalid' | 'refresh-response-lost' }
  /** Presented, and the answer lost: if it turns out invalid, this is why. */
  | { kind: 'perhaps-spent' };

/** The account of one source, as other sources see it. What is here is read live. */
export interface Holding {
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
  find(refreshToken: string): Holding | undefined;
}

interface Recorded {
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
  readonly holdings: Set<WeakRef<Holding>>;
  /** The accounts that were let go, of each client and copy of the package. */
  resting?: Set<WeakRef<RestingAccounts>>;
  /** The clients of those accounts, and one account of each: to ask all of them at each first use would take its time. */
  clients?: Map<string, WeakRef<Holding>>;
  /** Those at which its accounts have waited for a login host, by login host and client. */
  readonly gates: Map<string, SharedGate>;
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
  /** With so many tokens in there those are looked for that nobody knows of any more. */
  knowingFullAt: number;
  /** Who holds a refresh token, by its fingerprint. */
  holders?: Holders;
  /** The stores that have accounts which were let go. */
  resting?: Set<WeakRef<StoreMemory>>;
  /** By login host and client: the gate that was made last. */
  readonly gates: Map<string, WeakRef<SharedGate>>;
}

/** How many outcomes of one store are kept besides those that somebody may still ask for. */
const keptOutcomes = 1_000;
/** So many store objects may learn of one token by themselves that it is dead: applications make one for each request. */
const mostBeginnings = 10;

/** Creates the part of the registry that remembers. */
export function createMemories(): Memories {
  return {
    count: 0,
    byStore: new WeakMap(),
    all: new Set(),
    knowing: new Map(),
    knowingFullAt: keptOutcomes,
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
    holdings: new Set<WeakRef<Holding>>(),
    clients: new Map<string, WeakRef<Holding>>(),
    gates: new Map<string, SharedGate>(),
    fullAt: 0,
  };
  return Object.assign(memory, { ref: new WeakRef(memory as StoreMemory) });
}

/** An account of this store is being used. */
export function useMemory({ count }: Memories, memory: StoreMemory): void {
  memory.usedAt = count;
  for (const shared of memory.gates.values()) shared.usedAt = count;
}

/** What a token is called in the memory of a store: the same text may be another client's token. */
export function outcomeKey(client: string, refreshFingerprint: string): string {
  return `${client} ${refreshFingerprint}`;
}

/** Where tokens are kept, and whether nothing else than this store object can have put them there. */
export interface Place {
  readonly memory: StoreMemory;
  readonly isPrivate: boolean;
}

/**
 * What became of this token, as far as it counts for this store. What the accounts of another store object have found out counts where
 * both stores were there at the time, and where both are in use. Otherwise the later store is a new beginning: the tests of an
 * application give each test a new store with the same tokens. Of a store that may lead to the same table as others, more is believed:
 * that the successor could not be saved so far, and that a token is dead where as many as `mostBeginnings` stores have been told so.
 */
export function outcomeFor(
  { memory: own, isPrivate }: Place,
  memories: Memories,
  key: string,
): GrantOutcome | undefined {
  let latest: Recorded | undefined;
  let deaths = 0;
  let death: Recorded | undefined;
  eachKnowing(memories, key, (recorded, other) => {
    if (recorded.outcome.kind === 'dead') {
      deaths++;
      death = recorded;
    }
    const isLinked =
      recorded.at > own.since || other.usedAt >= own.since || (!isPrivate && hasUnsaved(other));
    if ((other === own || isLinked) && (!latest || latest.at < recorded.at)) latest = recorded;
  });
  if (!latest && !isPrivate && deaths >= mostBeginnings) latest = death;
  return latest?.outcome;
}

/** Whether a store object of before has redeemed this token: a store that leads to the same table may lag behind. */
export function wasRedeemedBefore(memories: Memories, key: string): boolean {
  let found = false;
  eachKnowing(memories, key, ({ outcome }) => (found ||= outcome.kind === 'renewed'));
  return found;
}

/** Notes what became of a token. */
export function recordOutcome(
  memories: Memories,
  own: StoreMemory,
  client: string,
  refreshFingerprint: string,
  outcome: GrantOutcome,
): void {
  const key = outcomeKey(client, refreshFingerprint);
  // The token endpoint has just issued it: whatever became of such a token before, this one is good.
  const issued = outcome.kind === 'renewed' ? outcome.tokens.refresh_token : undefined;
  if (issued !== undefined) forgetOutcome(memories, outcomeKey(client, fingerprint(issued)));
  own.outcomes.delete(key);
  own.outcomes.set(key, { outcome, at: ++memories.count });
  know(memories, key, own);
  if (own.outcomes.size > Math.max(own.fullAt, 2 * keptOutcomes)) giveUpOldest(memories, own);
}

/** Nothing is held against this token any more. */
export function forgetOutcome(memories: Memories, key: string): void {
  eachKnowing(memories, key, (_recorded, { outcomes }) => outcomes.delete(key));
  memories.knowing.delete(key);
}

/** Accounts of this process, of every store that is still there. */
function holdingsOf(memories: Memories): Holding[] {
  return present(memories.all).flatMap(({ holdings }) => present(holdings));
}

/** Enters an account of this store; nothing here keeps it alive. */
export function enterHolding(memory: StoreMemory, holding: Holding): WeakRef<Holding> {
  const ref = new WeakRef(holding);
  memory.holdings.add(ref);
  memory.clients?.set(holding.client, ref);
  return ref;
}

/** The accounts that were let go with the refresh token of this fingerprint, of the stores that are in use beside this one. */
export function restingWith(memories: Memories, { since }: StoreMemory, refreshToken: string): Holding[] {
  const found: Holding[] = [];
  each(memories.resting ?? new Set<WeakRef<StoreMemory>>(), ({ usedAt, resting }) => {
    if (usedAt < since) return;
    each(resting ?? new Set<WeakRef<RestingAccounts>>(), (accounts) => {
      const holding = accounts.find(refreshToken);
      if (holding) found.push(holding);
    });
  });
  return found;
}

/** The clients that use this account of one store, but for `own`. */
export function clientsBeside(memory: StoreMemory, own: string, account: string): string[] {
  if (clientsOf(memory).every((client) => client === own)) return [];
  const clients = new Set<string>();
  each(memory.holdings, (holding) => holding.account === account && clients.add(holding.client));
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
  if (!clients) return [...new Set(present(holdings).map(({ client }) => client))];
  for (const [client, ref] of clients) {
    if (ref.deref() && holdings.has(ref)) continue;
    const other = oneOf(client, holdings);
    if (other) clients.set(client, other);
    else clients.delete(client);
  }
  return [...clients.keys()];
}

function hasUnsaved({ holdings }: StoreMemory): boolean {
  let found = false;
  each(holdings, ({ unsaved }) => (found ||= unsaved));
  return found;
}

/** Keeps what became of every token that some account still holds: that token would be presented again. */
function giveUpOldest(memories: Memories, own: StoreMemory): void {
  const needed = new Set<string>();
  for (const { client, refreshToken } of holdingsOf(memories)) {
    if (refreshToken !== undefined) follow(memories, client, outcomeKey(client, refreshToken), needed);
  }
  let surplus = own.outcomes.size - keptOutcomes;
  for (const key of own.outcomes.keys()) {
    if (surplus <= 0) break;
    if (needed.has(key)) continue;
    own.outcomes.delete(key);
    knowNoMore(memories, key, own);
    surplus--;
  }
  // Not at every one that comes: to look at all accounts takes its time.
  own.fullAt = own.outcomes.size + keptOutcomes;
}

/** Shortens the way from a token that is held to what it has become in the end, and notes both ends. */
function follow(memories: Memories, client: string, first: string, needed: Set<string>): void {
  const find = (key: string): Recorded | undefined => {
    let latest: Recorded | undefined;
    eachKnowing(memories, key, (recorded) => {
      if (!latest || latest.at < recorded.at) latest = recorded;
    });
    return latest;
  };
  const start = find(first);
  const passed = new Set<string>();
  let key = first;
  for (let recorded = start; recorded && !passed.has(key); recorded = find(key)) {
    if (start && recorded.outcome.kind === 'renewed') start.outcome = recorded.outcome;
    passed.add(key);
    const next = recorded.outcome.kind === 'renewed' ? recorded.outcome.tokens.refresh_token : undefined;
    if (next === undefined) break;
    key = outcomeKey(client, fingerprint(next));
  }
  needed.add(first);
  needed.add(key);
}

function know(memories: Memories, key: string, { ref }: StoreMemory): void {
  const { knowing } = memories;
  knowing.set(key, (knowing.get(key) ?? new Set()).add(ref));
  if (knowing.size <= memories.knowingFullAt) return;
  for (const [other, refs] of knowing) {
    each(refs, () => {});
    if (refs.size === 0) knowing.delete(other);
  }
  memories.knowingFullAt = 2 * Math.max(knowing.size, keptOutcomes);
}

function knowNoMore({ knowing }: Memories, key: string, { ref }: StoreMemory): void {
  const refs = knowing.get(key);
  refs?.delete(ref);
  if (refs?.size === 0) knowing.delete(key);
}

/** What the stores have found out about one token: to look at all stores for each token would take its time where there are thousands. */
function eachKnowing(
  { knowing }: Memories,
  key: string,
  work: (recorded: Recorded, memory: StoreMemory) => unknown,
): void {
  each(knowing.get(key) ?? new Set<WeakRef<StoreMemory>>(), (memory) => {
    const recorded = memory.outcomes.get(key);
    if (recorded) work(recorded, memory);
  });
}

function oneOf(client: string, holdings: Set<WeakRef<Holding>>): WeakRef<Holding> | undefined {
  for (const ref of holdings) if (ref.deref()?.client === client) return ref;
  return undefined;
}

function present<T extends object>(refs: Set<WeakRef<T>>): T[] {
  const items: T[] = [];
  each(refs, (item) => items.push(item));
  return items;
}

/** Of those that are still there; the others are taken off the list. */
export function each<T extends object>(refs: Set<WeakRef<T>>, work: (item: T) => unknown): void {
  for (const ref of refs) {
    const item = ref.deref();
    if (item) work(item);
    else refs.delete(ref);
  }
}
