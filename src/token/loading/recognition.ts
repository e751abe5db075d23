import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { within, type WaitBounds } from '../../time/within.js';
import { isNews, type GrantType } from '../pair/comparison.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Keeper } from './keeper.js';
import type { Place } from './home.js';
import type { StoreRow } from './store-row.js';
import type { Ledger } from '../pair/ledger.js';
import { descendsFrom, hasReplaced } from '../pair/token-history.js';
import type { TokenEvents } from '../told/token-events.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';
import { subjectOf } from '../../wire/jwt.js';
import type { Turns } from '../../time/serial.js';

/** The store is not asked again about one token before this time has passed. */
const againMs = 1_000;
const mostTokens = 1_000;

/**
 * Finds out about tokens that the application brings and this process does not know. Another process may have got them, or replaced them
 * since.
 */
export interface Recognition {
  /** Whether the store can say more about this access token than is known here. */
  mayRecognise(accessToken: string): boolean;
  /** Adopts the stored pair where it has this access or refresh token or was renewed from it, and is newer than the pair in hand. */
  recognise(token: string, bounds: WaitBounds): Promise<void>;
}

/** Whether the store can say more about this access token than an account that holds the tokens of `subject` knows. */
export function mayRecognise(
  accessToken: string,
  { askedAtMs }: Pick<StoreRow, 'askedAtMs'>,
  subject: string | undefined,
  nowMs: number,
): boolean {
  const atMs = askedAtMs?.get(fingerprint(accessToken));
  if (atMs !== undefined && Math.abs(nowMs - atMs) < againMs) return false;
  return subjectOf(accessToken) === undefined || subject === undefined;
}

/** Creates the recognition of tokens for one account. */
export function createRecognition(deps: {
  env: Env;
  grant: GrantType;
  ledger: Ledger;
  keeper: Keeper;
  turns: Turns;
  tokenEvents: Pick<TokenEvents, 'adopted'>;
  ahead: () => AheadChoice;
  /** Where the account is kept, and what is known of its row there. The recognition changes that. */
  place: Pick<Place, 'row'>;
}): Pick<Recognition, 'recognise'> {
  const { env, grant, ledger, keeper, turns } = deps;

  async function look(token: string): Promise<void> {
    const { generation } = turns;
    // An unsaved pair in memory is newer than the stored one.
    if (!ledger.newest || ledger.unsaved) return;
    const loaded = await keeper.load();
    const set = loaded.kind === 'loaded' ? loaded.set : undefined;
    if (generation.aborted || !set || !isOf(set, token) || ledger.isRevoked(set)) return;
    const hand = ledger.newest.held.set;
    if (isSameUser(hand, set) === false || !isNews(set, hand, ledger, grant)) return;
    deps.tokenEvents.adopted(ledger.kept(holdLoaded(set, deps.ahead())), 'store');
  }

  return {
    async recognise(token, { maxMs, signal }) {
      const askedAtMs = (deps.place.row.askedAtMs ??= new Map());
      if (askedAtMs.size >= mostTokens) askedAtMs.clear();
      askedAtMs.set(fingerprint(token), env.now());
      await within(
        env,
        maxMs,
        turns.inTurn(() => look(token)),
        signal,
      );
    },
  };
}

function isOf(set: TokenSet, token: string): boolean {
  return set.access_token === token || descendsFrom(set, token) || hasReplaced(set, token);
}
