import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { systemEnv } from '../../src/time/env.js';
import type { ProcoreEvents } from '../../src/observe/events.js';
import { loadKernelLocks } from '../../src/store/file/kernel.js';
import { placeInFolder } from '../../src/store/file/place.js';
import { createFileStore } from '../../src/store/file/store.js';
import { postgresSchema, postgresTokenStore } from '../../src/store/postgres.js';
import { redisTokenStore } from '../../src/store/redis.js';
import type { TokenStore } from '../../src/store/store.js';
import { systemFailure, watchedFs } from '../process/support/file-calls.js';
import { caught } from '../support/caught.js';
import { startWithAgedPair } from '../support/expired-pair.js';
import { startPostgres } from './support/postgres-server.js';
import { startOwnRedis } from './support/redis-server.js';

const [postgres, redis] = [await startPostgres(), await startOwnRedis()];
afterAll(() => Promise.all([postgres?.stop(), redis?.stop()]));

interface Place {
  readonly store: TokenStore;
  /** From now on nothing can be written to it. */
  spoil(): Promise<unknown>;
  mend(): Promise<unknown>;
}

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

let number = 0;

/** A table of its own, and a role that may use it as the docs say. */
async function inPostgres(spoil: (table: string, role: string) => [spoil: string, mend: string]) {
  const names = `unwritable_${process.pid}_${number++}`;
  const [table, role] = [`${names}_table`, `${names}_role`];
  const admin = new pg.Pool({ connectionString: postgres!.url, max: 1 });
  const pool = new pg.Pool({ connectionString: postgres!.url, max: 2, options: `-c role=${role}` });
  await admin.query(`${postgresSchema(table)};
    CREATE ROLE ${role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${role}`);
  ends.push(
    () => admin.end(),
    () => admin.query(`DROP TABLE ${table} CASCADE; DROP ROLE ${role}`),
    () => pool.end(),
  );
  const [spoiling, mending] = spoil(table, role);
  return {
    store: postgresTokenStore(pool, { table }),
    spoil: () => admin.query(spoiling),
    mend: () => admin.query(mending),
  };
}

async function inRedis(
  spoil: (admin: Redis) => [spoil: () => Promise<unknown>, mend: () => Promise<unknown>],
) {
  const client = new Redis(redis!.url);
  const prefix = `unwritable-${number++}:`;
  const [spoiling, mending] = spoil(client);
  ends.push(
    () => client.disconnect(),
    () => mending(),
  );
  return { store: redisTokenStore(client, { prefix }), spoil: spoiling, mend: mending };
}

async function inFiles(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'axios-procore-unwritable-'));
  ends.push(() => rmSync(directory, { recursive: true, force: true }));
  let isFull = false;
  // What is written in place has room.
  const fs = watchedFs((call) => {
    if (isFull && call === 'file.writeFile') throw systemFailure('ENOSPC');
  });
  return {
    store: createFileStore({ place: placeInFolder(directory), kernel: loadKernelLocks(), fs }),
    spoil: async () => (isFull = true),
    mend: async () => (isFull = false),
  };
}

const places: [string, boolean, () => Promise<Place>][] = [
  [
    'a table that its role may only read',
    postgres !== undefined,
    () =>
      inPostgres((table, role) => [
        `REVOKE INSERT, UPDATE ON ${table} FROM ${role}`,
        `GRANT INSERT, UPDATE ON ${table} TO ${role}`,
      ]),
  ],
  [
    'a table in which the role may write all but tokens',
    postgres !== undefined,
    () =>
      inPostgres((table, role) => [
        `REVOKE UPDATE ON ${table} FROM ${role}; GRANT UPDATE (lock_record) ON ${table} TO ${role}`,
        `GRANT UPDATE ON ${table} TO ${role}`,
      ]),
  ],
  [
    'a Redis that is full',
    redis !== undefined,
    () =>
      inRedis((admin) => [
        () => admin.config('SET', 'maxmemory', '1'),
        () => admin.config('SET', 'maxmemory', '0'),
      ]),
  ],
  [
    'a Redis that has become a replica',
    redis !== undefined,
    () =>
      inRedis((admin) => [
        () => admin.call('REPLICAOF', '127.0.0.1', '1'),
        () => admin.call('REPLICAOF', 'NO', 'ONE'),
      ]),
  ],
  ['a disk that is full', loadKernelLocks() !== undefined, inFiles],
];

const lifeMs = 5_400_000;
const silent = () => undefined;

async function start(agoMs: number, open: () => Promise<Place>) {
  const place = await open();
  const { emulator, aged } = await startWithAgedPair(agoMs);
  ends.push(() => emulator.close());
  await place.store.save(aged, 'default', undefined);
  const api = axios.create({ baseURL: emulator.url, proxy: false });
  const procore = createAttach(systemEnv, {})(api, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    companyId: '42',
    store: place.store,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    renewal: { timeoutMs: 700 },
  });
  const failures: ProcoreEvents['token-renewal-failed'][] = [];
  procore.on('token-renewal-failed', (failure) => void failures.push(failure));
  return { ...place, aged, emulator, procore, failures, call: () => api.get('/rest/v1.0/me') };
}

describe.each(places)('%s', (_name, isThere, open) => {
  test.skipIf(!isThere)(
    'costs nothing while the access token works: nothing is redeemed, and it is told',
    async () => {
      const { call, spoil, emulator, procore, failures } = await start(lifeMs - 60_000, open);
      await spoil();
      for (let calls = 0; calls < 3; calls++) expect((await call()).status).toBe(200);
      await procore.idle();
      expect(emulator.counters).toMatchObject({ tokenRequests: 0, unauthorized: 0 });
      expect(failures.map(({ code }) => code)).toEqual(['ERR_PROCORE_TOKEN_STORE_FAILED']);
    },
  );

  test.skipIf(!isThere)(
    'costs calls but no tokens when it has expired, and all goes on by itself afterwards',
    async () => {
      const { call, spoil, mend, emulator, procore, store, aged } = await start(lifeMs + 60_000, open);
      await spoil();
      const error = await caught(call());
      expect(error['procore']).toMatchObject({ kind: 'token-store-failed' });
      await procore.idle();
      expect(emulator.counters.tokenRequests).toBe(0);
      await mend();
      expect(await store.load('default')).toMatchObject({ refresh_token: aged.refresh_token });
      expect((await call()).status).toBe(200);
      expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
      expect((await store.load('default'))?.refresh_token).not.toBe(aged.refresh_token);
    },
  );
});
