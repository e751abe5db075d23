import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { redisTokenStore, type RedisClient } from '../../src/store/redis.js';
import type { RenewalNotice, RenewalNotices } from '../../src/store/store.js';
import { startOwnRedis, type OwnRedisServer } from './support/redis-server.js';

const longMs = 60_000;
const never = new AbortController().signal;
const quiet = () => undefined;
let server: OwnRedisServer | undefined;
let cluster: OwnRedisServer | undefined;
beforeAll(async () => {
  server = await startOwnRedis();
  cluster =
    server && (await startOwnRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1']));
  if (!cluster) return;
  const admin = new Redis(cluster.url);
  await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
  await until(async () => String(await admin.cluster('INFO')).includes('cluster_state:ok'));
  admin.disconnect();
});
afterAll(() => Promise.all([server?.stop(), cluster?.stop()]));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await sleep(10);
}

/** A client of ioredis; it connects by itself. */
function ioredis(client: Redis | Cluster): RedisClient {
  client.on('error', quiet);
  ends.push(() => client.disconnect());
  return client;
}
/** A client of redis. */
async function nodeRedis<
  C extends {
    on(event: 'error', listener: () => void): unknown;
    connect(): Promise<unknown>;
    destroy(): unknown;
  },
>(client: C): Promise<C> {
  client.on('error', quiet);
  await client.connect();
  ends.push(() => client.destroy());
  return client;
}

const clients: [string, () => RedisClient | Promise<RedisClient>][] = [
  ['ioredis', () => ioredis(new Redis(server!.url))],
  ['ioredis with numbers as strings', () => ioredis(new Redis(server!.url, { stringNumbers: true }))],
  [
    'ioredis with a prefix of its own, in another database',
    () => ioredis(new Redis(server!.url, { keyPrefix: 'app:', db: 3 })),
  ],
  [
    'ioredis that gives commands up',
    () =>
      ioredis(
        new Redis(server!.url, { maxRetriesPerRequest: 1, commandTimeout: 5_000, enableOfflineQueue: true }),
      ),
  ],
  ['a cluster of ioredis', () => ioredis(new Cluster([{ host: '127.0.0.1', port: cluster!.port }]))],
  ['redis', () => nodeRedis(createClient({ url: server!.url }))],
  ['redis with RESP 2', () => nodeRedis(createClient({ url: server!.url, RESP: 2 }))],
  ['redis with buffers', () => nodeRedis(createClient({ url: server!.url }).withTypeMapping({ 36: Buffer }))],
  ['a pool of redis', () => nodeRedis(createClientPool({ url: server!.url }))],
  ['a cluster of redis', () => nodeRedis(createCluster({ rootNodes: [{ url: cluster!.url }] }))],
];

describe.each(clients)('notices over %s', (_what, open) => {
  const prefix = `axios-procore-test:${randomUUID()}:`;
  const join = async (): Promise<RenewalNotices> => redisTokenStore(await open(), { prefix }).notices!;

  test('are heard, waited for, and over; and nobody listens afterwards', async ({ skip }) => {
    if (!server || !cluster) return skip('no server');
    const [listener, holder] = [await join(), await join()];
    expect(await holder.isHeard()).toBe(false);
    expect(await holder.announce('default', longMs, never)).toBeUndefined();
    const heard: RenewalNotice[] = [];
    let finish = () => {};
    const calls = new Promise<void>((resolve) => (finish = resolve));
    const end = listener.listen((notice) => {
      heard.push(notice);
      return calls;
    });
    ends.push(end);
    await until(() => holder.isHeard());
    const announced = (await holder.announce('default', longMs, never))!;
    let isFinished = false;
    const finished = announced.finished.then(() => (isFinished = true));
    await until(async () => heard.length > 0);
    expect(heard.map(({ account }) => account)).toEqual(['default']);
    expect(isFinished).toBe(false);
    finish();
    await finished;
    await announced.over();
    await heard[0]!.over;
    end();
    await until(async () => !(await holder.isHeard()));
  });
});

const apart: [string, () => Promise<[RedisClient, RedisClient, RedisClient]>][] = [
  [
    'ioredis with other prefixes',
    async () =>
      ['a:', 'a:', 'b:'].map((keyPrefix) => ioredis(new Redis(server!.url, { keyPrefix }))) as never,
  ],
  [
    'redis with other prefixes',
    async () =>
      Promise.all(
        ['a:', 'a:', 'b:'].map((keyPrefix) => nodeRedis(createClient({ url: server!.url, keyPrefix }))),
      ) as never,
  ],
  [
    'pools of redis with other prefixes',
    async () =>
      Promise.all(
        ['a:', 'a:', 'b:'].map((keyPrefix) => nodeRedis(createClientPool({ url: server!.url, keyPrefix }))),
      ) as never,
  ],
  [
    'a client and pools of redis in other databases',
    async () => [
      await nodeRedis(createClient({ url: `${server!.url}/3` })),
      await nodeRedis(createClientPool({ url: `${server!.url}/3` })),
      await nodeRedis(createClientPool({ url: server!.url })),
    ],
  ],
];

test.for(apart)(
  'go to those who share the keys, and to no others on the server: %s',
  async ([, open], { skip }) => {
    if (!server) return skip('no server');
    const prefix = `axios-procore-test:${randomUUID()}:`;
    const [one, other, stranger] = (await open()).map(
      (client) => redisTokenStore(client, { prefix }).notices!,
    ) as [RenewalNotices, RenewalNotices, RenewalNotices];
    ends.push(one.listen(async () => undefined));
    await until(() => other.isHeard());
    expect(await stranger.isHeard()).toBe(false);
  },
);

/** All connections of the server but that of whoever asks. */
async function connections(admin: Redis): Promise<number> {
  return (
    String(await admin.client('LIST'))
      .trim()
      .split('\n').length - 1
  );
}

describe.each<[string, () => RedisClient | Promise<RedisClient>, (client: never) => unknown]>([
  [
    'ioredis',
    () => ioredis(new Redis(server!.url, { retryStrategy: () => 50 })),
    (client: Redis) => client.quit(),
  ],
  [
    'redis',
    () => nodeRedis(createClient({ url: server!.url, socket: { reconnectStrategy: 50 } })),
    (client: { close(): unknown }) => client.close(),
  ],
  [
    'a pool of redis',
    () => nodeRedis(createClientPool({ url: server!.url }, { minimum: 1, maximum: 1 })),
    (client: { close(): unknown }) => client.close(),
  ],
])('the connection that listens, over %s', (_what, open, close) => {
  test('is there for as long as somebody listens, and ends with the client of the application', async ({
    skip,
  }) => {
    if (!server) return skip('no server');
    const admin = new Redis(server.url);
    ends.push(() => admin.disconnect());
    await until(async () => (await connections(admin)) === 0);
    const client = await open();
    const { notices } = redisTokenStore(client);
    await until(async () => (await connections(admin)) === 1);
    const enough = [notices!.listen(async () => undefined), notices!.listen(async () => undefined)];
    await until(async () => (await connections(admin)) === 2);
    enough[0]!();
    await notices!.isHeard();
    expect(await connections(admin)).toBe(2);
    enough[1]!();
    await until(async () => (await connections(admin)) === 1);
    notices!.listen(async () => undefined);
    await until(async () => (await connections(admin)) === 2);
    ends.pop();
    await close(client as never);
    await until(async () => (await connections(admin)) === 0);
  });

  test('comes back after the server was away', async ({ skip }) => {
    if (!server) return skip('no server');
    const [listener, holder] = [redisTokenStore(await open()), redisTokenStore(await open())];
    const heard: string[] = [];
    ends.push(listener.notices!.listen(async ({ account }) => void heard.push(account)));
    await until(() => holder.notices!.isHeard());
    server.signal('SIGKILL');
    await server.restart();
    await until(() => holder.notices!.isHeard());
    await (await holder.notices!.announce('default', longMs, never))!.finished;
    expect(heard).toEqual(['default']);
  });
});

test('a message has the account, and nothing of a token', async ({ skip }) => {
  if (!server) return skip('no server');
  const store = redisTokenStore(ioredis(new Redis(server.url)));
  await store.save({ access_token: 'access-1', refresh_token: 'refresh-1' }, 'default', undefined);
  const spy = new Redis(server.url);
  ends.push(() => spy.disconnect());
  const messages: string[] = [];
  spy.on('message', (_channel, message) => messages.push(message));
  await spy.subscribe('axios-procore:{notices}:0');
  const announced = (await store.notices!.announce('default', 1, never))!;
  await announced.over();
  await until(async () => messages.length === 2);
  const id = expect.stringMatching(/^[\da-f-]{36}$/) as string;
  expect(messages.map((message) => JSON.parse(message) as unknown)).toEqual([
    { from: id, id, account: 'default', kind: 'begins' },
    { from: id, id, account: 'default', kind: 'over' },
  ]);
});

test('somebody who listens to every channel to look on is not waited for', async ({ skip }) => {
  if (!server) return skip('no server');
  const spy = new Redis(server.url);
  ends.push(() => spy.disconnect());
  await spy.psubscribe('*');
  const { notices } = redisTokenStore(ioredis(new Redis(server.url)));
  expect(await notices!.isHeard()).toBe(false);
  expect(await notices!.announce('default', longMs, never)).toBeUndefined();
});
