import { fork, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import {
  postgresSchema,
  postgresTokenStore,
  type PostgresTokenStore,
  type PostgresTokenStoreOptions,
} from '../../../src/store/postgres.js';
import type { TokenSet } from '../../../src/store/store.js';

export const never = (): AbortSignal => new AbortController().signal;
export const pair = (n: number | string, more: object = {}): TokenSet => ({
  access_token: `access-${n}`,
  refresh_token: `refresh-${n}`,
  ...more,
});

/** A store, as a process of its own would have it, and the pool that it is on. */
export interface Opened {
  readonly store: PostgresTokenStore;
  readonly pool: pg.Pool;
}

/** A table of its own in a server, and whoever works on it. */
export interface Stage {
  readonly table: string;
  /** For a look from outside. */
  readonly admin: pg.Pool;
  open(config?: pg.PoolConfig, options?: PostgresTokenStoreOptions): Opened;
  /** A lock that is held until `leave`. */
  hold(opened: Opened, account: string): Promise<Held>;
  /** Sessions of the server that hold one of our locks. */
  holders(account: string): Promise<number[]>;
  /** Resolves when a statement on the table waits for another transaction. */
  waiting(): Promise<void>;
  /** Ends the session that holds the lock, as an administrator does. */
  terminate(account: string): Promise<void>;
  /** Another process on the table. */
  fork(account: string, task: 'count' | 'hold', rounds?: number): Promise<Worker>;
  /** Ends whatever is open; hangs where somebody has kept a connection. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

interface Held {
  readonly lost: AbortSignal;
  readonly record: Parameters<Parameters<PostgresTokenStore['lock']>[1]>[1];
  leave(): Promise<void>;
}

interface Worker {
  /** Begins; resolves with the first thing that it says. */
  begin(): Promise<unknown>;
  /** Resolves with what it says next. */
  next(): Promise<unknown>;
  kill(): void;
  /** Stops the process, and lets it go on. */
  stop(): void;
  go(): void;
}

const worker = fileURLToPath(new URL('postgres-worker.ts', import.meta.url));

/** Creates a table of its own; `url` is where stores connect, `adminUrl` the server itself. */
export async function createStage(url: string, adminUrl: string, table: string): Promise<Stage> {
  const admin = new pg.Pool({ connectionString: adminUrl, max: 2 });
  // A server that is restarted says so to idle connections too.
  admin.on('error', () => {});
  await admin.query(postgresSchema(table));
  const pools: pg.Pool[] = [];
  const children: ChildProcess[] = [];

  async function holders(account: string): Promise<number[]> {
    const { rows } = await admin.query<{ pid: number }>(
      `SELECT pid FROM pg_locks, (SELECT hashtextextended('axios-procore ' || $1::text, $2::regclass::oid::bigint) AS key) AS keys
       WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32 | objid::bigint) = key`,
      [account, table],
    );
    return rows.map(({ pid }) => pid);
  }

  async function clear(): Promise<void> {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  }

  return {
    table,
    admin,
    holders,
    open(config = {}, options = {}) {
      const pool = new pg.Pool({ connectionString: url, ...config });
      pool.on('error', () => {});
      pools.push(pool);
      return { pool, store: postgresTokenStore(pool, { table, ...options }) };
    },
    hold({ store }, account) {
      return new Promise((resolve, reject) => {
        const locking = store.lock(
          account,
          (lost, record) =>
            new Promise<void>((done) => {
              const leave = async () => {
                done();
                await locking;
              };
              resolve({ lost, record, leave });
            }),
          never(),
        );
        locking.catch(reject);
      });
    },
    async waiting() {
      for (;;) {
        const { rowCount } = await admin.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'`,
          [table],
        );
        if (rowCount) return;
        await pause(10);
      }
    },
    async terminate(account) {
      for (const pid of await holders(account))
        await admin.query('SELECT pg_terminate_backend($1, 5000)', [pid]);
    },
    async fork(account, task, rounds = 0) {
      const child = fork(worker, [url, table, account, task, String(rounds)], {
        execArgv: ['--import', 'tsx'],
      });
      children.push(child);
      await message(child);
      return {
        begin() {
          const said = message(child);
          child.send('go');
          return said;
        },
        next: () => message(child),
        kill: () => void child.kill('SIGKILL'),
        stop: () => void child.kill('SIGSTOP'),
        go: () => void child.kill('SIGCONT'),
      };
    },
    clear,
    async close() {
      await clear();
      await admin.query(`DROP TABLE IF EXISTS ${table}`);
      await admin.end();
    },
  };
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}
