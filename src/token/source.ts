import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import type { RefusalReason } from '../failure/challenge.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import { copyOf } from '../store/copy-of.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import type { Patience } from '../time/within.js';
import type { GrantType } from './pair/identity.js';
import { createBrought, type Brought } from './authorization/brought.js';
import { createCodeExchange, type AuthorizationCode, type Take } from './authorization/code-exchange.js';
import { createDrain, type Drain } from './renewal/drain.js';
import type { Exchange } from './endpoint/exchange.js';
import { failuresOf } from './told/failures.js';
import { fingerprint } from './pair/fingerprint.js';
import { createFirstLook, type FirstLook } from './loading/first-look.js';
import type { Keeper } from './loading/bounded-store.js';
import { createLeases, type Leases } from './renewal/leases.js';
import { createLedger, type Before as LedgerBefore, type Lease } from './pair/ledger.js';
import { createLockedSave } from './saving/locked-save.js';
import { createLookBack } from './saving/look-back.js';
import { createLastLook } from './loading/last-look.js';
import type { Login } from './endpoint/login.js';
import type { LoginGate } from './endpoint/login-gate.js';
import type { GrantMutex, Holding } from './grant/registry.js';
import { createOwnEnvironment } from './loading/own-environment.js';
import { createPresentation, type PresentedByApplication } from './presentation.js';
import { createReadBack } from './saving/read-back.js';
import { createNeighbours } from './loading/neighbours.js';
import { createRecognition, type Recognition } from './loading/recognition.js';
import { createRefusals, type Refusal, type Refusals } from './renewal/refusals.js';
import { createRenewal } from './renewal/renewal.js';
import { createRevocation } from './authorization/revocation.js';
import { createRevokedElsewhere, type RevokedElsewhere } from './authorization/revoked-elsewhere.js';
import { createSaver } from './saving/saving.js';
import { createSecondLook } from './loading/second-look.js';
import { createSequence } from './renewal/sequence.js';
import { statusOf, type TokenStatus } from './told/status.js';
import { createTelling } from './told/telling.js';
import { holdLoaded } from './pair/token-set.js';
import { createTurns } from '../time/serial.js';
import { createVetting } from './loading/vetting.js';
import { createWrites } from './saving/writes.js';

/** The tokens of one account, as one attach hands them to the next. */
export interface HeldTokenSet {
  readonly tokens: TokenSet;
  /** They are in memory only: their save has failed so far. */
  readonly unsaved: boolean;
}

/** The tokens of one account: whoever needs one asks here. */
export interface TokenSource
  extends
    Pick<Leases, 'peek' | 'acquire' | 'renew'>,
    Pick<Brought, 'take' | 'setTokens' | 'takeOwn'>,
    Pick<RevokedElsewhere, 'revokedElsewhere'>,
    Recognition {
  readonly account: string;
  /** An attach uses it: the latest knows best, for a secret may have been corrected; and one that takes refreshes over is enough. */
  usedBy(user: User): void;
  /** No attach takes over the refreshes of the account any more. */
  isTakenOver(is: false): void;
  /** The client whose tokens they are: login host, client id and grant. */
  readonly client: string;
  /** What other sources of this process may know of it. */
  readonly holding: Holding;
  /** Looks into the store where nothing is held yet, and renews nothing; resolves with whether it is known whose tokens are held, if any. */
  look: FirstLook;
  /** Takes these tokens, and saves them, where there are none of anybody, here and in the store. Resolves with whether it has. */
  takeIfFree(tokens: TokenSet): Promise<boolean>;
  /** Whether an access token is held, alive or not. */
  holds(): boolean;
  /** Whether there is but a refresh token, of which nobody can say whose it is. */
  isUnredeemed(): boolean;
  /** The `sub` of the JWT that is held now. */
  subject(): string | undefined;
  /** Whether an access token is of the user whose tokens are held now. */
  owns(accessToken: string): boolean;
  /** Whether this lease is still one of the tokens in use: another user's may have taken their place. */
  isHeld(lease: Lease): boolean;
  sent(): void;
  /** An answer (or an end without one: undefined) to a call that was sent with this lease. */
  answered(lease: Lease, status: number | undefined, sentAtMs: number): void;
  /** The API has answered 401. */
  refused(lease: Lease, reason: RefusalReason, patience: Patience & { mayRenew: boolean }): Promise<Refusal>;
  /** The replay of a call whose refusal led to a renewal was accepted. */
  replayAccepted(): void;
  /** Whether this refresh token is, or was, one of this account's. */
  knows(refreshToken: string): boolean;
  /** The application presents a refresh token by itself (undefined: it asks by `client_credentials`). */
  present(refreshToken: string | undefined, patience: Patience): Promise<PresentedByApplication>;
  /** `take`: where the tokens go. */
  exchangeCode(login: Login, code: AuthorizationCode, take: Take): Promise<TokenSet>;
  revoke(login: Login): Promise<void>;
  /** Something else than a renewal has redeemed this refresh token: takes the successor if it was ours. */
  redeemedElsewhere(refreshToken: string): void;
  status(): TokenStatus;
  unsavedTokens(): TokenSet | undefined;
  /** The newest tokens in memory, and whether they are there only. */
  held(): HeldTokenSet | undefined;
  /** Goes on with another store, once nothing is under way in the one before. */
  moveTo(store: TokenStore): void;
  /** What is under way and must not be cut off. */
  underWay(): Promise<unknown> | undefined;
  /** Nothing is under way for the account, and nothing is held against a renewal of its tokens. */
  isAtRest(): boolean;
  /** Whether the store shows the pair in hand, and with it all that has to be known of the tokens before. */
  isShown(): Promise<boolean>;
  /** The account leaves the memory of the process. */
  leave(): void;
  /** It is in the memory of the process, again. */
  enter(): void;
}

/** An attach, to the accounts that it uses. */
export interface User {
  /** Later ones have greater numbers. */
  readonly order: number;
  /** How it presents a grant. */
  readonly exchange: Exchange;
  /** The application's own refreshes are answered from the account: with tokens from long ago, and before there is any pair. */
  readonly takesOver: boolean;
}

export interface SourceDeps {
  env: Env;
  account: string;
  client: string;
  grant: GrantType;
  clientKey: string;
  store: TokenStore;
  keeper: Keeper;
  /** Whether the store is one that this package has made. */
  isOwn: () => boolean;
  /** Whether this store has the place of `store` now. */
  isAt: (store: TokenStore) => boolean;
  /** Puts another store in the place of `store`. */
  moveTo: (store: TokenStore) => void;
  /** The tokens that another source held for this account, in another copy of the package: this one goes on with them. */
  inherited: HeldTokenSet | undefined;
  mutex: GrantMutex;
  /** Whether it is an account of the same store object. */
  isBeside: (holder: Holding) => boolean;
  /** The account at rest, of the same store object, that holds the refresh token of this fingerprint. */
  restingWith: (refreshToken: string) => string | undefined;
  /** What the account was let go with, if it was; `over`: to be called as soon as it is known here which tokens it holds. */
  before: (LedgerBefore & { over(): void }) | undefined;
  /** Hears of each use. */
  used: () => void;
  /** What is known of the server whose tokens they are. */
  server: { oldDies: boolean };
  /** What is to be called with the last detach. */
  untilDetached: Set<() => void>;
  /** Where the token requests of this client wait for the login host. */
  loginGate: () => LoginGate;
  settings: Settings['renewal'];
  maxWaitMs: number;
  serverOffsetMs: () => number;
  /** What is done for the account runs in this context; whoever asks goes on in their own. */
  inContext: InContext;
  emit: Events['emit'];
  warnOnce: Events['warnOnce'];
}

/** A server that is busy or broken has not looked at the token, perhaps. */
function showsLife(status: number): boolean {
  return status < 500 && status !== 401 && status !== 408 && status !== 429;
}

/** Creates the source of one account from its parts. */
export function createTokenSource(wired: SourceDeps, first: User): TokenSource {
  let user = first;
  let takesOver = first.takesOver;
  const given = {
    ...wired,
    exchange: ((...request) => user.exchange(...request)) satisfies Exchange,
    takesOver: () => takesOver,
  };
  const { env, account, grant, mutex, settings, serverOffsetMs, inContext } = given;
  const name = JSON.stringify(account);
  const turns = createTurns();
  const telling = createTelling(given);
  const ledger = createLedger({
    now: env.now,
    serverOffsetMs,
    before: given.before,
    isRedeemed: (token) => mutex.outcomeOf(token)?.kind === 'renewed',
    isDead: (token) => mutex.outcomeOf(token)?.kind === 'dead',
    isRenewable: ({ refreshToken }) => grant !== 'refresh_token' || refreshToken !== undefined,
    onHold(refreshToken) {
      given.before?.over();
      entry.holds(refreshToken && fingerprint(refreshToken));
    },
  });
  const holding: Holding = {
    client: mutex.client,
    account,
    get refreshToken() {
      const { refreshToken } = ledger.newest?.held ?? {};
      return refreshToken && fingerprint(refreshToken);
    },
    get unsaved() {
      return ledger.unsaved;
    },
    get set() {
      return ledger.newest?.held.set;
    },
    hasHeld: ledger.hasHeld,
    memory: mutex.memory,
  };
  let entry = mutex.enter(holding);
  const readBack = createReadBack({
    env,
    keeper: createOwnEnvironment({ ...given, telling }),
    isOwn: given.isOwn,
    isHeld: ({ refresh_token: refresh }) => refresh === ledger.newest?.held.refreshToken,
    isReplaced: (token) => ledger.isReplaced(fingerprint(token)),
    offended: telling.offended,
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
  const warn = (message: string) => deps.warnOnce('lock-contract', message, `${message} (account ${name})`);
  const drain: Drain = createDrain({
    env,
    // A drain must leave time for the renewal that it is for.
    settings: { drain: settings.drain, drainMs: Math.min(settings.drainMs, settings.totalMs / 4) },
    oldDies: () => given.server.oldDies,
  });
  const renewal = createRenewal({
    ...deps,
    lockWaitMs: deps.maxWaitMs,
    ledger,
    saver,
    secondLook,
    drain: ({ signal }) => drain.drain(signal),
    contradicted: telling.contradicted,
    warn,
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
    underLock: createLockedSave({ ...deps, ledger, waitMs: settings.storeTimeoutMs, warn }),
    serverOffsetMs,
  });
  const sequence = createSequence({
    ...deps,
    ledger,
    turns,
    renewal,
    telling,
    writes,
    release: drain.release,
    turn: () => deps.loginGate().turn(),
  });
  const refusals: Refusals = createRefusals({
    env,
    ledger,
    sequence,
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

  const look = createFirstLook({ env, ledger, keeper, turns, ahead });
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
  if (deps.inherited) {
    const held = holdLoaded(deps.inherited.tokens, ahead());
    if (deps.inherited.unsaved) {
      // Brought or renewed: what it was to take the place of, the other copy knows.
      ledger.replaceAll(held);
      ledger.saveFailed();
    } else ledger.keep(held);
    inContext(() => writes.move(() => undefined));
  }
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
    warn,
  };
  const revocation = createRevocation({
    ...revoking,
    exchanges: codes.underWay,
    drain: (signal) => drain.drain(signal, 'certain'),
    release: drain.release,
  });
  const elsewhere = createRevokedElsewhere(revoking);
  const { mayRecognise, recognise } = createRecognition({ ...deps, ledger, turns, telling, ahead });
  const { knows, present } = createPresentation({
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
    const isWaiting = underWay() !== undefined || sequence.running !== undefined || writes.isMoving();
    return !isWaiting && [turns, drain, lookBack, readBack].every((part) => part.isIdle());
  }

  const underWay = () =>
    sequence.running?.done ??
    codes.underWay() ??
    revocation.underWay() ??
    elsewhere.underWay() ??
    writes.underWay();

  return {
    account,
    client: deps.client,
    usedBy(other) {
      if (other.order > user.order) user = other;
      takesOver ||= other.takesOver;
    },
    isTakenOver(is) {
      takesOver = is;
    },
    holding,
    look: (...how) => inContext(() => look(...how)),
    takeIfFree: (tokens) =>
      inContext(async () => {
        const isTaken = await writes.bringIfFree(holdLoaded(tokens, ahead()));
        if (isTaken) sequence.forgive();
        return isTaken;
      }),
    mayRecognise,
    recognise: (token, patience) => inContext(() => recognise(token, patience)),
    holds: () => ledger.newest?.held.accessToken !== undefined,
    isUnredeemed: () => ledger.newest !== undefined && ledger.newest.held.accessToken === undefined,
    subject: () => ledger.subject,
    owns: ledger.owns,
    isHeld: (lease) => lease === ledger.newest || lease === ledger.current(),
    peek(way) {
      given.used();
      return leases.peek(way);
    },
    acquire(patience) {
      given.used();
      return leases.acquire(patience);
    },
    renew: leases.renew,
    take: (held, changedOwner) => inContext(() => take(held, changedOwner)),
    setTokens: (tokens, changedOwner) => inContext(() => setTokens(tokens, changedOwner)),
    takeOwn: (tokens, sure) => inContext(() => takeOwn(tokens, sure)),
    refused(lease, reason, { maxMs, ...patience }) {
      given.used();
      return refusals.refused(lease, reason, { ...patience, maxMs: Math.min(maxMs, settings.timeoutMs) });
    },
    exchangeCode: (login, code, take) => inContext(() => codes.exchange(login, code, take)),
    revoke: (login) => inContext(() => revocation.revoke(login)),
    revokedElsewhere: (token) => inContext(() => elsewhere.revokedElsewhere(token)),
    sent: drain.sent,
    answered(lease, answer, sentAtMs) {
      drain.answered();
      if (answer === undefined) return;
      if (showsLife(answer)) lease.aliveAtMs = Math.max(lease.aliveAtMs ?? 0, sentAtMs);
      telling.contradicted(lease);
      if (answer === 401) return;
      lease.accepted++;
      lease.refused = false;
    },
    replayAccepted: refusals.release,
    knows,
    present,
    redeemedElsewhere(refreshToken) {
      const { newest } = ledger;
      // Where refresh tokens are kept it is still ours when another renewal has taken the successor.
      const isTaken = () => newest !== undefined && newest !== ledger.newest;
      const isOurs = () => ledger.newest?.held.refreshToken === refreshToken && !isTaken();
      const take = () => {
        if (isOurs() && !sequence.running) sequence.start(() => (isOurs() ? undefined : sequence.working()));
      };
      // What is under way may have come too far to find it.
      if (sequence.running) void sequence.running.done.then(take);
      else take();
    },
    status: () =>
      statusOf(account, ledger, telling.shown, {
        stuck: isStuck(),
        lastRenewalMs: sequence.lastRenewalMs,
        renewing: sequence.running !== undefined,
      }),
    unsavedTokens: () =>
      (ledger.unsaved || ledger.isGone) && ledger.newest ? copyOf(ledger.newest.held.set) : undefined,
    held: () =>
      ledger.newest && !ledger.isGone
        ? { tokens: copyOf(ledger.newest.held.set), unsaved: ledger.unsaved }
        : undefined,
    moveTo(store) {
      // What the store before did not have, this one may.
      if (isStuck()) sequence.forgive();
      if (!deps.isAt(store) || writes.isMoving()) inContext(() => writes.move(() => deps.moveTo(store)));
    },
    underWay,
    isAtRest() {
      const { refreshToken } = holding;
      // A store that drops rows by itself gets them back from memory.
      if (given.store.rowsMayVanish === true) return false;
      // What became of a token is forgotten some time after nobody holds it any more.
      const isOpen = refreshToken !== undefined && mutex.outcomeOf(refreshToken) !== undefined;
      return (
        isIdle() &&
        sequence.isClear &&
        refusals.isReleased() &&
        ledger.isSettled() &&
        !isOpen &&
        !deps.takesOver()
      );
    },
    isShown: () => inContext(lastLook),
    leave: () => entry.leave(),
    enter() {
      entry.leave();
      entry = mutex.enter(holding);
      entry.holds(holding.refreshToken);
    },
  };
}
