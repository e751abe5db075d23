import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as axiosProcore from '../../src/index.js';
import { storeContract } from '../../src/store-contract/index.js';
import { blocksOf, examplesOf, isRecipe, type Block } from '../docs/support/pages.js';
import { findingsIn } from '../docs/support/program.js';
import { runExample } from '../docs/support/run.js';
import { startPostgres } from '../stores/support/postgres-server.js';
import { client, startDynalite, startPglite, type Engine } from './support/engines.js';
import { startMongoDouble } from './support/mongo-double.js';

const server = await startPostgres();
afterAll(() => server?.stop());

const page = 'docs/store-recipes.md';
const recipes = examplesOf(page).filter(isRecipe);
const recipeFor = (name: string): Block[] => {
  const found = recipes.filter((blocks) => blocks.some(({ code }) => code.includes(`from '${name}'`)));
  expect([name, found.length]).toEqual([name, 1]);
  return found[0]!;
};
const schema = blocksOf(page).find(({ code }) => code.startsWith('CREATE TABLE procore_tokens'))!.code;

test('the recipes of docs/store-recipes.md compile under strict rules, with the types of their clients', () => {
  expect(recipes.length).toBe(5);
  expect(findingsIn(recipes, new Map(), 'test/recipes')).toEqual([]);
});

/** A recipe as it stands in the docs, and what it runs on. */
interface Run {
  name: string;
  /** The package that no other recipe imports. */
  imports: string;
  /** What the recipe finds as its imports, beside those of this package. */
  modules: () => Promise<Record<string, object>>;
  start: () => Promise<Engine>;
  /** What of the environment the recipe reads. */
  env: (engine: Engine) => Record<string, string>;
  /** The client in the recipe, and its method that closes it. */
  close: readonly [client: string, method: string];
  /** The client's method that runs a function in a transaction, where there are any. */
  transaction?: string;
}

const onPglite = {
  start: () => startPglite(schema),
  env: ({ url }: Engine) => ({ DATABASE_URL: url }),
};
const generated = './generated/prisma/client.js';
const runs: readonly Run[] = [
  {
    name: 'Knex, on PGlite,',
    imports: 'knex',
    modules: async () => ({ knex: client('knex') }),
    ...onPglite,
    close: ['db', 'destroy'],
    transaction: 'transaction',
  },
  {
    name: 'Prisma, on PGlite,',
    imports: generated,
    modules: async () => ({
      '@prisma/adapter-pg': client('@prisma/adapter-pg'),
      [generated]: (await import(/* @vite-ignore */ generated)) as object,
    }),
    ...onPglite,
    close: ['prisma', '$disconnect'],
    transaction: '$transaction',
  },
  {
    name: 'TypeORM, on PGlite,',
    imports: 'typeorm',
    modules: async () => ({ typeorm: client('typeorm') }),
    ...onPglite,
    close: ['dataSource', 'destroy'],
    transaction: 'transaction',
  },
  {
    name: 'Mongoose, on a double of MongoDB,',
    imports: 'mongoose',
    async modules() {
      const { Mongoose } = client('mongoose') as { Mongoose: new () => { Schema: unknown } };
      const mongoose = new Mongoose();
      return { mongoose: { default: mongoose, Schema: mongoose.Schema } };
    },
    start: startMongoDouble,
    env: ({ url }) => ({ MONGODB_URL: url }),
    close: ['Tokens.db', 'close'],
  },
  {
    name: 'DynamoDB, on dynalite,',
    imports: '@aws-sdk/client-dynamodb',
    modules: async () => ({
      '@aws-sdk/client-dynamodb': client('@aws-sdk/client-dynamodb'),
      '@aws-sdk/lib-dynamodb': client('@aws-sdk/lib-dynamodb'),
    }),
    start: () => startDynalite('procore', 'id'),
    env: ({ url }) => ({
      AWS_ENDPOINT_URL_DYNAMODB: url,
      AWS_REGION: 'local',
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'x',
    }),
    close: ['client', 'destroy'],
  },
];

type Client = Record<string, (work?: () => Promise<void>) => Promise<unknown>>;

/** Runs a recipe as another process would: with a client of its own. */
async function openRecipe(run: Run): Promise<{ store: axiosProcore.TokenStore; client: Client }> {
  const found = { 'axios-procore': axiosProcore, ...(await run.modules()) };
  const wanted = ['store: exports.store', `client: ${run.close[0]}`];
  const { store, client } = await runExample(recipeFor(run.imports), found, wanted);
  return { store: store as axiosProcore.TokenStore, client: client as Client };
}

describe.each(runs)('the recipe for $name', (one) => {
  const { start, env } = one;
  const clients = new Map<axiosProcore.TokenStore, Client>();
  let engine: Engine;

  async function open(): Promise<axiosProcore.TokenStore> {
    const { store, client } = await openRecipe(one);
    clients.set(store, client);
    return store;
  }
  const close = async (store: axiosProcore.TokenStore) => void (await clients.get(store)![one.close[1]]!());

  beforeAll(async () => {
    engine = await start();
    Object.assign(process.env, env(engine));
  });
  afterAll(async () => {
    for (const name of Object.keys(env(engine))) delete process.env[name];
    await engine.stop();
  });

  // None has a lock of its own.
  const contract = storeContract({ open, close }).filter(({ needs }) => needs !== 'lock');
  test.each(contract)('passes the contract: $name', ({ run }) => run());

  test('does not bring back a row that was deleted before a save', async () => {
    const store = await open();
    try {
      const first = { access_token: 'access-1', refresh_token: 'refresh-1' };
      await store.save(first, 'deleted', undefined);
      await store.remove!('deleted');
      const late = { access_token: 'access-2', refresh_token: 'refresh-2' };
      await expect(store.save(late, 'deleted', first)).rejects.toThrow(axiosProcore.TokenStoreConflict);
      expect(await store.load('deleted')).toBeNull();
    } finally {
      await close(store);
    }
  });

  test('replaces no set but the one that it was told of, and tells a conflict', async () => {
    const store = await open();
    try {
      const sets = [1, 2, 3].map((n) => ({ access_token: `access-${n}`, refresh_token: `refresh-${n}` }));
      const { refresh_token: _none, ...bare } = sets[0]!;
      for (const [n, held] of [sets[0]!, bare].entries()) {
        const account = `compared-${n}`;
        await store.save(held, account, undefined);
        for (const wrong of [sets[1]!, undefined, n === 0 ? bare : sets[0]!])
          await expect(store.save(sets[2]!, account, wrong)).rejects.toThrow(axiosProcore.TokenStoreConflict);
        expect(await store.load(account)).toEqual(held);
        await store.save(sets[2]!, account, held);
        expect(await store.load(account)).toEqual(sets[2]);
        await store.remove!(account);
      }
    } finally {
      await close(store);
    }
  });
});

describe.runIf(server)('in the transaction of a caller, on PostgreSQL,', () => {
  beforeAll(async () => {
    process.env['DATABASE_URL'] = server!.url;
    const pool = new pg.Pool({ connectionString: server!.url });
    await pool.query(schema.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
    await pool.end();
  });
  afterAll(() => {
    delete process.env['DATABASE_URL'];
  });

  test.each(runs.filter(({ transaction }) => transaction))(
    'the recipe for $imports keeps what it has saved when that is rolled back',
    async (one) => {
      const { store, client } = await openRecipe(one);
      const set = { access_token: 'access-1', refresh_token: 'refresh-1' };
      try {
        await store.remove!(one.imports);
        const rolledBack = client[one.transaction!]!(async () => {
          await store.save(set, one.imports, undefined);
          throw new Error('rolled back');
        });
        await expect(rolledBack).rejects.toThrow('rolled back');
        expect(await store.load(one.imports)).toEqual(set);
      } finally {
        await client[one.close[1]]!();
      }
    },
  );
});
