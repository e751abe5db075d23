import { EventEmitter } from 'node:events';
import axios from 'axios';
import { beforeAll, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach.js';
import { startEmulator } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/env.js';
import * as axiosProcore from '../../src/index.js';
import type { TokenSet, TokenStore } from '../../src/index.js';
import { examplesOf } from './support/pages.js';
import { runExample } from './support/run.js';

const [callbacks, sql] = examplesOf('docs/stores.md');
const modules = {
  axios: { ...axios, default: axios },
  'axios-procore': axiosProcore,
  'node:timers/promises': await import('node:timers/promises'),
};

/** As much of PostgreSQL as the example needs. */
function createDatabase() {
  const rows = new Map<string, TokenSet>();
  const locks = new Map<unknown, Connection>();
  const open = new Set<Connection>();
  const statements: string[] = [];

  const answer = (found: unknown[]) => ({ rows: found, rowCount: found.length });
  async function query(by: Connection | undefined, text: string, values: unknown[] = []) {
    const statement = text.trim().split(/\s+/).slice(0, 2).join(' ');
    statements.push(statement);
    const [account] = values as [string];
    switch (statement) {
      case 'SELECT tokens':
        return answer(rows.has(account) ? [{ tokens: structuredClone(rows.get(account)) }] : []);
      case 'INSERT INTO': {
        const [, tokens, previous] = values as [string, string, string | null];
        const row = rows.get(account);
        if (row && (row.refresh_token ?? null) !== previous) return answer([]);
        rows.set(account, JSON.parse(tokens) as TokenSet);
        return answer([{}]);
      }
      case 'DELETE FROM':
        return answer(rows.delete(account) ? [{}] : []);
      case 'BEGIN':
      case 'SET LOCAL':
        return answer([]);
      case 'SELECT pg_try_advisory_xact_lock(hashtextextended($1,': {
        const locked = !locks.has(values[0]) || locks.get(values[0]) === by;
        if (locked && by) locks.set(values[0], by);
        return answer([{ locked }]);
      }
      case 'ROLLBACK':
        if (!by || !open.has(by)) throw new Error('Connection terminated');
        by.unlock();
        return answer([]);
      default:
        throw new Error(`the fake database knows no ${statement}`);
    }
  }

  class Connection extends EventEmitter {
    query = (text: string, values?: unknown[]) => query(this, text, values);
    unlock() {
      for (const [name, holder] of locks) if (holder === this) locks.delete(name);
    }
    release() {
      this.unlock();
      open.delete(this);
    }
    /** The server has gone. */
    break() {
      this.release();
      this.emit('error', new Error('Connection terminated unexpectedly'));
    }
  }

  const pool = {
    query: (text: string, values?: unknown[]) => query(undefined, text, values),
    async connect() {
      const connection = new Connection();
      open.add(connection);
      return connection;
    },
  };
  return { rows, locks, open, statements, pool };
}

type Database = ReturnType<typeof createDatabase>;
let sqlTokenStore: (pool: Database['pool'], locks: Database['pool']) => Required<Omit<TokenStore, 'lockMs'>>;

beforeAll(async () => {
  // The last block is how it is made with pg.
  const found = await runExample(sql!.slice(0, 1), modules, ['sqlTokenStore']);
  sqlTokenStore = found['sqlTokenStore'] as typeof sqlTokenStore;
});

describe('the SQL store of docs/stores.md', { timeout: 30_000 }, () => {
  test('two processes, a hundred calls each on an expired token: one exchange, nothing spent twice', async () => {
    const emulator = await startEmulator({ familyRevocation: true });
    const db = createDatabase();
    db.rows.set('default', { ...emulator.issue(), note: 'mine', created_at: 1_400_000_000 });
    const processes = [1, 2].map(() => {
      const api = axios.create({ baseURL: emulator.url, proxy: false });
      const procore = createAttach(systemEnv, {})(api, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: sqlTokenStore(db.pool, db.pool),
        companyId: '42',
      });
      return { api, procore };
    });
    const calls = processes.flatMap(({ api }) =>
      Array.from({ length: 100 }, () => api.get('/rest/v1.0/projects')),
    );
    expect((await Promise.all(calls)).every(({ status }) => status === 200)).toBe(true);
    await Promise.all(processes.map(({ procore }) => procore.idle()));
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
    expect(db.rows.get('default')).toMatchObject({ note: 'mine', expires_at: expect.any(Number) });
    expect([db.locks.size, db.open.size]).toEqual([0, 0]);
    await emulator.close();
  });

  test('saves over what it knows only', async () => {
    const db = createDatabase();
    const store = sqlTokenStore(db.pool, db.pool);
    const set = (token: string): TokenSet => ({ access_token: `a-${token}`, refresh_token: `r-${token}` });
    expect(await store.load('x')).toBeUndefined();
    await store.save(set('1'), 'x', undefined);
    await store.save(set('2'), 'x', set('1'));
    await expect(store.save(set('3'), 'x', set('1'))).rejects.toThrow(axiosProcore.TokenStoreConflict);
    await expect(store.save(set('3'), 'x', undefined)).rejects.toThrow(axiosProcore.TokenStoreConflict);
    expect(await store.load('x')).toEqual(set('2'));
    await store.remove('x');
    expect(await store.load('x')).toBeUndefined();
  });

  test('the lock excludes, gives up on abort, and leaves no connection behind', async () => {
    const db = createDatabase();
    const store = sqlTokenStore(db.pool, db.pool);
    const never = new AbortController().signal;
    let finish = () => {};
    let entered = () => {};
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const first = store.lock(
      'x',
      () => {
        entered();
        return new Promise<string>((resolve) => (finish = () => resolve('first')));
      },
      never,
    );
    await inside;
    const impatience = new AbortController();
    const second = store.lock('x', async () => 'second', impatience.signal);
    impatience.abort();
    await expect(second).rejects.toThrow();
    await expect(store.lock('y', async () => 'another account', never)).resolves.toBe('another account');
    const third = store.lock('x', async () => 'third', never);
    finish();
    expect(await Promise.all([first, third])).toEqual(['first', 'third']);
    expect([db.locks.size, db.open.size]).toEqual([0, 0]);
  });

  test('says when its connection is gone', async () => {
    const db = createDatabase();
    const store = sqlTokenStore(db.pool, db.pool);
    const heard = store.lock(
      'x',
      async (lost) => {
        for (const connection of db.open) connection.break();
        return lost?.aborted;
      },
      new AbortController().signal,
    );
    expect(await heard).toBe(true);
    expect([db.locks.size, db.open.size]).toEqual([0, 0]);
  });
});

test('the two-callback store of docs/stores.md attaches', async () => {
  const { procore } = await runExample(callbacks!, modules, ['procore: exports.procore']);
  expect((procore as axiosProcore.Procore).status()).toMatchObject({ state: 'not-loaded' });
});
