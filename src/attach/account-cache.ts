import type { TokenSet } from '../store/store.js';
import { fingerprint } from '../token/pair/fingerprint.js';
import { hasMore } from '../token/pair/extras.js';
import type { TokenSource } from '../token/source.js';

/** An account that nobody asks for stays in memory for this many sweeps. */
export const idleSweeps = 10;

/**
 * The accounts of one client that are in memory, each with its source. One that nobody has used for some sweeps is let go, where the store
 * can tell all that is known of it; it is made anew when it is asked for again.
 */
export interface AccountCache {
  /** The source of this account. `create` makes it where none is in memory. */
  of(account: string, create: CreateSource): TokenSource;
  has(account: string): boolean;
  /** The source of this account, if it is in memory; this is no use of it. */
  inMemory(account: string): TokenSource | undefined;
  /** The sources in memory. */
  all(): Iterable<TokenSource>;
  /** The accounts that were let go with tokens, and of which nothing has been loaded since. */
  resting(): Iterable<string>;
  /** The account at rest that was let go with the refresh token of this fingerprint. */
  restingWith(refreshToken: string): Resting | undefined;
  /** Notes that this account was let go before, in another store. */
  rest(account: string): void;
  /** Lets idle ones go, one after another. Resolves with whether any is left that may be let go later. */
  sweep(): Promise<boolean>;
}

/**
 * What is kept of an account that was let go: its set where that has fields of the application's, else the beginning of the fingerprint of
 * its refresh token.
 */
type Rest = TokenSet | number | undefined;

/** An account at rest: it was let go, and nothing has been loaded for it since. */
interface Resting {
  readonly account: string;
  /** Its set, where that has fields of the application's. */
  readonly set: TokenSet | undefined;
  /** Whether it has held tokens of another authorization before, which are not known any more. */
  readonly hasHeldOthers: boolean;
}

/** What the source of an account that was let go leaves to the next one. */
interface LeftBehind {
  readonly set: TokenSet | undefined;
  /** Whether it was let go with the refresh token of this fingerprint. */
  isWith(refreshToken: string): boolean;
  /** To be called once the new source knows the account's tokens: then the account is at rest no longer. */
  over(): void;
}

/**
 * Makes a source. It calls `used` at each use, which returns the source that the account has at that time. `before` is what the source
 * before has left. `begin` is called once the new source is in the cache, because a listener of its events may ask for the account.
 */
export type CreateSource = (
  used: () => TokenSource,
  before: LeftBehind | undefined,
) => { source: TokenSource; begin(): void };

/** This many accounts ask their store at once whether it shows them, so that a row which cannot be read does not keep the others in memory. */
const sideBySide = 8;

interface Place {
  readonly source: TokenSource;
  /** The number of the sweep after which it was used last. */
  usedAt: number;
}

/** Creates the cache of the accounts of one client, with none in it. */
export function createAccountCache({
  mayLeave,
  longestIdle,
  entered,
}: {
  /** Whether the account of this source could be loaded again later. */
  mayLeave: (source: TokenSource) => boolean;
  /** An account is kept for at least this many sweeps without a use. A call that waits at the gate for so long is no use. */
  longestIdle: () => number;
  /** Called when a source comes into memory: a new one (`isNew`), or one that was let go while a call still had it. */
  entered: (source: TokenSource, isNew: boolean) => void;
}): AccountCache {
  const places = new Map<string, Place>();
  /** What is kept of the accounts at rest: as little as possible, because there may be a hundred thousand. */
  const rests = new Map<string, Rest>();
  const byToken = new Map<number, string>();
  const withOthers = new Set<string>();
  let sweeps = 0;

  /** The account's source of now. A call may still use one that was let go, and another may have taken its place. */
  function use(account: string, own: Place): TokenSource {
    const known = places.get(account);
    const place = known ?? own;
    place.usedAt = sweeps;
    if (known) return known.source;
    places.set(account, own);
    own.source.enter();
    wake(account);
    entered(own.source, false);
    return own.source;
  }

  function wake(account: string): void {
    const token = tokenOf(rests.get(account));
    if (token !== undefined && byToken.get(token) === account) byToken.delete(token);
    rests.delete(account);
  }

  function letGo(account: string, place: Place): void {
    const { source } = place;
    places.delete(account);
    const { set } = source.holder;
    if (set) {
      const rest = hasMore(set) ? set : tokenOf(set);
      const token = tokenOf(rest);
      rests.set(account, rest);
      if (token !== undefined) byToken.set(token, account);
    }
    if (source.hasHeldOthers()) withOthers.add(account);
    source.leave();
  }

  function isIdle({ source, usedAt }: Place): boolean {
    const isUnused = sweeps - usedAt >= Math.max(idleSweeps, longestIdle());
    return isUnused && mayLeave(source) && source.mayBeLetGo();
  }

  async function ask(asked: Iterable<[string, Place]>): Promise<void> {
    for (const [account, place] of asked) {
      // An account that the store does not show stays in memory, and the store is asked again after another idle time.
      if (!(await place.source.isSafeInStore())) place.usedAt = sweeps;
      // An earlier sweep may still be under way, and may have let the account go already.
      else if (places.get(account) === place && isIdle(place)) letGo(account, place);
    }
  }

  return {
    of(account, create) {
      const known = places.get(account);
      if (known) {
        known.usedAt = sweeps;
        return known.source;
      }
      const rest = rests.get(account);
      const token = tokenOf(rest);
      const before = rests.has(account)
        ? {
            set: typeof rest === 'object' ? rest : undefined,
            isWith: (refreshToken: string) => shortened(refreshToken) === token,
            over() {
              // The account may have been let go again meanwhile: then this is no longer its source.
              if (places.get(account) === place) wake(account);
            },
          }
        : undefined;
      const { source, begin } = create(() => use(account, place), before);
      const place: Place = { source, usedAt: sweeps };
      places.set(account, place);
      entered(source, true);
      begin();
      return source;
    },
    has: (account) => places.has(account),
    inMemory: (account) => places.get(account)?.source,
    *all() {
      for (const { source } of places.values()) yield source;
    },
    resting: () => rests.keys(),
    restingWith(refreshToken) {
      const account = byToken.get(shortened(refreshToken));
      if (account === undefined) return undefined;
      const rest = rests.get(account);
      const set = typeof rest === 'object' ? rest : undefined;
      return { account, set, hasHeldOthers: withOthers.has(account) };
    },
    rest(account) {
      if (!places.has(account)) rests.set(account, undefined);
    },
    async sweep() {
      sweeps++;
      for (const { source } of places.values()) source.disband();
      const idle = [...places].filter(([, place]) => isIdle(place)).values();
      await Promise.all(Array.from({ length: sideBySide }, () => ask(idle)));
      return [...places.values()].some(({ source }) => mayLeave(source));
    },
  };
}

function tokenOf(rest: Rest): number | undefined {
  if (typeof rest !== 'object') return rest;
  return rest.refresh_token ? shortened(fingerprint(rest.refresh_token)) : undefined;
}

/** The beginning of a fingerprint as a number: 13 hexadecimal digits tell the tokens apart and fit into a double. */
function shortened(refreshToken: string): number {
  return parseInt(refreshToken.slice(0, 13), 16);
}
