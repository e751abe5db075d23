import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import { systemEnv } from '../../src/time/env.js';
import { postgresSchema } from '../../src/store/postgres.js';
import type { TokenSet, TokenStore } from '../../src/store/store.js';
import { openStore, type StoreKind } from '../process/support/open-store.js';
import { startPostgres } from './support/postgres-server.js';
import { startRedis } from './support/redis-server.js';

const [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-revoke-'));
if (postgres) {
  const client = new pg.Client(postgres.url);
  await client.connect();
  await client.query(postgresSchema());
  await client.end();
}
afterAll(async () => {
  await Promise.all([redis?.stop(), postgres?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const places: [StoreKind, string | undefined][] = [
  ['file', folder],
  ['redis', redis?.url],
  ['postgres', postgres?.url],
];

/** An attach that shares nothing with others but the store's own server, as another process would. */
function attach(emulator: Emulator, store: TokenStore, account: string) {
  const instance = axios.create({ proxy: false });
  const { clientId, clientSecret, environment } = emulator;
  const procore = createAttach(systemEnv, {})(instance, {
    clientId,
    clientSecret,
    environment,
    store,
    account,
    retry: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  return { instance, procore };
}

describe.each(places.filter(([, at]) => at !== undefined) as [StoreKind, string][])(
  'revoke on %s',
  (kind, location) => {
    test('between the renewals of another: every pair is dead in the end, the store is empty, and can be filled again', async () => {
      const emulator = await startEmulator();
      const [mine, theirs] = await Promise.all([openStore(kind, location), openStore(kind, location)]);
      const account = `revoke-${process.pid}-${Math.random()}`;
      const issued: TokenSet[] = [];
      try {
        const one = attach(emulator, mine.store, account);
        const other = attach(emulator, theirs.store, account);
        for (let round = 0; round < 3; round++) {
          const pair = emulator.issue();
          issued.push(pair);
          await one.procore.setTokens(pair);
          await other.procore.setTokens(pair);
          const renewing = (async () => {
            for (let renewals = 0; renewals < 10; renewals++) {
              const set = await other.procore.renew().catch(() => undefined);
              if (!set) return;
              issued.push(set);
            }
          })();
          // In the middle of it, wherever that is.
          await new Promise((resolve) => setTimeout(resolve, 5 + 20 * round));
          await one.procore.revoke();
          await renewing;
          await Promise.all([one.procore.idle(), other.procore.idle()]);
          expect(await mine.store.load(account)).toBeFalsy();
          for (const set of issued) expect(emulator.isLive(set.refresh_token!)).toBe(false);
          await expect(one.procore.getAccessToken()).rejects.toMatchObject({ reason: 'no-tokens' });
        }
        expect(emulator.counters.spentPresentations).toBe(0);
        // What the lock remembers must not stand in the way of the next authorization.
        await one.procore.setTokens(emulator.issue());
        await one.procore.renew();
        expect(one.procore.status()).toMatchObject({ state: 'fresh', unsaved: false });
        await one.procore.revoke();
      } finally {
        await Promise.all([mine.close(), theirs.close(), emulator.close()]);
      }
    });
  },
);
