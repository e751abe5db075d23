import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSerialQueue } from '../../time/serial.js';
import { keepOpen, type Connection } from '../keep-open.js';
import { createListeners } from '../listeners.js';
import { parseMessage, untilFinished, type Message } from '../messages.js';
import type { RenewalNotices } from '../store.js';
import type { PostgresPool } from './session.js';
import type { PostgresTable } from './table.js';
import type { Work } from './transaction.js';

/** The part of a `Client` of `pg` that is used. It is no connection of the pool, because it is kept for as long as somebody listens. */
interface ListeningClient {
  /** The process of the server, as it was told when the connection was made. */
  readonly processID?: number | null;
  connect(): Promise<unknown>;
  query(text: string, values?: unknown[]): Promise<{ rows: Readonly<Record<string, unknown>>[] }>;
  readonly connection?: {
    readonly stream?: { setKeepAlive?: (isOn: boolean, initialDelayMs: number) => unknown };
  };
  on(event: string, listener: (...args: never[]) => void): unknown;
  end(): Promise<unknown>;
  unref?: () => void;
}
type ListeningClientClass = new (options: unknown) => ListeningClient;

/**
 * The two numbers of an advisory lock. Listeners show themselves, and that their calls have finished, by shared locks: these end with the
 * connection, and need no table.
 */
type Key = readonly [number, number];

const countLocks = `SELECT count(*)::text AS count FROM pg_locks
  WHERE locktype = 'advisory' AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid = ($1::bigint & 4294967295)::oid AND objid = ($2::bigint & 4294967295)::oid`;
/** A payload must be shorter than 8000 bytes. Source: PostgreSQL, "NOTIFY". */
const mostBytes = 7_900;
/**
 * The lock that says that calls have finished is given up when the renewal is over, because all sessions of the server share one table of
 * locks; and after this time, if that is not told.
 */
const keptMs = 60_000;
/**
 * A connection over which nothing is sent for hours does not show by itself that its other end has vanished. This process would then hear
 * nothing any more, and the server would count it among those who listen, so that others wait for it at each renewal.
 */
const keepAliveMs = 10_000;
const keepAlive = `
  SET tcp_keepalives_idle = ${keepAliveMs / 1_000};
  SET tcp_keepalives_interval = 5;
  SET tcp_keepalives_count = 3;
  SET tcp_user_timeout = 25000`;
const quiet = () => undefined;

/**
 * Creates the notices of a PostgreSQL store: messages by NOTIFY, over the connection of the lock, and LISTEN over a connection of its own.
 * Undefined for a pool that cannot make one.
 */
export function createPostgresNotices(deps: {
  pool: PostgresPool;
  table: PostgresTable;
  /** Runs work in a transaction, over the connection of the account's lock while that is held. */
  run: <T>(account: string, work: Work<T>) => Promise<T>;
}): RenewalNotices | undefined {
  const pool = deps.pool as PostgresPool & {
    readonly Client?: ListeningClientClass;
    readonly ended?: boolean;
    readonly ending?: boolean;
  };
  const { Client } = pool;
  if (typeof Client !== 'function') return undefined;
  const from = randomUUID();
  const { quoted } = deps.table;
  const channel = `axios_procore_${digest(quoted).toString('hex').slice(0, 32)}`;
  const listens: Key = [digest(`${quoted} listens`).readInt32BE(), 0];
  const finished = (id: string): Key => [
    digest(`${quoted} finished`).readInt32BE(),
    digest(id).readInt32BE(),
  ];
  let isPooled = false;
  /** What ends the lock that says that the calls of a renewal have finished. */
  const shown = new Map<string, () => void>();

  const listeners = createListeners(() =>
    keepOpen(
      () => pool.ended !== true && pool.ending !== true && !isPooled,
      () => (isPooled ? undefined : connect(new Client(pool.options))),
    ),
  );

  function connect(client: ListeningClient): Connection {
    let isClosed = false;
    const { inTurn } = createSerialQueue();
    // A client of pg that is given a query while another runs warns of that.
    const query: ListeningClient['query'] = (...text) => inTurn(() => client.query(...text));
    const close = () => {
      isClosed = true;
      void Promise.resolve()
        .then(() => client.end())
        .catch(quiet);
    };
    client.on('error', close);
    client.on('end', () => void (isClosed = true));
    client.on('notification', ({ payload }: { payload?: string }) => void hear(query, payload).catch(quiet));
    const listen = async () => {
      const connecting = client.connect();
      client.unref?.();
      await connecting;
      client.unref?.();
      client.connection?.stream?.setKeepAlive?.(true, keepAliveMs);
      const { rows } = await query('SELECT pg_backend_pid()::text AS pid');
      // A pooler lends its connections for one transaction, or for all that the client sends: it would keep the locks after that.
      if (rows[0]?.['pid'] !== String(client.processID)) return givePooledUp(close);
      await query(keepAlive);
      await query(`LISTEN ${channel}`);
      await query('SELECT pg_advisory_lock_shared($1, $2)', [...listens]);
    };
    listen().catch(close);
    return { isClosed: () => isClosed, close };
  }

  function givePooledUp(close: () => void): void {
    isPooled = true;
    close();
    process.emitWarning(
      'postgresTokenStore: the pool connects to a pooler (PgBouncer or the like), over which LISTEN does not work. So this process does not hear when another renews, and calls in flight then may get a 401 and are sent again. Give the store a pool that connects to the server directly, or set renewal.drain to false',
      { type: 'ProcoreWarning', code: 'notices' },
    );
  }

  async function hear(query: ListeningClient['query'], payload: string | undefined): Promise<void> {
    const message = parseMessage(payload);
    if (!message) return;
    const { id, account } = message;
    if (message.kind === 'over') {
      listeners.over(id);
      return shown.get(id)?.();
    }
    const isOver = new Promise<void>((resolve) => shown.set(id, resolve));
    try {
      // The own message is among those that are counted.
      if (message.from !== from) await listeners.begun(id, account);
      const key = finished(id);
      await query('SELECT pg_advisory_lock_shared($1, $2)', [...key]);
      await Promise.race([isOver, sleep(keptMs, undefined, { ref: false })]);
      await query('SELECT pg_advisory_unlock_shared($1, $2)', [...key]);
    } finally {
      shown.delete(id);
    }
  }

  const count = (account: string, key: Key) =>
    deps.run(account, async (query) => Number((await query(countLocks, [...key]))[0]?.['count']));

  async function notify(message: Message): Promise<number> {
    const payload = JSON.stringify(message);
    if (Buffer.byteLength(payload) > mostBytes) return 0;
    return deps.run(message.account, async (query) => {
      const [row] = await query(countLocks, [...listens]);
      const listening = Number(row?.['count']);
      if (listening > 0) await query('SELECT pg_notify($1, $2)', [channel, payload]);
      return listening;
    });
  }

  return {
    listen: listeners.listen,
    isHeard: async () => (await count('', listens)) > 0,
    async announce(account, maxMs, signal) {
      const id = randomUUID();
      const listening = await notify({ from, id, account, kind: 'begins' });
      if (!(listening > 0)) return undefined;
      return {
        finished: untilFinished(() => count(account, finished(id)), listening, maxMs, signal),
        over: async () => void (await notify({ from, id, account, kind: 'over' })),
      };
    },
  };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(`axios-procore ${text}`).digest();
}
