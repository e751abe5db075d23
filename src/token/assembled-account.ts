import { awakeNow, type WaitBounds } from '../time/within.js';
import { newAccount, type Account } from './account.js';
import type { TokenSet } from '../store/store.js';
import type { StoreMemory, Holder } from './grant/memories.js';
import type { Entry } from './grant/holders.js';
import type { FirstLoad, Shown } from './loading/first-load.js';
import { createLoading, type Loading } from './loading/loading.js';
import { hasHeld } from './pair/former-tokens.js';
import { currentOf, freshnessNow, type Clocks, type Lease } from './pair/pairs.js';
import { createParts, type Parts } from './parts.js';
import type { Acquired } from './renewal/leases.js';
import { isClear } from './renewal/standing.js';
import type { SourceDeps, User, ClientDeps } from './source.js';

/**
 * One account in memory: its state, and the parts that act on it, as long as there is something for them to do. A class, and no closures,
 * because an application may have a hundred thousand of them.
 */
export class AssembledAccount {
  readonly account: string;
  readonly holder: AccountHolder;
  readonly state: Account;
  protected entry: Entry;
  /** All but a load, where there is more to do. */
  protected parts: Parts | undefined;
  /** The waits of calls for the first load; it never rejects. */
  protected firstWaits: Promise<unknown> | undefined;
  protected takesOver: boolean;
  /** What is needed for a load. */
  protected loading: Loading | undefined;
  /** So many have the parts in hand. */
  private busy = 0;

  constructor(
    protected readonly deps: ClientDeps,
    protected readonly own: SourceDeps,
    protected user: User,
  ) {
    const { grants } = deps;
    this.account = own.account;
    this.state = newAccount(own.store, own.before !== undefined);
    this.holder = new AccountHolder(grants.client, own.account, grants.memory, this.state);
    this.entry = grants.enter(this.holder);
    this.takesOver = user.takesOver;
  }

  underWay(): Promise<unknown> | undefined {
    return this.parts?.underWay() ?? this.firstWaits ?? this.loading?.first.underWay();
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
      const underWay = [sequence.running?.done, this.firstWaits, first.underWay()].filter(
        (work) => work !== undefined,
      );
      if (underWay.length > 0) await Promise.all(underWay);
      if (isOurs() && !sequence.running) sequence.start(() => (isOurs() ? undefined : sequence.working()));
    });
  }

  /** A lease, after the load and the renewal that it takes. */
  protected leaseOf(bounds: WaitBounds): Promise<Acquired> {
    const { pairs, verdicts } = this.state;
    if (this.parts || pairs.newest || !isClear(verdicts))
      return this.with((parts) => parts.leases.acquire(bounds));
    const acquired = this.loaded(({ first }) => this.acquireFirst(first, bounds));
    const others = this.firstWaits;
    const over = acquired.then(
      () => others,
      () => others,
    );
    this.firstWaits = over;
    void over.then(() => {
      if (this.firstWaits === over) this.firstWaits = undefined;
    });
    return acquired;
  }

  /** A renewal is begun only where what the store has is not enough. */
  private async acquireFirst(first: FirstLoad, bounds: WaitBounds): Promise<Acquired> {
    const { env, settings } = this.deps;
    const maxMs = Math.min(bounds.maxMs, settings.timeoutMs);
    const untilMs = awakeNow(env) + maxMs;
    const waited = await this.own.inContext(() => first.wait({ ...bounds, maxMs }));
    if (waited.kind === 'aborted') return { kind: 'aborted' };
    const lease = this.usable();
    if (lease) return { kind: 'lease', lease };
    const left = { ...bounds, maxMs: untilMs - awakeNow(env) };
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

  protected clocks(): Clocks {
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
          if (held) deps.server.ask(false);
          deps.grants.nowHolds(this.entry, held?.refreshFingerprint);
        },
        redeemed: (refreshToken) => this.redeemedElsewhere(refreshToken),
        // Once whoever loads it has taken it.
        found: ({ inTurn }) => void inTurn(async () => this.assembled().writes.move(() => undefined)),
      },
      this.state,
    );
    // A listener of a warning may have asked for the account meanwhile, and its loading was made then: this one has done nothing yet.
    return (this.loading ??= made);
  }

  protected assembled(): Parts {
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

  protected briefly<T>(work: (parts: Parts, loading: Loading) => T): T {
    try {
      return work(this.assembled(), this.loadable());
    } finally {
      this.disband();
    }
  }

  protected with<T>(work: (parts: Parts, loading: Loading) => Promise<T>): Promise<T> {
    const parts = this.assembled();
    return this.loaded((loading) => work(parts, loading));
  }

  protected loaded<T>(work: (loading: Loading) => Promise<T>): Promise<T> {
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

  protected inContext<T>(work: (parts: Parts, loading: Loading) => Promise<T>): Promise<T> {
    return this.own.inContext(() => this.with(work));
  }
}

/** One account as other sources of the process see it. */
class AccountHolder implements Holder {
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
