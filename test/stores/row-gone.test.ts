import { randomUUID } from 'node:crypto';
import axios from 'axios';
import { afterAll, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { startEmulator } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/time/env.js';
import type { ProcoreEvents } from '../../src/observe/events.js';
import { keysOf } from '../../src/store/redis/keys.js';
import { redisTokenStore, type RedisTokenStoreOptions } from '../../src/store/redis.js';
import type { TokenStore } from '../../src/store/store.js';
import { startPostgres } from './support/postgres-server.js';
import { createStage } from './support/postgres-stage.js';
import { libraries, type Library } from './support/redis-clients.js';
import { startRedis } from './support/redis-server.js';

const redis = await startRedis();
const postgres = await startPostgres();
const stage = postgres && (await createStage(postgres.url, postgres.url, `rows_gone_${process.pid}`));
afterAll(async () => {
  await stage?.close();
  await Promise.all([redis?.stop(), postgres?.stop()]);
});

const account = 'default';

/** A store on a real server, and how somebody else deletes the account's tokens there. */
interface Place {
  readonly store: TokenStore;
  deleteRow(): Promise<unknown>;
  close(): void;
}

async function onRedis(library: Library, options: RedisTokenStoreOptions): Promise<Place> {
  const prefix = `axios-procore-test:${randomUUID()}:`;
  const { client, command, close } = await libraries[library](redis!.url);
  return {
    store: redisTokenStore(client, { prefix, ...options }),
    deleteRow: () => command('DEL', keysOf(prefix, account).tokens),
    close,
  };
}

async function onPostgres(): Promise<Place> {
  return {
    store: stage!.open().store,
    deleteRow: () => stage!.admin.query(`DELETE FROM ${stage!.table} WHERE account = $1`, [account]),
    close: () => {},
  };
}

const moments = ['while the token endpoint answers', 'between the last look at it and the save'] as const;

/** A renewal in the middle of which the row goes. */
async function renewWhileRowGoes({ store, deleteRow, close }: Place, moment: (typeof moments)[number]) {
  const emulator = await startEmulator();
  await store.save(emulator.issue(), account, undefined);
  let deletions = 0;
  const watched: TokenStore = {
    ...store,
    async save(...args) {
      if (moment === moments[1] && deletions++ === 0) await deleteRow();
      return store.save(...args);
    },
  };
  const api = axios.create({ baseURL: emulator.url, proxy: false });
  const procore = createAttach(systemEnv, {})(api, {
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
    companyId: '42',
    store: watched,
  });
  const told: string[] = [];
  for (const event of ['token-renewed', 'token-save-failed'] as (keyof ProcoreEvents)[])
    procore.on(event, () => void told.push(event));
  await api.get('/rest/v1.0/me');
  const held =
    moment === moments[0]
      ? emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } })
      : undefined;
  const renewing = procore.renew();
  if (held) {
    await held.struck();
    await deleteRow();
    held.release();
  }
  const pair = await renewing;
  const { status } = await api.get('/rest/v1.0/me');
  const result = {
    told,
    status,
    isStored: (await store.load(account))?.refresh_token === pair.refresh_token,
    isUnsaved: procore.unsavedTokens()?.refresh_token === pair.refresh_token,
    presentations: emulator.counters.tokenRequests,
  };
  // No late save is left to run on.
  await procore.revoke();
  procore.detach();
  close();
  await emulator.close();
  return result;
}

const keptInMemory = {
  told: ['token-renewed', 'token-save-failed'],
  status: 200,
  isStored: false,
  isUnsaved: true,
  presentations: 1,
};
const savedAnew = {
  told: ['token-renewed'],
  status: 200,
  isStored: true,
  isUnsaved: false,
  presentations: 1,
};

describe.skipIf(!redis).each<Library>(['ioredis', 'redis'])('in Redis, over %s', (library) => {
  test.each(moments)('a key that is deleted %s is not written anew', async (moment) => {
    expect(await renewWhileRowGoes(await onRedis(library, {}), moment)).toEqual(keptInMemory);
  });

  test.each(moments)('with rowsMayVanish a key that is evicted %s is written anew', async (moment) => {
    const place = await onRedis(library, { rowsMayVanish: true });
    expect(place.store.rowsMayVanish).toBe(true);
    expect(await renewWhileRowGoes(place, moment)).toEqual(savedAnew);
  });
});

describe.skipIf(!stage)('in PostgreSQL', () => {
  test.each(moments)('a row that is deleted %s is not written anew', async (moment) => {
    expect(await renewWhileRowGoes(await onPostgres(), moment)).toEqual(keptInMemory);
  });
});
