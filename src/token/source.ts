import type { InContext } from '../time/async-context.js';
import type { RefusalReason } from '../failure/challenge.js';
import { copyOf } from '../store/copy-of.js';
import type { TokenSet, TokenStore } from '../store/store.js';
import { awakeNow, type Patience } from '../time/within.js';
import type { Way } from '../wire/way.js';
import { newAccount, type Account } from './account.js';
import type { Brought } from './authorization/brought.js';
import type { AuthorizationCode, Take } from './authorization/code-exchange.js';
import type { RevokedElsewhere } from './authorization/revoked-elsewhere.js';
import type { Exchange } from './endpoint/exchange.js';
import type { Login } from './endpoint/login.js';
import type { Entry, Holding } from './grant/registry.js';
import type { StoreMemory } from './grant/memories.js';
import type { FirstLoad, Shown } from './loading/first-load.js';
import { lookLast } from './loading/last-look.js';
import { createLoading, type Loading } from './loading/loading.js';
import { mayRecognise, type Recognition } from './loading/recognition.js';
import type { Before } from './pair/ledger.js';
import { hasHeld, hasHeldOthers, isOfSameUser, isOwn } from './pair/kinship.js';
import { currentOf, freshnessNow, isSettled, type Clocks, type Lease } from './pair/pairs.js';
import { holdLoaded, type HeldTokens } from './pair/token-set.js';
import { createParts, type ClientDeps, type Parts } from './parts.js';
import { isKnown, type PresentedByApplication } from './presentation.js';
import { answered, isHolding, sent } from './renewal/drain.js';
import type { Acquired, Leases } from './renewal/leases.js';
import type { RefusalOutcome } from './renewal/refusals.js';
import { areBraked, isClear } from './renewal/standing.js';
import { noBackoff } from '../time/backoff.js';
import { statusOf, type TokenStatus } from './told/status.js';
import { contradicted } from './told/telling.js';

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
  /** The source that the account has now: this one may have been let go while a call had it in hand, and another be in its place. */
  current(): TokenSource;
  /** An attach uses it: the latest knows best, for a secret may have been corrected; and one that takes refreshes over is enough. */
  usedBy(user: User): void;
  /** No attach takes over the refreshes of the account any more. */
  isTakenOver(is: false): void;
  /** The client whose tokens they are: login host, client id and grant. */
  readonly client: string;
  /** What other sources of this process may know of it. */
  readonly holding: Holding;
  /** Looks into the store where nothing is held yet, and renews nothing; resolves with whether it is known whose tokens are held, if any. */
  look: FirstLoad['look'];
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
  refused(
    lease: Lease,
    reason: RefusalReason,
    patience: Patience & { mayRenew: boolean },
  ): Promise<RefusalOutcome>;
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
  /** Lets go of the parts that act on the account, where they have nothing to do. */
  disband(): void;
  /** Nothing is under way for the account, and nothing is held against a renewal of its tokens. */
  isAtRest(): boolean;
  /** Loads from the store, and adopts a newer pair. Whether it shows the pair in hand, and all that has to be known of the tokens before. */
  isShown(): Promise<boolean>;
  /** Goes on with the tokens that another source held for this account, in another copy of the package. */
  inherit(held: HeldTokenSet): void;
  /** The account leaves the memory of the process. */
  leave(): void;
  /** It is in the memory of the process, again. */
  enter(): void;
  /** Whether it has held tokens of another authorization than those in hand. */
  hasHeldOthers(): boolean;
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

/** What is one account's own. */
export interface SourceDeps {
  readonly account: string;
  readonly store: TokenStore;
  /** What is done for the account runs in this context; whoever asks goes on in their own. */
  readonly inContext: InContext;
  /** What the account was let go with, if it was; `over`: to be called as soon as it is known here which tokens it holds. */
  readonly before: (Before & { over(): void }) | undefined;
  /** Hears of each use, and returns the source that the account has then. */
  readonly used: () => TokenSource;
}

/** Creates the source of one account. */
export function createTokenSource(client: ClientDeps, own: SourceDeps, user: User): TokenSource {
  return new AccountSource(client, own, user);
}

/** A server that is busy or broken has not looked at the token, perhaps. */
function showsLife(status: number): boolean {
  return status < 500 && status !== 401 && status !== 408 && status !== 429;
}

/** One account as other sources of the process see it. */
class AccountHolding implements Holding {
  constructor(
    readonly client: string,
    readonly account: string,
    readonly memory: StoreMemory,
    readonly state: Account,
  ) {}

  get refreshToken(): string | undefined {
    return this.state.pairs.newest?.held.refreshFingerprint;
  }

  get unsaved(): boolean {
    return this.state.pairs.phase !== 'kept';
  }

  get set(): TokenSet | undefined {
    return this.state.pairs.newest?.held.set;
  }

  hasHeld(token: string): boolean {
    return hasHeld(this.state.pairs, token);
  }
}

/**
 * The source of one account: its state, and the parts that act on it, as long as there is something for them to do. A class, and no closures,
 * because an application may have a hundred thousand of them.
 */
class AccountSource implements TokenSource {
  readonly account: string;
  readonly holding: AccountHolding;
  readonly state: Account;
  private entry: Entry;
  /** What is needed for a load. */
  private loading: Loading | undefined;
  /** All the rest, where there is more to do. */
  private parts: Parts | undefined;
  /** The waits of calls for the first load; it never rejects. */
  private first: Promise<unknown> | undefined;
  /** So many have the parts in hand. */
  private busy = 0;
  private takesOver: boolean;

  constructor(
    private readonly deps: ClientDeps,
    private readonly own: SourceDeps,
    private user: User,
  ) {
    const { mutex } = deps;
    this.account = own.account;
    this.state = newAccount(own.store, own.before !== undefined);
    this.holding = new AccountHolding(mutex.client, own.account, mutex.memory, this.state);
    this.entry = mutex.enter(this.holding);
    this.takesOver = user.takesOver;
  }

  get client(): string {
    return this.deps.client;
  }

  current(): TokenSource {
    return this.own.used();
  }

  usedBy(other: User): void {
    if (other.order > this.user.order) this.user = other;
    this.takesOver ||= other.takesOver;
  }

  isTakenOver(is: false): void {
    this.takesOver = is;
  }

  holds(): boolean {
    return this.state.pairs.newest?.held.accessToken !== undefined;
  }

  isUnredeemed(): boolean {
    const { newest } = this.state.pairs;
    return newest !== undefined && newest.held.accessToken === undefined;
  }

  subject(): string | undefined {
    return this.state.pairs.newest?.held.subject;
  }

  owns(accessToken: string): boolean {
    return isOwn(this.state.pairs, accessToken);
  }

  isHeld(lease: Lease): boolean {
    return lease === this.state.pairs.newest || lease === currentOf(this.state.pairs, this.clocks());
  }

  peek(way?: Way): Lease | undefined {
    this.own.used();
    if (this.parts) return this.parts.leases.peek(way);
    if (isHolding(this.state, this.deps.env)) return undefined;
    const { newest } = this.state.pairs;
    if (!newest) return undefined;
    const isFresh = this.state.pairs.phase === 'kept' && freshnessNow(newest, this.clocks()) === 'fresh';
    return isFresh && !newest.refused ? newest : this.assembled().leases.peek(way);
  }

  acquire(patience: Patience): Promise<Acquired> {
    this.own.used();
    const { pairs, verdicts } = this.state;
    if (this.parts || pairs.newest || !isClear(verdicts))
      return this.with((parts) => parts.leases.acquire(patience));
    const acquired = this.loaded(({ first }) => this.acquireFirst(first, patience));
    const others = this.first;
    const over = acquired.then(
      () => others,
      () => others,
    );
    this.first = over;
    void over.then(() => {
      if (this.first === over) this.first = undefined;
    });
    return acquired;
  }

  /** A renewal is begun only where what the store has is not enough. */
  private async acquireFirst(first: FirstLoad, patience: Patience): Promise<Acquired> {
    const { env, settings } = this.deps;
    const maxMs = Math.min(patience.maxMs, settings.timeoutMs);
    const untilMs = awakeNow(env) + maxMs;
    const waited = await this.own.inContext(() => first.wait({ ...patience, maxMs }));
    if (waited.kind === 'aborted') return { kind: 'aborted' };
    const lease = this.usable();
    if (lease) return { kind: 'lease', lease };
    const left = { ...patience, maxMs: untilMs - awakeNow(env) };
    const shown: Shown | undefined = waited.kind === 'done' ? waited.value : undefined;
    return this.with((parts) => parts.leases.acquire(left, shown));
  }

  /** The lease that a call can be given where nothing but a load has been done. */
  private usable(): Lease | undefined {
    if (this.parts) return undefined;
    const lease = currentOf(this.state.pairs, this.clocks());
    const freshness = freshnessNow(lease, this.clocks());
    return freshness === 'fresh' || (freshness === 'aging' && this.deps.settings.background)
      ? lease
      : undefined;
  }

  renew(): Promise<TokenSet> {
    return this.with((parts) => parts.leases.renew());
  }

  refused(
    lease: Lease,
    reason: RefusalReason,
    { maxMs, ...patience }: Patience & { mayRenew: boolean },
  ): Promise<RefusalOutcome> {
    this.own.used();
    const most = Math.min(maxMs, this.deps.settings.timeoutMs);
    return this.with((parts) => parts.refusals.refused(lease, reason, { ...patience, maxMs: most }));
  }

  sent(): void {
    sent(this.state);
  }

  answered(lease: Lease, answer: number | undefined, sentAtMs: number): void {
    answered(this.state);
    if (answer === undefined) return;
    if (showsLife(answer)) lease.aliveAtMs = Math.max(lease.aliveAtMs ?? 0, sentAtMs);
    if (!lease.isJudged) this.compare(lease);
    if (answer === 401) return;
    lease.accepted++;
    lease.refused = false;
  }

  /** What the store says of a token is compared once with what its calls have shown. */
  private compare(lease: Lease): void {
    const { serverOffsetMs, warnOnce } = this.deps;
    contradicted({ account: this.account, serverOffsetMs, warnOnce }, lease);
  }

  replayAccepted(): void {
    this.state.brake = noBackoff;
  }

  look(...how: Parameters<FirstLoad['look']>): Promise<boolean> {
    return this.own.inContext(() => this.loaded(({ first }) => first.look(...how)));
  }

  takeIfFree(tokens: TokenSet): Promise<boolean> {
    return this.inContext(async ({ writes, sequence }, { ahead }) => {
      const isTaken = await writes.bringIfFree(holdLoaded(tokens, ahead()));
      if (isTaken) sequence.clearVerdicts();
      return isTaken;
    });
  }

  mayRecognise(accessToken: string): boolean {
    return mayRecognise(accessToken, this.state, this.subject(), this.deps.env.now());
  }

  recognise(token: string, patience: Patience): Promise<void> {
    return this.inContext((parts) => parts.recognise(token, patience));
  }

  take(held: HeldTokens, changedOwner?: () => void): Promise<TokenSet> {
    return this.inContext((parts) => parts.take(held, changedOwner));
  }

  setTokens(tokens: TokenSet, changedOwner?: () => void): Promise<void> {
    return this.inContext((parts) => parts.setTokens(tokens, changedOwner));
  }

  takeOwn(tokens: TokenSet, sure: boolean): Promise<boolean> {
    return this.inContext((parts) => parts.takeOwn(tokens, sure));
  }

  exchangeCode(login: Login, code: AuthorizationCode, take: Take): Promise<TokenSet> {
    return this.inContext((parts) => parts.codes.exchange(login, code, take));
  }

  revoke(login: Login): Promise<void> {
    return this.inContext((parts) => parts.revocation.revoke(login));
  }

  revokedElsewhere(token: string): Promise<void> {
    return this.inContext((parts) => parts.elsewhere.revokedElsewhere(token));
  }

  knows(refreshToken: string): boolean {
    const { state, deps } = this;
    const held = {
      newest: state.pairs.newest,
      isOfSameUser: (token: string) => isOfSameUser(state.pairs, token),
    };
    return isKnown(refreshToken, held, deps.mutex);
  }

  present(refreshToken: string | undefined, patience: Patience): Promise<PresentedByApplication> {
    return this.with((parts) => parts.present(refreshToken, patience));
  }

  redeemedElsewhere(refreshToken: string): void {
    const { state } = this;
    const { newest } = state.pairs;
    if (!this.loading && newest?.held.refreshToken !== refreshToken) return;
    void this.with(async ({ sequence }, { first }) => {
      // Where refresh tokens are kept it is still ours when another renewal has taken the successor.
      const isTaken = () => newest !== undefined && newest !== state.pairs.newest;
      const isOurs = () => state.pairs.newest?.held.refreshToken === refreshToken && !isTaken();
      // What is under way may have come too far to find it.
      const underWay = [sequence.running?.done, this.first, first.underWay()].filter(
        (work) => work !== undefined,
      );
      if (underWay.length > 0) await Promise.all(underWay);
      if (isOurs() && !sequence.running) sequence.start(() => (isOurs() ? undefined : sequence.working()));
    });
  }

  status(): TokenStatus {
    return this.briefly(({ sequence, isStuck }, { ledger, telling }) =>
      statusOf(this.account, ledger, telling.shown, {
        stuck: isStuck(),
        lastRenewalMs: sequence.lastRenewalMs,
        renewing: sequence.running !== undefined,
      }),
    );
  }

  unsavedTokens(): TokenSet | undefined {
    const { newest, phase, isGone } = this.state.pairs;
    return (phase !== 'kept' || isGone) && newest ? copyOf(newest.held.set) : undefined;
  }

  held(): HeldTokenSet | undefined {
    const { newest, phase, isGone } = this.state.pairs;
    return newest && !isGone ? { tokens: copyOf(newest.held.set), unsaved: phase !== 'kept' } : undefined;
  }

  moveTo(store: TokenStore): void {
    const { state } = this;
    // There may be a hundred thousand accounts, and all of them at this store already.
    if (!this.parts && store === state.store && !state.verdicts.dead) return;
    this.briefly(({ sequence, writes, isStuck }, { home: { isAt, moveTo } }) => {
      // What the store before did not have, this one may.
      if (isStuck()) sequence.clearVerdicts();
      if (!isAt(store) || writes.isMoving()) this.own.inContext(() => writes.move(() => moveTo(store)));
    });
  }

  underWay(): Promise<unknown> | undefined {
    return this.parts?.underWay() ?? this.first ?? this.loading?.first.underWay();
  }

  isAtRest(): boolean {
    const { state, deps, holding } = this;
    this.disband();
    if (this.loading || state.calls > 0 || this.takesOver) return false;
    // A store that drops rows by itself gets them back from memory.
    if (state.store.rowsMayVanish === true) return false;
    if (!isClear(state.verdicts) || areBraked(state, deps.env.now()) || !isSettled(state.pairs)) return false;
    // What became of a token is forgotten some time after nobody holds it any more.
    const { refreshToken } = holding;
    return refreshToken === undefined || deps.mutex.outcomeOf(refreshToken) === undefined;
  }

  isShown(): Promise<boolean> {
    const { grant } = this.deps;
    return this.own.inContext(() => this.loaded((loading) => lookLast(grant, loading)));
  }

  leave(): void {
    this.deps.mutex.leave(this.entry);
  }

  enter(): void {
    this.leave();
    this.entry = this.deps.mutex.enter(this.holding);
    this.deps.mutex.holds(this.entry, this.holding.refreshToken);
  }

  hasHeldOthers(): boolean {
    return hasHeldOthers(this.state.pairs);
  }

  inherit({ tokens, unsaved }: HeldTokenSet): void {
    this.briefly(({ writes }, { ledger, ahead }) => {
      const held = holdLoaded(tokens, ahead());
      if (unsaved) {
        // Brought or renewed: what it was to take the place of, the other copy knows.
        ledger.replaceAll(held);
        ledger.saveFailed();
      } else ledger.keep(held);
      this.own.inContext(() => writes.move(() => undefined));
    });
  }

  private clocks(): Clocks {
    return { nowMs: this.deps.env.now(), serverOffsetMs: this.deps.serverOffsetMs() };
  }

  private loadable(): Loading {
    if (this.loading) return this.loading;
    const { deps, own } = this;
    const made = createLoading(
      deps,
      {
        account: own.account,
        before: own.before,
        onHold: (held) => {
          own.before?.over();
          deps.mutex.holds(this.entry, held?.refreshFingerprint);
        },
        // Once whoever loads it has taken it.
        found: ({ inTurn }) => void inTurn(async () => this.assembled().writes.move(() => undefined)),
      },
      this.state,
    );
    // A listener that has heard a warning meanwhile may have put some together and set them to work: these have done nothing yet.
    return (this.loading ??= made);
  }

  private assembled(): Parts {
    if (this.parts) return this.parts;
    const { deps, own } = this;
    const made = createParts(
      deps,
      {
        account: own.account,
        inContext: own.inContext,
        exchange: (...request) => this.user.exchange(...request),
        takesOver: () => this.takesOver,
      },
      this.loadable(),
      this.state,
    );
    return (this.parts ??= made);
  }

  disband(): void {
    if (this.busy > 0 || this.loading?.turns.isIdle() === false || this.parts?.isIdle() === false) return;
    this.parts = undefined;
    this.loading = undefined;
  }

  private briefly<T>(work: (parts: Parts, loading: Loading) => T): T {
    try {
      return work(this.assembled(), this.loadable());
    } finally {
      this.disband();
    }
  }

  private with<T>(work: (parts: Parts, loading: Loading) => Promise<T>): Promise<T> {
    const parts = this.assembled();
    return this.loaded((loading) => work(parts, loading));
  }

  private loaded<T>(work: (loading: Loading) => Promise<T>): Promise<T> {
    const loading = this.loadable();
    this.busy++;
    const over = () => {
      this.busy--;
      this.disband();
    };
    const working = work(loading);
    working.then(over, over);
    return working;
  }

  private inContext<T>(work: (parts: Parts, loading: Loading) => Promise<T>): Promise<T> {
    return this.own.inContext(() => this.with(work));
  }
}
