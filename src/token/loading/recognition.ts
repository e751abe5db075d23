import type { Env } from '../../time/env.js';
import type { TokenSet } from '../../store/store.js';
import { within, type Patience } from '../../time/within.js';
import { isNews, type GrantType } from '../pair/identity.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { Keeper } from './keeper.js';
import type { Place } from './home.js';
import type { StoreRow } from './store-row.js';
import type { Ledger } from '../pair/ledger.js';
import { descendsFrom, hasReplaced } from '../pair/token-history.js';
import type { Telling } from '../told/telling.js';
import { holdLoaded, isSameUser, type AheadChoice } from '../pair/token-set.js';
import { subjectOf } from '../../wire/jwt.js';
import type { Turns } from '../../time/serial.js';

/** More often than this the store is not asked about one token. */
const againMs = 1_000;
const mostTokens = 1_000;

/** Looks for tokens of the application's that nobody here knows: another process may have got them, or replaced them since. */
export interface Recognition {
  /** Whether the store can say more about this access token than is known here. */
  mayRecognise(accessToken: string): boolean;
  /** Takes the store's pair where it is newer than the one in hand, and was renewed from this access or refresh token, or has it. */
  recognise(token: string, patience: Patience): Promise<void>;
}

/** Whether the store can say more about this access token than an account knows whose tokens are those of `subject`. */
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
  telling: Pick<Telling, 'adopted'>;
  ahead: () => AheadChoice;
  /** Where the account is kept, and what is known of its row there, which this changes. */
  place: Pick<Place, 'row'>;
}): Pick<Recognition, 'recognise'> {
  const { env, grant, ledger, keeper, turns } = deps;

  async function look(token: string): Promise<void> {
    const { generation } = turns;
    // What is in memory only is newer than whatever the store holds.
    if (!ledger.newest || ledger.unsaved) return;
    const loaded = await keeper.load();
    const set = loaded.kind === 'loaded' ? loaded.set : undefined;
    if (generation.aborted || !set || !isOf(set, token) || ledger.isRevoked(set)) return;
    const hand = ledger.newest.held.set;
    if (isSameUser(hand, set) === false || !isNews(set, hand, ledger, grant)) return;
    deps.telling.adopted(ledger.kept(holdLoaded(set, deps.ahead())), 'store');
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
