import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import axios from 'axios';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { startEmulator } from '../../src/emulator/index.js';
import { accountBySubject } from '../../src/options/account-by-subject.js';
import { systemEnv } from '../../src/time/env.js';
import { storeContract } from '../../src/store-contract/index.js';
import { postgresSchema, postgresTokenStore } from '../../src/store/postgres.js';
import { TokenStoreConflict, type ListingStore, type TokenSet } from '../../src/store/store.js';
import { startPooler, startPostgres } from './support/postgres-server.js';
import { createStage, never, pair, type Opened, type Stage } from './support/postgres-stage.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

const server = await startPostgres();
const pooler = server && (await startPooler(server));
const places = [
  ['PostgreSQL', server?.url],
  ['PgBouncer in transaction mode', pooler?.url],
].filter((place): place is [string, string] => place[1] !== undefined);

afterAll(async () => {
  await pooler?.stop();
  await server?.stop();
});

/** A name that nobody else has in a server that is shared. */
const own = (name: string) => `${name}_${process.pid}`;
let number = 0;
/** An account that nobody has used. */
const fresh = () => `account-${number++}`;
const checkedOut = ({ pool }: Opened) => pool.totalCount - pool.idleCount;
const thrown = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('it has resolved'),
    (error: unknown) => error as Error & { cause?: Error & { code?: string } },
  );

/** What a renewal does under the lock. */
async function renew({ store }: Opened, account: string, during: () => unknown = () => {}): Promise<void> {
  await store.lock(
    account,
    async (_lost, record) => {
      const before = await store.load(account);
      await record.write('0a1b2c3d presented');
      await during();
      const count = Number(before?.['count'] ?? 0) + 1;
      await store.save(pair(count, { count }), account, before);
      await record.write(undefined);
    },
    never(),
  );
}

describe.skipIf(!server)('postgresTokenStore', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage(server!.url, server!.url, own('tokens_of_test'));
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.close());

  describe('the table', () => {
    test('is made on request only; without it every operation names it and the SQL', async () => {
      const { store } = stage.open({}, { table: 'not_there' });
      const operations = [
        store.load('x'),
        store.save(pair(1), 'x', undefined),
        store.lock('x', async () => {}, never()),
        store.remove('x'),
      ];
      for (const error of await Promise.all(operations.map(thrown))) {
        expect(error.message).toBe(
          'The table not_there does not exist: create it with the SQL of postgresSchema("not_there") from axios-procore/stores/postgres.',
        );
        expect(error.cause).toMatchObject({ code: '42P01' });
      }
    });

    test('may stand in a schema and be in upper case; making it twice does no harm', async () => {
      const schema = own('app');
      await stage.admin.query(`CREATE SCHEMA ${schema}`);
      const table = `${schema}.Tokens`;
      for (let times = 0; times < 2; times++) await stage.admin.query(postgresSchema(table));
      const opened = stage.open({}, { table });
      await renew(opened, 'x');
      await renew(opened, 'x');
      expect((await stage.admin.query(`SELECT * FROM ${schema}."Tokens"`)).rows).toEqual([
        { account: 'x', tokens: pair(2, { count: 2 }), saved_at: expect.any(Date), lock_record: null },
      ]);
      await stage.admin.query(`DROP SCHEMA ${schema} CASCADE`);
    });

    test('with other columns gives another error than a missing table', async () => {
      const table = own('other_columns');
      await stage.admin.query(`CREATE TABLE ${table} (account text PRIMARY KEY)`);
      const { store } = stage.open({}, { table });
      expect((await thrown(store.load('x'))).message).toContain(`The table ${table} has other columns`);
      await stage.admin.query(`DROP TABLE ${table}`);
    });

    test('may be one that has kept tokens for years, as jsonb', async () => {
      const table = own('old_tokens');
      await stage.admin.query(
        `CREATE TABLE ${table} (account text PRIMARY KEY, tokens jsonb NOT NULL, saved_at timestamptz NOT NULL DEFAULT now())`,
      );
      await stage.admin.query(
        `ALTER TABLE ${table} ALTER tokens DROP NOT NULL, ADD lock_record text; ALTER TABLE ${table} ALTER saved_at DROP NOT NULL`,
      );
      const opened = stage.open({}, { table });
      await renew(opened, 'x');
      await renew(opened, 'x');
      expect(await opened.store.load('x')).toEqual(pair(2, { count: 2 }));
      // jsonb has no NUL.
      const error = await thrown(opened.store.save(pair('\0'), 'y', undefined));
      expect(error.message).toMatch(/^PostgreSQL refused a statement \(22P05\)/);
      await stage.admin.query(`DROP TABLE ${table}`);
    });

    test.each(['', 'a.b.c', 'a b', 'a"b', '1a', 'a;', 'x'.repeat(64), 7])('is not called %j', (table) => {
      expect(() => postgresTokenStore(stage.admin, { table: table as string })).toThrow(TypeError);
      expect(() => postgresSchema(table as string)).toThrow(
        /^postgresSchema: option "table" is .*; it takes a name such as/,
      );
    });

    test('wrong arguments throw a TypeError at construction', () => {
      expect(() => postgresTokenStore({} as pg.Pool)).toThrow('takes a Pool of pg');
      expect(() => postgresTokenStore(new pg.Client() as never)).toThrow(
        'takes a Pool of pg, and this is a Client',
      );
      expect(() => postgresTokenStore(stage.admin, { lockConnections: 0 })).toThrow('whole number from 1');
      expect(() => postgresTokenStore(stage.admin, { tabel: 'x' } as object)).toThrow(
        'option "tabel" does not exist',
      );
    });
  });

  describe('load and save', () => {
    test('what was saved is what load gives, to the letter', async () => {
      // A driver that was told to leave json alone.
      const { store } = stage.open({ types: { getTypeParser: () => (text: string) => text } });
      const account = fresh();
      const saved = pair(1, { zeta: 1, alpha: { nul: '\0', half: '\ud800', ключ: [1e300, 5e-324, -0.1] } });
      await store.save(saved, account, undefined);
      expect(JSON.stringify(await store.load(account))).toBe(JSON.stringify(saved));
    });

    test('a save replaces what it knows, what is ours already, and nothing; else it changes nothing', async () => {
      const { store } = stage.open();
      const account = fresh();
      await store.save(pair(1), account, undefined);
      await store.save(pair(2), account, pair(1));
      await store.save(pair(2, { again: true }), account, pair(1));
      for (const previous of [pair(1), undefined, { access_token: 'a' }, pair(1, { refresh_token: null })])
        await expect(store.save(pair(3), account, previous)).rejects.toThrow(TokenStoreConflict);
      expect(await store.load(account)).toEqual(pair(2, { again: true }));
    });

    test('a row that somebody has deleted is not written anew by a save that was to replace it', async () => {
      const { store } = stage.open();
      const account = fresh();
      await store.save(pair(1), account, undefined);
      await stage.admin.query(`DELETE FROM ${stage.table} WHERE account = $1`, [account]);
      const error = await thrown(store.save(pair(2), account, pair(1)));
      expect(error).toBeInstanceOf(TokenStoreConflict);
      expect(error.message).toBe(
        'The row of the token set that this save replaces has been deleted: it is not written anew.',
      );
      expect(await store.load(account)).toBeUndefined();
      // Nor where the row is still there, for the record of the lock.
      await store.lock(account, async (_lost, record) => record.write('noted'), never());
      await expect(store.save(pair(2), account, pair(1))).rejects.toThrow(TokenStoreConflict);
      await store.save(pair(2), account, undefined);
      expect(await store.load(account)).toEqual(pair(2));
    });

    test('a row that is deleted between the look at it and the write is not written anew', async () => {
      const { store } = stage.open();
      const account = fresh();
      await store.save(pair(1), account, undefined);
      const deleting = await stage.admin.connect();
      await deleting.query('BEGIN');
      await deleting.query(`DELETE FROM ${stage.table} WHERE account = $1`, [account]);
      // It sees the row, and its write waits for the end of the deletion.
      const saving = thrown(store.save(pair(2), account, pair(1)));
      await stage.waiting();
      await deleting.query('COMMIT');
      deleting.release();
      expect(await saving).toBeInstanceOf(TokenStoreConflict);
      expect(await store.load(account)).toBeUndefined();
    });

    test('sets without a refresh token follow each other', async () => {
      const { store } = stage.open();
      const account = fresh();
      const sets = [{ refresh_token: null }, {}, { refresh_token: '' }].map(
        (more, n) => ({ access_token: `a-${n}`, ...more }) as TokenSet,
      );
      let previous: TokenSet | undefined;
      for (const set of sets) {
        await store.save(set, account, previous);
        previous = await store.load(account);
      }
      await expect(store.save(pair(2), account, pair(1))).rejects.toThrow(TokenStoreConflict);
      await store.save(pair(2), account, previous);
    });

    test('of many saves over the same set one counts', async () => {
      const processes = Array.from({ length: 10 }, () => stage.open({ max: 1 }));
      for (const previous of [undefined, pair(0)]) {
        const account = fresh();
        if (previous) await processes[0]!.store.save(previous, account, undefined);
        const saves = processes.map(({ store }, n) => store.save(pair(n + 1), account, previous));
        const outcomes = await Promise.allSettled(saves);
        const won = outcomes.flatMap(({ status }, n) => (status === 'fulfilled' ? [n + 1] : []));
        expect(won).toHaveLength(1);
        expect(await processes[0]!.store.load(account)).toEqual(pair(won[0]!));
      }
    });

    test('a save is on disk when it resolves, also where commits are confirmed before they are', async () => {
      const table = own('durable');
      await stage.admin.query(
        `${postgresSchema(table)}; ALTER TABLE ${table} ADD confirmed text DEFAULT current_setting('synchronous_commit')`,
      );
      const opened = stage.open({ options: '-c synchronous_commit=off' }, { table });
      await opened.store.save(pair(1), 'without a lock', undefined);
      const underLock = async () => {
        // The second one in a transaction that was chained to the first.
        await opened.store.load('under a lock');
        await opened.store.save(pair(1), 'under a lock', undefined);
      };
      await opened.store.lock('under a lock', underLock, never());
      const { rows } = await stage.admin.query(`SELECT DISTINCT confirmed FROM ${table}`);
      expect(rows).toEqual([{ confirmed: 'on' }]);
      await stage.admin.query(`DROP TABLE ${table}`);
    });

    test('the accounts that have tokens are listed', async () => {
      const opened = stage.open();
      const accounts = [fresh(), fresh()];
      for (const account of accounts) await opened.store.save(pair(1), account, undefined);
      const locked = fresh();
      await opened.store.lock(locked, async (_lost, record) => record.write('noted'), never());
      const listed = await (opened.store as ListingStore).accounts!();
      expect(listed).toEqual(expect.arrayContaining(accounts));
      expect(listed).not.toContain(locked);
    });

    test('remove forgets the tokens and the record', async () => {
      const opened = stage.open();
      const account = fresh();
      const held = await stage.hold(opened, account);
      await opened.store.save(pair(1), account, undefined);
      await held.record.write('0a1b2c3d spent');
      await opened.store.remove(account);
      expect(await held.record.read()).toBeUndefined();
      await held.leave();
      expect(await opened.store.load(account)).toBeUndefined();
    });
  });

  describe('errors', () => {
    test('hold no token, whatever the server says', async () => {
      const [table, complain] = [own('guarded'), own('complain')];
      const opened = stage.open({}, { table });
      await stage.admin.query(`${postgresSchema(table)};
        ALTER TABLE ${table} ADD CHECK (tokens->>'note' IS DISTINCT FROM 'refused');
        CREATE FUNCTION ${complain}() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN IF NEW.tokens->>'note' = 'raised' THEN RAISE EXCEPTION 'no %', NEW.tokens; END IF; RETURN NEW; END $$;
        CREATE TRIGGER complain BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION ${complain}()`);
      for (const [note, code] of [
        ['refused', '23514'],
        ['raised', 'P0001'],
      ]) {
        const error = await thrown(opened.store.save(pair('secret', { note }), 'x', undefined));
        expect(error.cause).toMatchObject({ code });
        expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('secret');
      }
      expect(checkedOut(opened)).toBe(0);
      await stage.admin.query(`DROP TABLE ${table}; DROP FUNCTION ${complain}`);
    });

    test('of the driver and of the administrator are the cause', async () => {
      const nobody = stage.open({ connectionString: 'postgres://postgres@127.0.0.1:1/postgres' });
      const refused = await thrown(nobody.store.load('x'));
      expect(refused.message).toBe('The connection to PostgreSQL failed: connect ECONNREFUSED 127.0.0.1:1');
      expect(refused.cause).toMatchObject({ code: 'ECONNREFUSED' });

      const opened = stage.open({ max: 1, statement_timeout: 100 });
      const blocker = await stage.admin.connect();
      await blocker.query(`BEGIN; LOCK TABLE ${stage.table}`);
      const cancelled = await thrown(opened.store.load('x'));
      await blocker.query('ROLLBACK');
      blocker.release();
      expect(cancelled.cause).toMatchObject({ code: '57014' });
      expect(await opened.store.load('x')).toBeUndefined();
    });
  });

  test('nothing is left in a connection that others use next', async () => {
    const names = ['idle_in_transaction_session_timeout', 'tcp_keepalives_idle', 'tcp_user_timeout'];
    names.push('synchronous_commit', 'default_transaction_isolation');
    const options = '-c idle_in_transaction_session_timeout=150 -c synchronous_commit=off';
    const opened = stage.open({
      max: 1,
      options: `${options} -c default_transaction_isolation=serializable`,
    });
    const show = async () => {
      const ask = names.map((name) => `current_setting('${name}') AS ${name}`).join();
      return (await opened.pool.query(`SELECT ${ask}, pg_backend_pid()`)).rows;
    };
    const before = await show();
    const account = fresh();
    const held = await stage.hold(opened, account);
    // Longer than the server would let a transaction idle.
    await pause(400);
    expect(held.lost.aborted).toBe(false);
    await opened.store.save(pair(1), account, undefined);
    await pause(200);
    await held.leave();
    expect(await show()).toEqual(before);
    expect(await stage.holders(account)).toEqual([]);
  });

  describe('pools', () => {
    test('of one connection: a renewal needs no second one, and accounts take turns', async () => {
      const opened = stage.open({ max: 1 });
      const accounts = Array.from({ length: 5 }, fresh);
      await Promise.all(accounts.flatMap((account) => [renew(opened, account), renew(opened, account)]));
      for (const account of accounts) expect(await opened.store.load(account)).toEqual(pair(2, { count: 2 }));
    });

    test.each([
      [5, undefined, 2],
      [5, 5, 5],
      [10, undefined, 5],
      [10, 10, 10],
    ])(
      'of %i, 20 accounts at once, lockConnections %s: %i renew at a time, and all are done',
      async (max, lockConnections, most) => {
        const opened = stage.open({ max }, lockConnections === undefined ? {} : { lockConnections });
        const accounts = Array.from({ length: 20 }, fresh);
        let [inside, seen] = [0, 0];
        let full = () => {};
        const crowd = new Promise<void>((resolve) => (full = resolve));
        const during = async () => {
          seen = Math.max(seen, ++inside);
          if (inside === most) full();
          await crowd;
          // In the midst of it others are served, where a connection is left.
          if (most < max) await opened.store.load(fresh());
          inside--;
        };
        await Promise.all(accounts.map((account) => renew(opened, account, during)));
        expect(seen).toBe(most);
        expect(checkedOut(opened)).toBe(0);
        const loaded = await Promise.all(accounts.map((account) => opened.store.load(account)));
        expect(loaded).toEqual(accounts.map(() => pair(1, { count: 1 })));
      },
    );

    test.each([2, 3, 4, 10])(
      'of %i, 12 refresh tokens whose users are not known yet are redeemed and saved, at once and in two processes',
      async (max) => {
        await stage.admin.query(`DELETE FROM ${stage.table}`); // the users of the row before have the same numbers
        const emulator = await startEmulator();
        const processes = [stage.open({ max }), stage.open({ max })];
        const unsaved: unknown[] = [];
        const attached = processes.map(({ store }) => {
          const client = axios.create({ baseURL: emulator.url });
          const procore = createAttach(systemEnv, {})(client, {
            clientId: emulator.clientId,
            clientSecret: emulator.clientSecret,
            environment: emulator.environment,
            store,
            account: accountBySubject,
            legacy: { takeOverRefresh: true },
            renewal: { storeTimeoutMs: 30_000 },
          });
          procore.on('token-save-failed', (event) => void unsaved.push(event));
          return { client, procore };
        });
        const users = Array.from({ length: 12 }, (_, index) => index + 1);
        const answers = await Promise.all(
          users.flatMap((userId) => {
            const form = new URLSearchParams({
              grant_type: 'refresh_token',
              client_id: emulator.clientId,
              client_secret: emulator.clientSecret,
              refresh_token: emulator.issue({ userId }).refresh_token!,
            });
            return attached.map(({ client }) => client.post<TokenSet>('/oauth/token', form));
          }),
        );
        const saved = await Promise.all(users.map((user) => processes[0]!.store.load(String(user))));
        expect(unsaved).toEqual([]);
        expect(emulator.counters).toMatchObject({ exchanges: 12, spentPresentations: 0 });
        expect(answers.map(({ data }) => data.refresh_token)).toEqual(
          saved.flatMap((set) => [set?.refresh_token, set?.refresh_token]),
        );
        await Promise.all(attached.map(({ procore }) => procore.idle()));
        attached.forEach(({ procore }) => procore.detach());
        await emulator.close();
      },
    );

    test('a wait for the lock keeps no connection', async () => {
      const [holder, other] = [stage.open(), stage.open({ max: 1 })];
      const account = fresh();
      const held = await stage.hold(holder, account);
      const waiting = renew(other, account);
      for (let times = 0; times < 20; times++) {
        await other.store.load(fresh());
        await pause(10);
      }
      await held.leave();
      await waiting;
    });

    test('no connection is held while no token is renewed', async () => {
      const opened = stage.open();
      const account = fresh();
      await renew(opened, account);
      const held = await stage.hold(opened, account);
      expect(checkedOut(opened)).toBe(1);
      await opened.store.load(account);
      await held.record.write('0a1b2c3d presented');
      expect([checkedOut(opened), opened.pool.totalCount]).toEqual([1, 1]);
      await held.leave();
      expect(checkedOut(opened)).toBe(0);
    });
  });

  describe('an abort of the wait', () => {
    test.each<[string, pg.PoolConfig]>([
      ['for the lock', {}],
      ['for a place among the renewals', { max: 2 }],
      ['for a connection', { max: 1 }],
    ])('%s leaves nothing behind', async (what, config) => {
      const opened = stage.open(config);
      const holder = what === 'for the lock' ? stage.open() : opened;
      const account = fresh();
      const occupied = what === 'for a connection' ? await opened.pool.connect() : undefined;
      const held = occupied ? undefined : await stage.hold(holder, account);
      const before = checkedOut(opened);
      const wait = new AbortController();
      let called = false;
      const waits = [1, 2, 3].map(() =>
        thrown(opened.store.lock(account, async () => void (called = true), wait.signal)),
      );
      await pause(100);
      const reason = new Error('given up');
      wait.abort(reason);
      for (const error of await Promise.all(waits)) expect(error).toBe(reason);
      // A connection that was still being opened comes once it is there, and goes back at once.
      await expect.poll(() => checkedOut(opened)).toBe(before);
      await held?.leave();
      occupied?.release();
      // Whatever had asked the pool for a connection has been served and has given it back.
      await opened.store.load(account);
      expect([checkedOut(opened), opened.pool.waitingCount, called]).toEqual([0, 0, false]);
      expect(await stage.holders(account)).toEqual([]);
      await renew(opened, account);
    });

    test('that has come before is answered without a connection', async () => {
      const opened = stage.open();
      const reason = new Error('given up');
      const locking = opened.store.lock(fresh(), async () => {}, AbortSignal.abort(reason));
      expect(await thrown(locking)).toBe(reason);
      expect(opened.pool.totalCount).toBe(0);
    });
  });

  test('a server that is restarted: the lock is lost, the save rejects, and later operations work', async ({
    skip,
  }) => {
    if (!server!.restart) return skip('the server at DATABASE_URL is somebody else’s');
    const [opened, other] = [stage.open(), stage.open()];
    const account = fresh();
    await opened.store.save(pair(1), account, undefined);
    const held = await stage.hold(opened, account);
    await held.record.write('0a1b2c3d presented');
    const restarting = server!.restart();
    if (!held.lost.aborted) await once(held.lost, 'abort');
    expect(held.lost.reason).toMatchObject({ cause: { code: '57P01' } });
    expect(await thrown(opened.store.save(pair(2), account, pair(1)))).toHaveProperty('cause.code');
    await restarting;
    const next = await stage.hold(other, account);
    expect(await next.record.read()).toBe('0a1b2c3d presented');
    await opened.store.save(pair(2), account, pair(1));
    await expect(held.record.write(undefined)).rejects.toThrow();
    await held.leave();
    expect(await other.store.load(account)).toEqual(pair(2));
    await next.leave();
  });

  test('a replica is refused: its reads lag, and its locks do not exclude those of the primary', async ({
    skip,
  }) => {
    if (!server!.restart) return skip('the server at DATABASE_URL is somebody else’s');
    await server!.restart('replica');
    const { store } = stage.open();
    const refused = [store.load('x'), store.lock('x', async () => {}, never())].map(thrown);
    for (const error of await Promise.all(refused))
      expect(error.message).toBe(
        'PostgreSQL refused a statement (0A000): cannot set transaction read-write mode during recovery',
      );
    await server!.restart();
    expect(await store.load('x')).toBeUndefined();
  });

  test('two processes, 100 calls each on an expired token: one exchange, nothing spent twice', async () => {
    const { emulator, expired } = await startWithExpiredPair({ familyRevocation: true });
    const account = fresh();
    const processes = [1, 2].map(() => stage.open({ max: 2 }));
    const stored = { ...expired, note: 'mine' };
    await processes[0]!.store.save(stored, account, undefined);
    const attached = processes.map(({ store }) => {
      const api = axios.create({ baseURL: emulator.url, proxy: false });
      const procore = createAttach(systemEnv, {})(api, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        companyId: '42',
        account,
        store,
      });
      return { api, procore };
    });
    const calls = attached.flatMap(({ api }) =>
      Array.from({ length: 100 }, () => api.get('/rest/v1.0/projects')),
    );
    expect((await Promise.all(calls)).every(({ status }) => status === 200)).toBe(true);
    await Promise.all(attached.map(({ procore }) => procore.idle()));
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
    expect(processes.map(checkedOut)).toEqual([0, 0]);
    expect(await processes[0]!.store.load(account)).toMatchObject({ note: 'mine' });
    await emulator.close();
  });
});

describe.skipIf(!pooler)('notices over PgBouncer in transaction mode', () => {
  test('are not listened to, with one warning, and nothing is left in the server', async () => {
    const stage = await createStage(pooler!.url, server!.url, own('tokens_of_listeners'));
    const warned: (string | undefined)[] = [];
    const hear = ({ code }: Error & { code?: string }) => void warned.push(code);
    process.on('warning', hear);
    const { store } = stage.open();
    const end = store.notices!.listen(async () => undefined);
    while (warned.length === 0) await pause(10);
    // In this time the connection would have been made anew.
    await pause(1_500);
    end();
    // Somebody else listens, after the last one has left.
    const endAgain = store.notices!.listen(async () => undefined);
    await pause(500);
    endAgain();
    process.off('warning', hear);
    expect(warned).toEqual(['notices']);
    expect(await store.notices!.isHeard()).toBe(false);
    await stage.clear();
    await stage.close();
  });
});

describe.skipIf(!server)('notices of a pool of one connection', () => {
  test('are heard while the pool is in use, and end with the pool', async () => {
    const stage = await createStage(server!.url, server!.url, own('tokens_of_one'));
    const [listener, holder] = [stage.open({ max: 1 }), stage.open({ max: 1 })];
    listener.store.notices!.listen(async () => undefined);
    while (!(await holder.store.notices!.isHeard())) await pause(10);
    await Promise.all([1, 2, 3].map((n) => listener.store.save(pair(n), fresh(), undefined)));
    const held = await stage.hold(holder, 'account');
    const announced = (await holder.store.notices!.announce('account', 60_000, never()))!;
    await announced.finished;
    await announced.over();
    await held.leave();
    await listener.pool.end();
    while (await holder.store.notices!.isHeard()) await pause(10);
    await stage.admin.query(`DROP TABLE ${stage.table}`);
    await holder.pool.end();
    await stage.admin.end();
  });

  test('keep nothing in the table of locks once a renewal is over, however many there are', async () => {
    const stage = await createStage(server!.url, server!.url, own('tokens_of_many'));
    const [listener, holder] = [stage.open(), stage.open({ max: 1 })];
    let release = () => {};
    const calls = new Promise<void>((resolve) => (release = resolve));
    const end = listener.store.notices!.listen(({ account }) =>
      account === 'slow' ? calls : Promise.resolve(),
    );
    while (!(await holder.store.notices!.isHeard())) await pause(10);
    const locks = async () => {
      const { rows } = await stage.admin.query<{ count: string }>(
        `SELECT count(*)::text AS count FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2
           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      );
      return Number(rows[0]!.count);
    };
    const before = await locks();
    for (let n = 0; n < 20; n++) {
      const announced = (await holder.store.notices!.announce(`account ${n}`, 60_000, never()))!;
      await announced.finished;
      await announced.over();
    }
    // It is over before the calls of the listener have finished.
    const slow = (await holder.store.notices!.announce('slow', 50, never()))!;
    await slow.finished;
    await slow.over();
    const last = (await holder.store.notices!.announce('last', 60_000, never()))!;
    await last.finished;
    release();
    await last.over();
    while ((await locks()) > before) await pause(10);
    end();
    await stage.clear();
    await stage.close();
  });

  test('are heard over a connection that neither end keeps where the other has vanished', async () => {
    const stage = await createStage(server!.url, server!.url, own('tokens_of_vanished'));
    const clients: pg.Client[] = [];
    const kept: unknown[] = [];
    const pool = new pg.Pool({ connectionString: server!.url });
    (pool as unknown as { Client: unknown }).Client = class extends pg.Client {
      constructor(config?: pg.ClientConfig) {
        super(config);
        const { stream } = (this as unknown as { connection: { stream: Socket } }).connection;
        stream.setKeepAlive = (...how: unknown[]) => (kept.push(how), stream);
        clients.push(this);
      }
    };
    const { notices } = postgresTokenStore(pool, { table: stage.table });
    const end = notices!.listen(async () => undefined);
    while (!(await stage.open().store.notices!.isHeard())) await pause(10);
    const { rows } = await clients[0]!.query(
      `SELECT name, setting FROM pg_settings WHERE name LIKE 'tcp\\_%' ORDER BY name`,
    );
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      tcp_keepalives_count: '3',
      tcp_keepalives_idle: '10',
      tcp_keepalives_interval: '5',
      tcp_user_timeout: '25000',
    });
    expect(kept).toEqual([[true, 10_000]]);
    end();
    await pool.end();
    await stage.clear();
    await stage.close();
  });

  test('are answered one after another, because a connection of pg takes one query at a time', async () => {
    const stage = await createStage(server!.url, server!.url, own('tokens_in_turn'));
    let most = 0;
    const pool = new pg.Pool({ connectionString: server!.url });
    (pool as unknown as { Client: unknown }).Client = class extends pg.Client {
      running = 0;
      // @ts-expect-error Its overloads take callbacks as well, which the store does not use.
      override query(...query: [string, unknown[]?]): Promise<pg.QueryResult> {
        most = Math.max(most, ++this.running);
        return super.query(...query).finally(() => this.running--);
      }
    };
    const end = postgresTokenStore(pool, { table: stage.table }).notices!.listen(async () => undefined);
    const { notices } = stage.open({ max: 10 }).store;
    while (!(await notices!.isHeard())) await pause(10);
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const announced = (await notices!.announce(`account ${n}`, 60_000, never()))!;
        await announced.finished;
        await announced.over();
      }),
    );
    expect(most).toBe(1);
    end();
    await pool.end();
    await stage.clear();
    await stage.close();
  });

  test('are neither sent nor failed for an account whose name is too long for them', async () => {
    const stage = await createStage(server!.url, server!.url, own('tokens_of_long_names'));
    const [listener, holder] = [stage.open(), stage.open()];
    const end = listener.store.notices!.listen(async () => undefined);
    while (!(await holder.store.notices!.isHeard())) await pause(10);
    expect(await holder.store.notices!.announce('x'.repeat(8_000), 60_000, never())).toBeUndefined();
    end();
    await stage.clear();
    await stage.close();
  });
});

describe.each(places)('the lock, over %s', (place, url) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await createStage(
      url,
      server!.url,
      own(place === 'PostgreSQL' ? 'locked' : 'locked_behind_pooler'),
    );
  });
  afterEach(() => stage.clear());
  afterAll(() => stage?.close());

  test('eight contenders in four processes: every round counts once', async () => {
    const account = fresh();
    const rounds = 10;
    const workers = await Promise.all(Array.from({ length: 4 }, () => stage.fork(account, 'count', rounds)));
    await Promise.all(workers.map((worker) => worker.begin()));
    const { store } = stage.open();
    expect(await store.load(account)).toEqual(pair(8 * rounds, { count: 8 * rounds }));
  });

  test('a killed holder lets the next one in, with no lease to wait for', async () => {
    const account = fresh();
    const worker = await stage.fork(account, 'hold');
    expect(await worker.begin()).toBe('held');
    const next = stage.hold(stage.open(), account);
    await pause(300);
    worker.kill();
    const held = await next;
    await held.leave();
  });

  test('a stopped holder lets the next one in, and is told when it goes on', async () => {
    const account = fresh();
    const worker = await stage.fork(account, 'hold');
    expect(await worker.begin()).toBe('held');
    worker.stop();
    // The kernel of the stopped process goes on answering: nothing but its silence tells.
    const held = await stage.hold(stage.open(), account);
    const lost = worker.next();
    worker.go();
    expect(await lost).toBe('lost');
    expect(await stage.holders(account)).toHaveLength(1);
    await held.leave();
  });

  test('a holder that waits for longer than the server bears silence keeps it', async () => {
    const account = fresh();
    const held = await stage.hold(stage.open(), account);
    const [holder] = await stage.holders(account);
    await pause(6_000);
    expect(held.lost.aborted).toBe(false);
    expect(await stage.holders(account)).toEqual([holder]);
    await held.leave();
  });

  test('what is saved and noted under it is there for others when that resolves', async () => {
    const opened = stage.open();
    const account = fresh();
    const held = await stage.hold(opened, account);
    const [holder] = await stage.holders(account);
    for (let n = 1; n <= 5; n++) {
      await opened.store.save(pair(n), account, n > 1 ? pair(n - 1) : undefined);
      await held.record.write(`0a1b2c3d ${n}`);
      // Others are busy meanwhile: a pooler that could would use the holder's session for them.
      await Promise.all(Array.from({ length: 5 }, () => stage.open({ max: 1 }).store.load(account)));
      const { rows } = await stage.admin.query(
        `SELECT tokens, lock_record FROM ${stage.table} WHERE account = $1`,
        [account],
      );
      expect(rows).toEqual([{ tokens: pair(n), lock_record: `0a1b2c3d ${n}` }]);
      expect(await stage.holders(account)).toEqual([holder]);
    }
    // A save that is refused costs nothing but itself.
    await expect(opened.store.save(pair(9), account, pair(1))).rejects.toThrow(TokenStoreConflict);
    expect(await stage.holders(account)).toEqual([holder]);
    await held.leave();
    expect(await stage.holders(account)).toEqual([]);
    await expect(held.record.write(undefined)).rejects.toThrow('not held any more');
  });

  test('a session that is ended by the administrator: lost, the next one is in, the save still lands', async () => {
    const [opened, other] = [stage.open(), stage.open()];
    const account = fresh();
    await opened.store.save(pair(1), account, undefined);
    const held = await stage.hold(opened, account);
    await held.record.write('0a1b2c3d presented');
    const next = stage.hold(other, account);
    await stage.terminate(account);
    if (!held.lost.aborted) await once(held.lost, 'abort');
    const inside = await next;
    expect(await inside.record.read()).toBe('0a1b2c3d presented');
    await expect(held.record.write(undefined)).rejects.toThrow();
    expect(checkedOut(opened)).toBe(0);
    await opened.store.save(pair(2), account, pair(1));
    await held.leave();
    // What had been lost is not released a second time.
    expect(await stage.holders(account)).toHaveLength(1);
    expect(await other.store.load(account)).toEqual(pair(2));
    await inside.leave();
  });

  test('stands for as long as its session, and is asked there', async () => {
    const opened = stage.open();
    const account = fresh();
    const held = await stage.hold(opened, account);
    expect(await held.record.stands!()).toBe(true);
    await stage.terminate(account);
    await expect(held.record.stands!()).rejects.toThrow();
    await held.leave();
  });

  const opened = new Map<unknown, Opened>();
  const contract = storeContract({
    open() {
      const one = stage.open({ max: 4 });
      opened.set(one.store, one);
      return one.store;
    },
    breakLock: (_store, account) => stage.terminate(account),
  });
  // Who listens over a pooler hears nothing.
  const possible = contract.filter(({ needs }) => needs !== 'notices' || place === 'PostgreSQL');
  test.each(possible.map(({ name, run }) => [name, run] as const))('contract: %s', async (_name, run) => {
    await run();
    expect([...opened.values()].map(checkedOut).filter((out) => out !== 0)).toEqual([]);
    opened.clear();
  });
});
