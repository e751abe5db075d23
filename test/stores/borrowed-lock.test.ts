import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { memoryTokenStore } from '../../src/store/memory.js';
import * as postgres from '../../src/store/postgres.js';
import * as redis from '../../src/store/redis.js';
import type { TokenStore } from '../../src/store/store.js';
import { storeContract } from '../../src/store-contract/index.js';
import { examplesOf, type Block } from '../docs/support/pages.js';
import { runExample } from '../docs/support/run.js';
import { startPostgres } from './support/postgres-server.js';
import { libraries } from './support/redis-clients.js';
import { startRedis } from './support/redis-server.js';

const [onPostgres, onRedis] = [await startPostgres(), await startRedis()];
afterAll(() => Promise.all([onPostgres?.stop(), onRedis?.stop()]));

const example = examplesOf('docs/store-recipes.md').find(([block]) =>
  block!.code.includes('...recipe, lock, renewsLock'),
)!;
/** As the docs say: "in its place". */
const withRedis = example.map((block): Block => ({
  ...block,
  code: block.code
    .replaceAll('postgresTokenStore(pool)', 'redisTokenStore(pool)')
    .replaceAll('postgres', 'redis'),
}));

/** Runs the example; `recipe` and `pool` stand for the user's own. */
async function borrow(blocks: Block[], recipe: TokenStore, pool: unknown): Promise<TokenStore> {
  const own = { recipe, pool };
  Object.assign(globalThis, own);
  try {
    const modules = { 'axios-procore/stores/postgres': postgres, 'axios-procore/stores/redis': redis };
    return (await runExample(blocks, modules, ['store: exports.store']))['store'] as TokenStore;
  } finally {
    for (const name of Object.keys(own)) delete (globalThis as Record<string, unknown>)[name];
  }
}

const recipe = memoryTokenStore();
const closings = new Map<TokenStore, () => unknown>();
const close = async (store: TokenStore) => void (await closings.get(store)!());

describe.runIf(onPostgres)(
  'a store with the lock of postgresTokenStore, as docs/store-recipes.md has it,',
  () => {
    const contract = storeContract({
      async open() {
        const pool = new pg.Pool({ connectionString: onPostgres!.url });
        await pool.query(postgres.postgresSchema());
        const store = await borrow(example, recipe, pool);
        closings.set(store, () => pool.end());
        return store;
      },
      close,
    });
    test.each(contract)('passes the contract: $name', ({ run }) => run());
  },
);

describe.runIf(onRedis)('a store with the lock of redisTokenStore, as docs/store-recipes.md has it,', () => {
  const contract = storeContract({
    async open() {
      const { client, close: disconnect } = await libraries.ioredis(onRedis!.url);
      const store = await borrow(withRedis, recipe, client);
      closings.set(store, disconnect);
      return store;
    },
    close,
  });
  test.each(contract)('passes the contract: $name', ({ run }) => run());
});

test('the contract is that of a store with a lock', async () => {
  const idle = { connect: () => Promise.reject(new Error('not reached')) };
  const store = await borrow(example, recipe, idle);
  expect([typeof store.lock, store.renewsLock, store.readsAreFresh]).toEqual(['function', true, true]);
});
