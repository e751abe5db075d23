import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import type { Account } from './account.js';
import { createBrought, type Brought } from './authorization/brought.js';
import { createCodeExchange, type CodeExchange } from './authorization/code-exchange.js';
import { createRevocation, type Revocation } from './authorization/revocation.js';
import { createRevokedElsewhere, type RevokedElsewhere } from './authorization/revoked-elsewhere.js';
import type { Exchange } from './endpoint/exchange.js';
import type { LoginGate } from './endpoint/login-gate.js';
import { createCriticalSection } from './grant/critical-section.js';
import type { GrantMutex, Holding } from './grant/registry.js';
import type { Keeper } from './loading/bounded-store.js';
import type { Kept } from './loading/kept-row.js';
import { createFirstLook, type FirstLook } from './loading/first-look.js';
import { createHome, type Home } from './loading/home.js';
import { createLastLook } from './loading/last-look.js';
import { createNeighbours } from './loading/neighbours.js';
import { createOwnEnvironment } from './loading/own-environment.js';
import { createRecognition, type Recognition } from './loading/recognition.js';
import { createSecondLook } from './loading/second-look.js';
import { createVetting } from './loading/vetting.js';
import { fingerprint } from './pair/fingerprint.js';
import type { GrantType } from './pair/identity.js';
import { createLedger, type Before, type Ledger } from './pair/ledger.js';
import { holdLoaded, type AheadChoice } from './pair/token-set.js';
import { createPresentation, type PresentedByApplication } from './presentation.js';
import { createDrain, type Drain } from './renewal/drain.js';
import { createLeases, type Leases } from './renewal/leases.js';
import { createRefusals, type Refusals } from './renewal/refusals.js';
import { createRenewal } from './renewal/renewal.js';
import { createSequence, type Sequence } from './renewal/sequence.js';
import { createLookBack } from './saving/look-back.js';
import { createReadBack } from './saving/read-back.js';
import { createSaver } from './saving/saving.js';
import { createWrites, type Writes } from './saving/writes.js';
import { failuresOf } from './told/failures.js';
import { createTelling, type Telling } from './told/telling.js';
import { createTurns } from '../time/serial.js';
import type { Patience } from '../time/within.js';

/** What all accounts of one client have in common. */
export interface ClientDeps {
  env: Env;
  /** Login host, client id and grant, as a JSON array. */
  client: string;
  grant: GrantType;
  mutex: GrantMutex;
  /** One account's side of a store; `held`: what the account holds. */
  keeperOf: (
    store: TokenStore,
    account: string,
    kept: Kept,
    held: readonly (TokenSet | undefined)[],
  ) => Keeper;
  /** Whether it is an account of the same store object. */
  isBeside: (holder: Holding) => boolean;
  /** The account at rest, of the same store object, that holds the refresh token of this fingerprint. */
  restingWith: (refreshToken: string) => string | undefined;
  /** What is known of the server whose tokens they are. */
  server: { oldDies: boolean };
  /** What is to be called with the last detach. */
  untilDetached: Set<() => void>;
  /** Where the token requests of this client wait for the login host. */
  loginGate: () => LoginGate;
  settings: Settings['renewal'];
  maxWaitMs: number;
  serverOffsetMs: () => number;
  emit: Events['emit'];
  warnOnce: Events['warnOnce'];
}

/** What the parts of one account are put together from. */
export interface PartsDeps extends ClientDeps {
  account: string;
  /** What the account is called where several clients may have one of the name. */
  clientKey: string;
  exchange: Exchange;
  /** The application's own refreshes are answered from here: with tokens from long ago, and before there is any pair. */
  takesOver: () => boolean;
  /** What is done for the account runs in this context; whoever asks goes on in their own. */
  inContext: InContext;
  /** What the account was let go with, if it was. */
  before: Before | undefined;
  /** Hears which refresh token is held from now on. */
  onHold: (refreshToken: string | undefined) => void;
}

/** The parts that act on one account. */
export interface Parts extends Brought, Pick<Recognition, 'recognise'>, Pick<Home, 'isAt' | 'moveTo'> {
  readonly ledger: Ledger;
  readonly telling: Telling;
  readonly leases: Leases;
  readonly refusals: Refusals;
  readonly sequence: Sequence;
  readonly writes: Writes;
  readonly look: FirstLook;
  readonly lastLook: () => Promise<boolean>;
  readonly codes: CodeExchange;
  readonly revocation: Revocation;
  readonly elsewhere: RevokedElsewhere;
  present(refreshToken: string | undefined, patience: Patience): Promise<PresentedByApplication>;
  readonly ahead: () => AheadChoice;
  /** Nobody but a person can go on. */
  readonly isStuck: () => boolean;
  /** Nothing is under way that would have to be waited for, nor anything that nobody waits for. */
  readonly isIdle: () => boolean;
  /** What is under way and must not be cut off. */
  readonly underWay: () => Promise<unknown> | undefined;
}

/** Puts together the parts that act on one account: its state, `state`, is all that outlives them. */
export function createParts(wired: PartsDeps, state: Account): Parts {
  const given = {
    ...wired,
    ...createHome({
      env: wired.env,
      place: state,
      keeperOf: (store, kept) =>
        wired.keeperOf(store, wired.account, kept, [state.newest?.held.set, state.stored]),
      isEmpty: () => state.newest === undefined,
      // Once whoever loads it has taken it.
      found: () => void turns.inTurn(async () => writes.move(() => undefined)),
    }),
  };
  const { env, account, grant, mutex, settings, serverOffsetMs, inContext } = given;
  const name = JSON.stringify(account);
  const turns = createTurns();
  const telling = createTelling(given);
  const ledger = createLedger({
    now: env.now,
    serverOffsetMs,
    pairs: state,
    before: given.before,
    isRedeemed: (token) => mutex.outcomeOf(token)?.kind === 'renewed',
    isDead: (token) => mutex.outcomeOf(token)?.kind === 'dead',
    isRenewable: ({ refreshToken }) => grant !== 'refresh_token' || refreshToken !== undefined,
    onHold: given.onHold,
  });
  const readBack = createReadBack({
    env,
    keeper: createOwnEnvironment({ ...given, telling, asked: state }),
    isOwn: given.isOwn,
    isHeld: ({ refresh_token: refresh }) => refresh === ledger.newest?.held.refreshToken,
    isReplaced: (token) => ledger.isReplaced(fingerprint(token)),
    offended: telling.offended,
    shown: state,
  });
  const lookBack = createLookBack({
    env,
    grant,
    afterMs: 2 * settings.storeTimeoutMs,
    keeper: readBack.keeper,
    turns,
    isNeeded: () => !given.store.lock && !given.isOwn(),
    isKept: ({ refresh_token: refresh = '' }) =>
      refresh === ledger.newest?.held.refreshToken &&
      !ledger.unsaved &&
      mutex.outcomeOf(fingerprint(refresh))?.kind !== 'dead',
    untilDetached: given.untilDetached,
    overwritten: (by) => writes.saveAgain(by),
    shown: state,
  });
  const keeper = createVetting({
    ...given,
    keeper: lookBack.keeper,
    ledger,
    telling,
    holderOf: createNeighbours({
      ...given,
      own: () => ({
        account,
        client: mutex.client,
        hand: ledger.newest?.held.set,
        everHeld: ledger.everHeld,
      }),
    }),
  });
  const deps = { ...given, keeper };
  const secondLook = createSecondLook({ env, grant, store: deps.store, load: keeper.load });
  const saver = createSaver({ env, ledger, keeper, grant, secondLook, offended: telling.offended });
  const ahead = () => ({ aheadMs: settings.aheadMs, draw: env.random() });
  const section = createCriticalSection({
    ...deps,
    warn: (message) => deps.warnOnce('lock-contract', message, `${message} (account ${name})`),
  });
  const drain: Drain = createDrain({
    env,
    // A drain must leave time for the renewal that it is for.
    settings: { drain: settings.drain, drainMs: Math.min(settings.drainMs, settings.totalMs / 4) },
    oldDies: () => given.server.oldDies,
    flight: state,
  });
  const renewal = createRenewal({
    ...deps,
    signs: state,
    lockWaitMs: deps.maxWaitMs,
    ledger,
    saver,
    secondLook,
    drain: ({ signal }) => drain.drain(signal),
    contradicted: telling.contradicted,
    section,
  });
  const writes = createWrites({
    env,
    grant,
    ledger,
    saver,
    turns,
    telling,
    async stored() {
      const loaded = await keeper.load();
      return loaded.kind === 'loaded' && loaded.set && !ledger.isRevoked(loaded.set) ? loaded.set : undefined;
    },
    giveWay: ({ set }) => ledger.giveWay(holdLoaded(set, ahead())),
    keep: ({ set }) => ledger.keep(holdLoaded(set, ahead())),
    change: ({ set }) => ledger.change(holdLoaded(set, ahead())),
    broughtSaved: lookBack.start,
    section,
    mutex,
    lockWaitMs: settings.storeTimeoutMs,
    serverOffsetMs,
  });
  const sequence = createSequence({
    ...deps,
    ledger,
    turns,
    renewal,
    telling,
    writes,
    past: state,
    release: drain.release,
    turn: () => deps.loginGate().turn(),
  });
  const refusals: Refusals = createRefusals({
    env,
    ledger,
    sequence,
    brakes: state,
    server: given.server,
    isHolding: drain.holding,
    tellShared:
      grant === 'client_credentials'
        ? () =>
            deps.warnOnce(
              'client-shared',
              deps.clientKey,
              `the access tokens of this client are refused soon after they were issued, again and again: another process seems to ask for tokens of the same client, and the login host keeps one at a time. Give all processes of the client one shared store (file, Redis, PostgreSQL), or each a client of its own; until then a new token is asked for more and more seldom, and 401s are returned (account ${name})`,
            )
        : undefined,
  });
  const leases = createLeases({ env, settings, ledger, sequence, drain, isMoving: writes.isMoving });
  const isStuck = () => sequence.isDead && !sequence.working();

  const look = createFirstLook({ env, ledger, keeper, turns, ahead, asked: state });
  const lastLook = createLastLook({ grant, ledger, keeper, turns, telling, ahead });
  const { take, setTokens, takeOwn } = createBrought({
    ...deps,
    ledger,
    writes,
    ahead,
    isRenewing: () => sequence.running !== undefined,
    isDead: isStuck,
    readStore: () => look({ maxMs: settings.storeTimeoutMs, signal: undefined }),
    look: () => leases.acquire({ maxMs: deps.maxWaitMs, signal: undefined }),
    supersede() {
      sequence.supersede();
      refusals.release();
    },
  });
  const codes = createCodeExchange({ ...deps, ahead, generation: () => turns.generation });
  const revoking = {
    ...deps,
    ledger,
    turns,
    lockWaitMs: deps.maxWaitMs,
    ahead,
    forget() {
      // The application knows: it is told when it makes a call, and by no event.
      sequence.supersede(
        grant === 'refresh_token'
          ? failuresOf(account, grant, deps.takesOver).noTokens(true).error
          : undefined,
      );
      refusals.release();
    },
    section,
  };
  const revocation = createRevocation({
    ...revoking,
    exchanges: codes.underWay,
    drain: (signal) => drain.drain(signal, 'certain'),
    release: drain.release,
  });
  const elsewhere = createRevokedElsewhere(revoking);
  const { recognise } = createRecognition({
    ...deps,
    ledger,
    turns,
    telling,
    ahead,
    asked: state,
  });
  const { present } = createPresentation({
    env,
    ledger,
    mutex,
    serverOffsetMs,
    leases,
    recognise: (token, patience) => inContext(() => recognise(token, patience)),
    offer: (refreshToken) =>
      turns.inTurn(async () => {
        if (!sequence.isDead) return;
        ledger.keep(holdLoaded({ access_token: '', refresh_token: refreshToken }, ahead()));
        sequence.forgive();
      }),
  });

  /** Whether nothing is under way that would have to be waited for, nor anything that nobody waits for. */
  function isIdle(): boolean {
    const isQuiet = [turns, writes, lookBack, readBack].every((part) => part.isIdle());
    return isQuiet && !ledger.unsaved && underWay() === undefined;
  }

  const underWay = () =>
    sequence.running?.done ??
    codes.underWay() ??
    revocation.underWay() ??
    elsewhere.underWay() ??
    writes.underWay();

  return {
    ledger,
    telling,
    leases,
    refusals,
    sequence,
    writes,
    look,
    lastLook,
    take,
    setTokens,
    takeOwn,
    codes,
    revocation,
    elsewhere,
    recognise,
    present,
    ahead,
    isStuck,
    isIdle,
    underWay,
    isAt: given.isAt,
    moveTo: given.moveTo,
  };
}
