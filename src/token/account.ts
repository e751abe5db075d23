import type { TokenStore } from '../store/store.js';
import { noPairs, type Pairs } from './pair/pairs.js';
import type { Asked } from './loading/recognition.js';
import type { Unread } from './loading/home.js';
import { nothingKept, type Kept } from './loading/kept-row.js';
import type { Flight } from './renewal/drain.js';
import type { Past } from './renewal/sequence.js';
import { noVerdicts, notReplacing, type Brakes } from './renewal/standing.js';
import { noBackoff } from '../time/backoff.js';

/**
 * One account: all that is known of it, as one value. The parts that act on it keep nothing else: they are put together when something has to
 * be done, and let go when nothing is under way any more.
 */
export interface Account extends Flight, Brakes, Past, Asked {
  /** Its pairs; the ledger puts the value after in the place of the one before. */
  pairs: Pairs;
  /** Where its tokens are kept. */
  store: TokenStore;
  /** What is known of its row there; another store begins with another one, which nothing that is on its way in the store before changes. */
  kept: Kept;
  /** The stores before, where nothing has been read there yet. */
  unread: readonly Unread[];
  /** When the store held nothing last. */
  emptyAtMs: number | undefined;
  /** What was last seen of another process that could not save a new pair so far. */
  lifeSign: { readonly text: string; readonly seenAtMs: number } | undefined;
  /** Other clients of it have been looked for. */
  isCompared: boolean;
  /** A save has been read back. */
  isRead: boolean;
  /** The pairs that the store has shown, by their identities. */
  shownPairs: Set<string | undefined> | undefined;
}

const none: readonly Unread[] = [];

/** An account of which nothing is known. `isBack`: it was let go with tokens, and has come back. */
export function newAccount(store: TokenStore, isBack: boolean): Account {
  return {
    pairs: noPairs(isBack),
    calls: 0,
    holdingUntilMs: 0,
    drained: undefined,
    brake: noBackoff,
    replacing: notReplacing,
    verdicts: noVerdicts,
    lastRenewalMs: undefined,
    store,
    kept: nothingKept(),
    unread: none,
    emptyAtMs: undefined,
    askedAtMs: undefined,
    lifeSign: undefined,
    isCompared: false,
    isRead: false,
    shownPairs: undefined,
  };
}
