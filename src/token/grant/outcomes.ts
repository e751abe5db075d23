import type { TokenSet } from '../../store/store.js';
import { fingerprint } from '../pair/fingerprint.js';
import { each, hasUnsaved, holdingsOf, type Memories, type Recorded, type StoreMemory } from './memories.js';

/** What became of a grant that was redeemed, or tried. */
export type GrantOutcome =
  | { kind: 'renewed'; tokens: TokenSet; expiresAtMs: number | undefined }
  | { kind: 'dead'; reason: 'refresh-token-invalid' | 'refresh-response-lost' }
  /** Presented, and the answer lost: if it turns out invalid, this is why. */
  | { kind: 'perhaps-spent' };

/** How many outcomes of one store are kept besides those that somebody may still ask for. */
const keptOutcomes = 1_000;
/** So many store objects may learn of one token by themselves that it is dead: applications make one for each request. */
const mostBeginnings = 10;

/** What a token is called in the memory of a store: the same text may be another client's token. */
export function outcomeKey(client: string, refreshFingerprint: string): string {
  return `${client} ${refreshFingerprint}`;
}

/** Where tokens are kept, and whether nothing else than this store object can have put them there. */
export interface OwnMemory {
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
  { memory: own, isPrivate }: OwnMemory,
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

/** What this process has redeemed a refresh token for, followed to the set that is current now; `name`: its fingerprint, if that is known. */
export function successorOf(
  refreshToken: string | undefined,
  outcomeOf: (refreshFingerprint: string) => GrantOutcome | undefined,
  name?: string,
): TokenSet | undefined {
  if (!refreshToken) return undefined;
  const first = outcomeOf(name ?? fingerprint(refreshToken));
  if (first?.kind !== 'renewed') return undefined;
  let successor = first.tokens;
  const passed = new Set([refreshToken]);
  for (let refresh = successor.refresh_token; refresh && !passed.has(refresh);) {
    passed.add(refresh);
    const outcome = outcomeOf(fingerprint(refresh));
    if (outcome?.kind !== 'renewed') break;
    successor = outcome.tokens;
    refresh = successor.refresh_token;
  }
  return successor;
}
