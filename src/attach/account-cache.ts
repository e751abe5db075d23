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
  /** Of this account; `create` makes it where it is not in memory. */
  of(account: string, create: CreateSource): TokenSource;
  has(account: string): boolean;
  /** Those in memory. */
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

/** What an account was let go with: its set where that says more than its tokens do, else a short name of its refresh token. */
type Rest = TokenSet | number | undefined;

/** An account at rest. */
interface Resting {
  readonly account: string;
  /** Its set, where that says more than its tokens do. */
  readonly set: TokenSet | undefined;
  /** It has held tokens of another authorization before: nothing more is known of them. */
  readonly hasHeldOthers: boolean;
}

/** What an account was let go with, to the source that takes its place. */
interface LeftBehind {
  readonly set: TokenSet | undefined;
  /** Whether it was let go with the refresh token of this fingerprint. */
  isWith(refreshToken: string): boolean;
  /** The source says by itself from now on which tokens the account holds, if any. */
  over(): void;
}

/**
 * Makes a source. `used` is to be called at each use, and returns the source that the account has then; `before`: what the account was let
 * go with, if it was. `begin` is called once it is the account's: whoever hears what it tells then may ask for the account.
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
  /** Whether an account could be found again when it is asked for. */
  mayLeave: (source: TokenSource) => boolean;
  /** No account is let go before it was unused for this many sweeps: a call that waits at the gate does not count as a use. */
  longestIdle: () => number;
  /** This source is in memory from now on, for the first time, or again because a call still had it. */
  entered: (source: TokenSource, isNew: boolean) => void;
}): AccountCache {
  const places = new Map<string, Place>();
  /** An account at rest must cost next to nothing. */
  const rests = new Map<string, Rest>();
  const byToken = new Map<number, string>();
  const withOthers = new Set<string>();
  let sweeps = 0;

  /** The account's one source: a call may still have one that was let go, and another may be in its place. */
  function use(account: string, own: Place): TokenSource {
    const place = places.get(account) ?? own;
    place.usedAt = sweeps;
    if (places.has(account)) return place.source;
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
    const { set } = source.holding;
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
    return isUnused && mayLeave(source) && source.isAtRest();
  }

  async function ask(asked: Iterable<[string, Place]>): Promise<void> {
    for (const [account, place] of asked) {
      // What the store does not show is kept here, and it is asked again after another idle time.
      if (!(await place.source.isShown())) place.usedAt = sweeps;
      // A sweep before this one may still be under way, and have let it go already.
      else if (places.get(account) === place && isIdle(place)) letGo(account, place);
    }
  }

  return {
    of(account, create) {
      const known = places.get(account);
      if (known) return use(account, known);
      const rest = rests.get(account);
      const token = tokenOf(rest);
      const before = rests.has(account)
        ? {
            set: typeof rest === 'object' ? rest : undefined,
            isWith: (refreshToken: string) => shortened(refreshToken) === token,
            over() {
              // It may have been let go again, and this be the source of before.
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

/** Enough digits to tell tokens apart, and few enough for a number. */
function shortened(refreshToken: string): number {
  return parseInt(refreshToken.slice(0, 13), 16);
}
