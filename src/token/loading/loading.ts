import type { Env } from '../../time/env.js';
import { createTurns, type Turns } from '../../time/serial.js';
import type { Events } from '../../observe/events.js';
import type { TokenSet, TokenStore } from '../../store/store.js';
import { successorOf } from '../grant/outcomes.js';
import type { ClientGrants } from '../grant/registry.js';
import type { Holder } from '../grant/memories.js';
import { fingerprint } from '../pair/fingerprint.js';
import type { GrantType } from '../pair/comparison.js';
import { Ledger } from '../pair/ledger.js';
import type { LetGo } from '../pair/transitions.js';
import type { Pairs } from '../pair/pairs.js';
import type { AheadChoice, HeldTokens } from '../pair/token-set.js';
import { createTokenEvents, type TokenEvents } from '../told/token-events.js';
import type { Keeper } from './keeper.js';
import { createFirstLoad, type FirstLoad } from './first-load.js';
import { createHome, type Home, type Place } from './home.js';
import type { StoreRow } from './store-row.js';
import { createNeighbours } from './neighbours.js';
import { createOwnEnvironment } from './own-environment.js';
import { createVetting } from './vetting.js';

/** What all accounts of one client have in common, for a load. */
export interface LoadingOfClient {
  readonly env: Env;
  readonly grant: GrantType;
  readonly grants: ClientGrants;
  /** One account's side of a store; `held`: what the account holds. */
  readonly keeperOf: (
    store: TokenStore,
    account: string,
    row: StoreRow,
    held: readonly (TokenSet | undefined)[],
  ) => Keeper;
  /** Whether it is an account of the same store object. */
  readonly isBeside: (holder: Holder) => boolean;
  /** The account at rest, of the same store object, that holds the refresh token of this fingerprint. */
  readonly restingWith: (refreshToken: string) => string | undefined;
  readonly settings: { readonly aheadMs?: number | undefined };
  readonly serverOffsetMs: () => number;
  readonly emit: Events['emit'];
  readonly warnOnce: Events['warnOnce'];
}

/** One account, as its parts see it. */
export interface OwnOfAccount {
  readonly account: string;
  /** What the account was let go with, if it was. */
  readonly before: LetGo | undefined;
  /** Hears which tokens are held from now on. */
  readonly onHold: (held: HeldTokens | undefined) => void;
  /** Hears of a refresh token that has been loaded, and that this process has redeemed before. */
  readonly redeemed: (refreshToken: string) => void;
  /** Hears that a store before has shown what the one in its place does not have. */
  readonly found: (turns: Turns) => void;
}

/** What is known of an account that a load needs, or changes. */
export interface LoadingState extends Place {
  pairs: Pairs;
  isCompared: boolean;
}

/** What an account needs for a load, and everything else beside it. */
export interface Loading {
  readonly home: Home;
  readonly turns: Turns;
  readonly tokenEvents: TokenEvents;
  readonly ledger: Ledger;
  /** The store, but for the tokens of another environment. */
  readonly ofEnvironment: Pick<Keeper, 'load' | 'save' | 'remove'>;
  /** Loads what is this account's own. */
  readonly load: Keeper['load'];
  readonly first: FirstLoad;
  readonly ahead: () => AheadChoice;
}

/** Of the store's content so many different pairs are remembered. */
const mostSeen = 8;

/** Puts together what is needed to load the tokens of one account. */
export function createLoading(
  client: LoadingOfClient,
  { account, before, onHold, redeemed, found }: OwnOfAccount,
  state: LoadingState,
): Loading {
  const { env, grant, grants, serverOffsetMs } = client;
  const ahead = () => ({ aheadMs: client.settings.aheadMs, draw: env.random() });
  const turns = createTurns();
  const tokenEvents = createTokenEvents({
    account,
    serverOffsetMs,
    emit: client.emit,
    warnOnce: client.warnOnce,
  });
  const ledger = new Ledger({
    now: env.now,
    serverOffsetMs,
    of: state,
    before,
    isRedeemed: (token) => grants.outcomeOf(token)?.kind === 'renewed',
    isDead: (token) => grants.outcomeOf(token)?.kind === 'dead',
    isRenewable: ({ refreshToken }) => grant !== 'refresh_token' || refreshToken !== undefined,
    onHold,
  });
  const home = createHome({
    env,
    place: state,
    keeperOf: (store, row) =>
      client.keeperOf(store, account, row, [state.pairs.newest?.held.set, state.pairs.stored]),
    isEmpty: () => state.pairs.newest === undefined,
    found: () => found(turns),
  });
  const ofEnvironment = createOwnEnvironment({
    account,
    keeper: home.keeper,
    grants,
    tokenEvents,
    asked: state,
  });
  const { isBeside, restingWith } = client;
  const load = createVetting({
    env,
    account,
    grant,
    load: ofEnvironment.load,
    ledger,
    tokenEvents,
    holderOf: createNeighbours({
      grants,
      isBeside,
      restingWith,
      own: () => ({
        account,
        client: grants.client,
        hand: ledger.newest?.held.set,
        everHeld: () => ledger.everHeld(),
      }),
    }),
    redeemedFor({ refresh_token: refresh }) {
      const last = successorOf(refresh, grants.outcomeOf)?.refresh_token;
      return last === undefined ? undefined : fingerprint(last);
    },
    shown(identity) {
      if (!mayBeOverwritten(home, state)) return;
      const seen = (state.row.shownPairs ??= new Set());
      seen.delete(identity);
      seen.add(identity);
      const [oldest] = seen;
      if (seen.size > mostSeen) seen.delete(oldest);
    },
  });
  const first = createFirstLoad({
    env,
    grant,
    ledger,
    load,
    turns,
    ahead,
    kept({ refreshToken, refreshFingerprint: name }) {
      if (refreshToken && name && grants.outcomeOf(name)?.kind === 'renewed') redeemed(refreshToken);
    },
    place: state,
  });
  return { home, turns, tokenEvents, ledger, ofEnvironment, load, first, ahead };
}

/** Whether neither a lock nor this package sees to it that nothing lands on a save. */
export function mayBeOverwritten({ isOwn }: Home, { store }: Place): boolean {
  return !store.lock && !isOwn();
}
