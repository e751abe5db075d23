import type { TokenSet, TokenStore } from '../store/store.js';

/** What became of a grant that was redeemed, or tried. */
export type GrantOutcome =
  | { kind: 'renewed'; tokens: TokenSet; expiresAtMs: number | undefined }
  | { kind: 'dead'; reason: 'refresh-token-invalid' | 'refresh-response-lost' }
  /** Presented, and the answer lost: if it turns out invalid, this is why. */
  | { kind: 'perhaps-spent' };

/** Plain data and promises only: every copy and version of the package in this process reads and writes it. */
interface Registry {
  readonly version: 1;
  /** By grant: the end of the queue, a promise that never rejects. */
  readonly tails: Map<string, Promise<void>>;
  /** By grant: what became of it. Bounded, oldest first out. */
  readonly outcomes: Map<string, GrantOutcome>;
  /** By store and account: the last save, a promise that never rejects. */
  saves?: WeakMap<TokenStore, Map<string, Promise<unknown>>>;
}

const place = Symbol.for('axios-procore.grants');
const keptOutcomes = 1_000;

/** Renewals of one grant, one after another, across instances and across copies of the package. */
export interface GrantMutex {
  /**
   * Runs `critical` when nobody else holds `key`. Resolves with `undefined`, without having run it, when `signal` aborts first.
   */
  run<T>(key: string, critical: () => Promise<T>, signal: AbortSignal): Promise<T | undefined>;
  outcomeOf(key: string): GrantOutcome | undefined;
  record(key: string, outcome: GrantOutcome): void;
  /** The saves under way of this store, by account. */
  savesOf(store: TokenStore): Map<string, Promise<unknown>>;
  /** A person has authorised anew with this very token: an old verdict on it no longer counts. */
  forget(key: string): void;
}

/**
 * The registry lives on `globalThis`, the one exception to "no state at module level": two copies of the package (an ES module and a
 * CommonJS one, two versions under two dependencies) must never redeem the same single-use token.
 */
export function createGrantMutex(scope: object = globalThis): GrantMutex {
  const registry = registryOf(scope);
  const { tails, outcomes } = registry;
  const saves = (registry.saves ??= new WeakMap());
  return {
    async run(key, critical, signal) {
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
    },
    outcomeOf: (key) => outcomes.get(key),
    record(key, outcome) {
      outcomes.delete(key);
      outcomes.set(key, outcome);
      for (const oldest of outcomes.keys()) {
        if (outcomes.size <= keptOutcomes) break;
        outcomes.delete(oldest);
      }
    },
    savesOf(store) {
      const own = saves.get(store) ?? new Map<string, Promise<unknown>>();
      saves.set(store, own);
      return own;
    },
    forget: (key) => void outcomes.delete(key),
  };
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
