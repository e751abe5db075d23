import type { Env } from '../time/env.js';
import type { Events, ProcoreEvents } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import type { Procore } from './handle.js';
import { learnClock, serverOffsetMs, unknownClock } from '../wire/server-clock.js';
import type { OwnRequestUnderWay } from '../token/endpoint/exchange.js';
import type { TokenStore } from '../store/store.js';
import type { Holder } from '../token/grant/memories.js';
import { createOwnRenewals, type OwnRenewals } from '../legacy/own-renewals.js';
import { createOwnTokenRequests, type OwnTokenRequests } from '../legacy/unseen-renewals.js';
import { accountKey } from '../token/account.js';
import type { HeldTokenSet, TokenSource } from '../token/source.js';
import type { AllGates } from './all-gates.js';
import { createClientAccounts, type ClientAccounts } from './client-accounts.js';
import { createSweeping } from './sweeping.js';
import { createWeakList, type WeakList } from './weak-list.js';

/** What attaches that share a store object have in common. */
export interface Shared {
  /**
   * The accounts of this client; `clientAndGrant`: a JSON array of login host, client id and grant. With the first attach of the client they
   * are created, with their tokens in `store`.
   */
  of(clientAndGrant: string, store: TokenStore): ClientAccounts;
  /** The sources in memory, of every client. */
  sources(): Iterable<TokenSource>;
  /** The account at rest, of any client, that holds the refresh token of this fingerprint. */
  restingWith(refreshToken: string): string | undefined;
  /** Whether this holder is one of these sources. */
  isOfSource(holder: Holder): boolean;
  /** The tokens in memory. The key is a JSON array of login host, client id, grant and account, the same in every copy of the package. */
  held(): Map<string, HeldTokenSet>;
  /** The accounts that were let go, by the same keys, each with the store that has its tokens. */
  resting(): Map<string, TokenStore>;
  /** Takes over the tokens of this key from another copy of the package. */
  inherit(key: string, held: HeldTokenSet): void;
  /** The tokens that the source of this key takes over, if any. */
  inheritedBy(key: string): HeldTokenSet | undefined;
  /** The handles of instances that are attached. */
  readonly attached: WeakList<Procore>;
  /** Called when the last instance is detached. */
  readonly untilDetached: Set<() => void>;
  /** Notes that the instance of this handle is detached. */
  detached(handle: Procore): void;
  /** The number of the next attach. Where attaches differ, the latest one decides. */
  nextOrder(): number;
  /** Token requests under way by the application's own `exchange` function, whichever attach began them. */
  readonly outliving: Map<string, OwnRequestUnderWay>;
  /** Marks what the application's own `exchange` function does, because it may use an instance of another attach. */
  readonly ownRenewals: OwnRenewals;
  /** What is known of the application's own token requests. */
  readonly ownTokenRequests: OwnTokenRequests;
  /** Where calls wait for the server, one gate for each limit. */
  readonly gates: AllGates;
  /** Learns the server's clock from a `Date` header. */
  learn(date: unknown): void;
  /** How far the server's clock is ahead of this machine's; 0 until it has answered. */
  serverOffsetMs(): number;
  /** The warnings that this log has had, because an application that makes an instance for each call is to be warned once. */
  loggedBy(logger: Settings['logger']): Set<string>;
  /** From now on the events of the sources are emitted here too, in the async context of the attach. */
  tellTo(events: Events): void;
  /** Ends that, for an attach that has given way to another. */
  tellNoMore(events: Events): void;
  emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E]): void;
  warnOnce: Events['warnOnce'];
  /** Resolves when no source has anything under way. */
  idle(): Promise<void>;
}

/** What gates need of the attaches that share them. */
export type OfGates = Pick<Shared, 'serverOffsetMs' | 'emit'>;

/** Creates the common part of the attaches of one store. `gates`: those that there are already. */
export function createShared(
  env: Env,
  createGates: (ofGates: OfGates) => AllGates,
  gates?: AllGates,
): Shared {
  const clients = new Map<string, ClientAccounts>();
  const holdings = new WeakSet<Holder>();
  const inherited = new Map<string, HeldTokenSet>();
  const sinks = createWeakList<Events>();
  const attached = createWeakList<Procore>();
  const untilDetached = new Set<() => void>();
  const logged = new WeakMap<object, Set<string>>();
  const withoutLogger = {};
  let clock = unknownClock;
  let offsetMs = 0;

  let attaches = 0;
  const ownGates = gates ?? createGates({ serverOffsetMs: () => offsetMs, emit });
  const sweeping = createSweeping(env, {
    async sweep() {
      let isNeeded = false;
      ownGates.sweep();
      for (const accounts of clients.values()) if (await accounts.sweep()) isNeeded = true;
      return isNeeded;
    },
  });
  untilDetached.add(sweeping.stop);
  untilDetached.add(ownGates.giveBack);

  function* all(): Generator<TokenSource> {
    for (const accounts of clients.values()) yield* accounts.all();
  }

  function emit<E extends keyof ProcoreEvents>(event: E, detail: ProcoreEvents[E]): void {
    const logged = new Set<unknown>();
    for (const events of sinks.items()) {
      // The channels belong to the process, and hear of it once.
      const audience = { log: !logged.has(events.logger), channel: logged.size === 0 };
      events.inContext(() => events.emit(event, detail, audience));
      logged.add(events.logger);
    }
  }

  return {
    of(clientAndGrant, store) {
      const known = clients.get(clientAndGrant);
      if (known) return known;
      const created = createClientAccounts({
        env,
        client: JSON.stringify((JSON.parse(clientAndGrant) as string[]).slice(0, 2)),
        store,
        entered(source) {
          holdings.add(source.holder);
          inherited.delete(accountKey(clientAndGrant, source.account));
        },
        mayLeaveNow: sweeping.start,
      });
      untilDetached.add(created.listening.stop);
      clients.set(clientAndGrant, created);
      return created;
    },
    sources: all,
    restingWith(refreshToken) {
      for (const accounts of clients.values()) {
        const resting = accounts.restingWith(refreshToken);
        if (resting) return resting.account;
      }
      return undefined;
    },
    isOfSource: (holder) => holdings.has(holder),
    held() {
      const held = new Map(inherited);
      for (const [clientAndGrant, accounts] of clients) {
        for (const source of accounts.all()) {
          const own = source.held();
          if (own) held.set(accountKey(clientAndGrant, source.account), own);
        }
      }
      return held;
    },
    resting() {
      const resting = new Map<string, TokenStore>();
      for (const [clientAndGrant, accounts] of clients)
        for (const [account, store] of accounts.rests())
          resting.set(accountKey(clientAndGrant, account), store);
      return resting;
    },
    inherit: (key, held) => inherited.set(key, held),
    inheritedBy: (key) => inherited.get(key),
    nextOrder: () => ++attaches,
    attached,
    untilDetached,
    detached(handle) {
      attached.delete(handle);
      if (attached.items().length === 0) for (const stop of [...untilDetached]) stop();
    },
    outliving: new Map(),
    ownRenewals: createOwnRenewals(),
    ownTokenRequests: createOwnTokenRequests(),
    gates: ownGates,
    learn(date) {
      if (date === undefined) return;
      const next = learnClock(clock, date, env.now());
      if (next === clock) return;
      clock = next;
      offsetMs = serverOffsetMs(clock) ?? 0;
    },
    serverOffsetMs: () => offsetMs,
    loggedBy(logger) {
      const log = logger ?? withoutLogger;
      const own = logged.get(log) ?? new Set<string>();
      logged.set(log, own);
      return own;
    },
    tellTo: sinks.add,
    tellNoMore: sinks.delete,
    emit,
    warnOnce(...warning) {
      for (const events of sinks.items().slice(0, 1)) events.inContext(() => events.warnOnce(...warning));
    },
    async idle() {
      for (;;) {
        const busy = [...all()].map((source) => source.underWay()).filter((work) => work !== undefined);
        if (busy.length === 0) return ownGates.giveBack();
        await Promise.all(busy);
      }
    },
  };
}
