import { TokenStoreConflict, type LockRecord, type TokenSet } from '../../src/index.js';
import type { Columns, SaveFault, Scenario } from './scenario.js';
import type { World } from './world.js';

/** The columns of one account. */
export type Row = Readonly<Record<string, unknown>>;

/** A load, as the process that asked for it has heard it. */
export interface Loaded {
  readonly by: string;
  readonly account: number;
  /** When the table was read; undefined: the load has failed. */
  readonly readAtMs: number | undefined;
  readonly heardAtMs: number;
  readonly row: Row | undefined;
}

/** A save that has reached the table. */
export interface Written {
  readonly sentAtMs: number;
  readonly atMs: number;
  readonly by: string;
  /** What the plugin had given. */
  readonly given: TokenSet;
}

/** A database that several processes share, with its faults. */
export interface Table {
  /** What the row of an account holds now. */
  row(account: number): Row | undefined;
  /** What a load shows: an older state where reads lag. */
  read(account: number, by: string): Row | undefined;
  /** A process has heard what a load came to. */
  heard(loaded: Omit<Loaded, 'heardAtMs'>): void;
  readonly loads: readonly Loaded[];
  /** Rejects with a conflict where the row is another than `previous`, and the store looks at that. */
  write(
    account: number,
    given: TokenSet,
    previous: TokenSet | undefined,
    sent: Pick<Written, 'by' | 'sentAtMs'>,
  ): void;
  /** By other hands than the plugin's. */
  put(account: number, row: Row | undefined): void;
  readonly written: ReadonlyMap<number, readonly Written[]>;
  /** Takes the next fault of a save, or of a load. */
  takeSaveFault(): SaveFault | undefined;
  takeLoadFault(): 'reject' | 'hang' | undefined;
  failSaves(how: SaveFault, count: number): void;
  failLoads(how: 'reject' | 'hang', count: number): void;
  /** The next load of this account shows another's row, once to each process. */
  showForeign(account: number): void;
  /** No fault is left. */
  mend(): void;
  readonly locks: Locks;
}

/** Creates an empty table. */
export function createTable(world: World, scenario: Scenario): Table {
  const { columns, compares, lagMs, partial } = scenario.store;
  const states = new Map<number, { atMs: number; row: Row | undefined }[]>();
  const loads: Loaded[] = [];
  const written = new Map<number, Written[]>();
  let saveFaults: SaveFault[] = [];
  let loadFaults: ('reject' | 'hang')[] = [];
  const foreign = new Set<number>();
  /** Whose last load of an account has shown another's row. */
  const misled = new Set<string>();
  let isMended = false;

  function put(account: number, row: Row | undefined): void {
    const before = states.get(account) ?? [];
    states.set(account, [...before.slice(-20), { atMs: world.now(), row }]);
  }
  const rowOf = (account: number) => states.get(account)?.at(-1)?.row;

  return {
    row: rowOf,
    read(account, by) {
      // What comes twice in a row is the store's own opinion, and believed.
      const isForeign = !misled.delete(`${by} ${account}`) && foreign.delete(account);
      if (isForeign) misled.add(`${by} ${account}`);
      const shown = isForeign ? (account + 1) % scenario.accounts : account;
      const lag = isMended ? 0 : Math.floor(world.chance.next() * (lagMs + 1));
      const state = states
        .get(shown)
        ?.filter(({ atMs }) => atMs <= world.now() - lag)
        .at(-1);
      return lag === 0 ? rowOf(shown) : (state ?? states.get(shown)?.[0])?.row;
    },
    heard: (loaded) => void loads.push({ ...loaded, heardAtMs: world.now() }),
    loads,
    write(account, given, previous, sent) {
      const holds = rowOf(account)?.['refresh_token'];
      if (
        compares &&
        holds !== undefined &&
        holds !== previous?.refresh_token &&
        holds !== given.refresh_token
      )
        throw new TokenStoreConflict();
      const row = columnsOf(columns, given, world.now());
      const kept = isMended ? row : keptOf(partial, row, rowOf(account));
      written.set(account, [...(written.get(account) ?? []), { ...sent, atMs: world.now(), given }]);
      if (kept) put(account, kept);
    },
    put,
    written,
    takeSaveFault: () => saveFaults.shift(),
    takeLoadFault: () => loadFaults.shift(),
    failSaves: (how, count) => void saveFaults.push(...Array<SaveFault>(count).fill(how)),
    failLoads: (how, count) => void loadFaults.push(...Array<'reject' | 'hang'>(count).fill(how)),
    showForeign: (account) => void foreign.add(account),
    mend() {
      isMended = true;
      saveFaults = [];
      loadFaults = [];
      foreign.clear();
    },
    locks: createLocks(),
  };
}

/** What is left in the table of a row that is written; undefined: nothing new. */
function keptOf(
  partial: Scenario['store']['partial'],
  written: Row,
  before: Row | undefined,
): Row | undefined {
  const { refresh_token: refresh, ...others } = written;
  switch (partial) {
    case 'nothing':
      return written;
    case 'keeps-nothing':
      return undefined;
    case 'access-token-only':
      return before ? { ...before, access_token: written['access_token'] } : written;
    case 'drops-refresh-token':
      return others;
    case 'cuts':
      return typeof refresh === 'string' ? { ...written, refresh_token: refresh.slice(0, 12) } : written;
  }
}

/** What the columns of a table make of a set. */
export function columnsOf(columns: Columns, given: TokenSet, nowMs: number): Row {
  const { expires_at: expiresAt, created_at: _created, expires_in: _life, ...timeless } = given;
  const seconds = Number(expiresAt ?? 0);
  switch (columns) {
    case 'exact':
      return { ...given };
    case 'created-at-write':
      return { ...given, created_at: new Date(nowMs) };
    case 'expires-in-ms':
      return { ...given, expires_at: seconds * 1000 };
    case 'expires-date-of-seconds':
      return { ...given, expires_at: new Date(seconds) };
    case 'expires-zoneless':
      // Sydney is ten hours ahead: read here, where it is UTC, the text is ten hours late.
      return { ...given, expires_at: new Date((seconds + 36_000) * 1000).toISOString().slice(0, 19) };
    case 'no-times':
      return timeless;
    case 'expires-infinity':
      return { ...given, expires_at: Infinity };
  }
}

interface Waiting {
  readonly by: string;
  readonly got: () => void;
}

/** Locks that die with their holder, and what each of them remembers. */
export interface Locks {
  /** Calls `got` once the lock is held; what it returns leaves the queue, or releases it. */
  take(account: number, by: string, got: () => void): () => void;
  /** A process has ended. */
  die(by: string): void;
  readonly records: Map<number, string | undefined>;
}

function createLocks(): Locks {
  const queues = new Map<number, Waiting[]>();
  const leave = (account: number, gone: (waiting: Waiting) => boolean) => {
    const before = queues.get(account) ?? [];
    const after = before.filter((waiting) => !gone(waiting));
    queues.set(account, after);
    if (after[0] && after[0] !== before[0]) after[0].got();
  };
  return {
    records: new Map(),
    take(account, by, got) {
      const queue = queues.get(account) ?? [];
      const waiting = { by, got };
      queues.set(account, [...queue, waiting]);
      if (queue.length === 0) got();
      return () => leave(account, (other) => other === waiting);
    },
    die(by) {
      for (const account of queues.keys()) leave(account, (waiting) => waiting.by === by);
    },
  };
}

/** The record of a lock, as the plugin sees it. */
export function recordOf(
  locks: Locks,
  account: number,
  takesTime: <T>(work: () => T) => Promise<T>,
): LockRecord {
  return {
    read: () => takesTime(() => locks.records.get(account)),
    write: (text) => takesTime(() => void locks.records.set(account, text)),
  };
}
