import type { TokenStore } from '../store/store.js';
import { noPairs, type Pairs } from './pair/pairs.js';
import type { Place } from './loading/home.js';
import { unknownRow } from './loading/store-row.js';
import type { Flight } from './renewal/drain.js';
import type { Past } from './renewal/sequence.js';
import { notReplacing, type Brakes } from './renewal/refusals.js';
import { noVerdicts } from './renewal/standing.js';
import { noBackoff } from '../time/backoff.js';

/**
 * One account: all that is known of it, as one value. The parts that act on it keep nothing else: they are put together when something has to
 * be done, and let go when nothing is under way any more.
 */
export interface Account extends Flight, Brakes, Past, Place {
  /** Its pairs; the ledger puts the value after in the place of the one before. */
  pairs: Pairs;
  /** What was last seen of another process that could not save a new pair so far. */
  lifeSign: { readonly text: string; readonly seenAtMs: number } | undefined;
  /** When a look at the store under its lock has shown nothing new last, in ms since 1970. */
  vainLookAtMs: number;
  /** Other clients of it have been looked for. */
  isCompared: boolean;
}

const none: Place['unread'] = [];

/**
 * What an account is called where accounts of several clients meet: a JSON array of login host, client id, grant and account. The first
 * three of them are `clientAndGrant`. Every copy and version of the package builds it in the same way.
 */
export function accountKey(clientAndGrant: string, account: string): string {
  return `${clientAndGrant.slice(0, -1)},${JSON.stringify(account)}]`;
}

/** An account of which nothing is known. `isBack`: it was let go with tokens, and has come back. */
export function newAccount(store: TokenStore, isBack: boolean): Account {
  return {
    pairs: noPairs(isBack),
    calls: 0,
    pausedUntilMs: 0,
    drained: undefined,
    hold: undefined,
    brake: noBackoff,
    replacing: notReplacing,
    verdicts: noVerdicts,
    lastRenewalMs: undefined,
    store,
    row: unknownRow(),
    unread: none,
    lifeSign: undefined,
    vainLookAtMs: -Infinity,
    isCompared: false,
  };
}
