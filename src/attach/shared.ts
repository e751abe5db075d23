import type { InContext } from '../time/async-context.js';
import type { Env } from '../time/env.js';
import type { Events } from '../observe/events.js';
import type { Settings } from '../options/options.js';
import type { Procore } from './handle.js';
import type { Gates } from '../pacing/gates.js';
import { learnClock, serverOffsetMs, unknownClock } from '../wire/server-clock.js';
import type { Exchange, OwnSending } from '../token/endpoint/exchange.js';
import type { TokenStore } from '../store/store.js';
import type { Holding } from '../token/grant/registry.js';
import { createOwnRenewals, type OwnRenewals } from '../legacy/own-renewals.js';
import type { HeldTokenSet, TokenSource } from '../token/source.js';
import { createWeakList, type WeakList } from './weak-list.js';

/** What attaches that share a store object have in common. */
export interface Shared {
  /** The source of this key; made at its first use, by whoever comes first. */
  source(key: string, create: () => TokenSource): TokenSource;
  sources(): Iterable<TokenSource>;
  /** Whether it is one of these sources as others see it. */
  isOfSource(holding: Holding): boolean;
  /** The async context for the source of this key: that of whoever comes first. */
  contextOf(key: string, own: InContext): InContext;
  /** The tokens in memory, by key. */
  held(): Map<string, HeldTokenSet>;
  /** Takes over the tokens of this key from another copy of the package, unless there is a source already. */
  inherit(key: string, held: HeldTokenSet): void;
  /** What the source of this key begins with. */
  inheritedBy(key: string): HeldTokenSet | undefined;
  /** The handles of instances that are attached. */
  readonly attached: WeakList<Procore>;
  /** What is to be called with the last detach. */
  readonly untilDetached: Set<() => void>;
  /** This instance is detached. */
  detached(handle: Procore): void;
  /** The sources whose key begins so go on with another store. */
  moveTo(store: TokenStore, keysOf: string): void;
  /** How each source presents its grant: set by the latest attach that uses it. */
  readonly exchanges: Map<string, Exchange>;
  /** The sources, by key, whose account an application still refreshes by itself: one attach that says so is enough. */
  readonly takenOver: Set<string>;
  /** Presentations under way by the application's own function, whichever attach began them. */
  readonly outliving: Map<string, OwnSending>;
  /** Marks what the application's own function does: it may use an instance of another attach. */
  readonly ownRenewals: OwnRenewals;
  /** Where calls wait for the server, one gate for each limit. */
  readonly gates: Gates;
  /** Learns the server's clock from a `Date` header. */
  learn(date: unknown): void;
  /** How far the server's clock is ahead of this machine's; 0 until it has answered. */
  serverOffsetMs(): number;
  /** The warnings that a log has had: an application may make an instance for each call, and is told once. */
  loggedBy(logger: Settings['logger']): Set<string>;
  /** Sources tell every attach, each in its own async context. */
  tellTo(events: Events): void;
  /** This attach has given way to another. */
  tellNoMore(events: Events): void;
  emit: Events['emit'];
  warnOnce: Events['warnOnce'];
  /** Resolves when no source has anything under way. */
  idle(): Promise<void>;
}

/** Creates the common part of the attaches of one store. `gates`: those that there are already. */
export function createShared(
  env: Env,
  createGates: (serverOffsetMs: () => number) => Gates,
  gates?: Gates,
): Shared {
  const sources = new Map<string, TokenSource>();
  const holdings = new WeakSet<Holding>();
  const contexts = new Map<string, InContext>();
  const inherited = new Map<string, HeldTokenSet>();
  const sinks = createWeakList<Events>();
  const attached = createWeakList<Procore>();
  const untilDetached = new Set<() => void>();
  const logged = new WeakMap<object, Set<string>>();
  const withoutLogger = {};
  let clock = unknownClock;
  let offsetMs = 0;

  return {
    source(key, create) {
      const source = sources.get(key) ?? create();
      sources.set(key, source);
      holdings.add(source.holding);
      inherited.delete(key);
      return source;
    },
    sources: () => sources.values(),
    isOfSource: (holding) => holdings.has(holding),
    contextOf(key, own) {
      const context = contexts.get(key) ?? own;
      contexts.set(key, context);
      return context;
    },
    held() {
      const held = new Map(inherited);
      for (const [key, source] of sources) {
        const own = source.held();
        if (own) held.set(key, own);
      }
      return held;
    },
    inherit(key, held) {
      if (!sources.has(key)) inherited.set(key, held);
    },
    inheritedBy: (key) => inherited.get(key),
    attached,
    untilDetached,
    detached(handle) {
      attached.delete(handle);
      if (attached.items().length === 0) for (const stop of [...untilDetached]) stop();
    },
    moveTo(store, keysOf) {
      for (const [key, source] of sources) if (key.startsWith(keysOf)) source.moveTo(store);
    },
    exchanges: new Map(),
    takenOver: new Set(),
    outliving: new Map(),
    ownRenewals: createOwnRenewals(),
    gates: gates ?? createGates(() => offsetMs),
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
    emit(event, detail) {
      const logged = new Set<unknown>();
      for (const events of sinks.items()) {
        events.inContext(() => events.emit(event, detail, !logged.has(events.logger)));
        logged.add(events.logger);
      }
    },
    warnOnce(...warning) {
      for (const events of sinks.items().slice(0, 1)) events.inContext(() => events.warnOnce(...warning));
    },
    async idle() {
      for (;;) {
        const busy = [...sources.values()]
          .map((source) => source.underWay())
          .filter((work) => work !== undefined);
        if (busy.length === 0) return;
        await Promise.all(busy);
      }
    },
  };
}
