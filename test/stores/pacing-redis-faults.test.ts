import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createSentinel } from 'redis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { redisPacing, type Reply, type SharedPacing } from '../../src/pacing/redis.js';
import { keysOf } from '../../src/pacing/redis/keys.js';
import type { RedisClient } from '../../src/store/redis.js';
import { caught } from '../support/caught.js';
import { question, scope, watchRejections } from './support/pacing-questions.js';
import { libraries, type Library } from './support/redis-clients.js';
import { openLine } from './support/redis-line.js';
import { startWatchedRedis } from './support/redis-sentinel.js';
import { startOwnRedis } from './support/redis-server.js';

const own = await startOwnRedis();
afterAll(() => own?.stop());

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});
let rejections: ReturnType<typeof watchRejections>;
beforeAll(() => (rejections = watchRejections()));
afterAll(() => {
  rejections.stop();
  expect(rejections.seen).toEqual([]);
});

async function open(library: Library, url: string) {
  const opened = await libraries[library](url);
  ends.push(opened.close);
  return { ...opened, pacing: redisPacing(opened.client) };
}

/** Puts the same question again until it is answered, as a process does that waits for each answer for a moment only. */
async function persist(pacing: SharedPacing, asked = question('a', 1)): Promise<Reply> {
  for (;;) {
    const reply = await Promise.race([
      pacing.ask(scope, asked).catch(() => undefined),
      sleep(500, undefined, { ref: false }),
    ]);
    if (reply) return reply;
    await sleep(50);
  }
}

const isSettled = async (work: Promise<unknown>) => {
  const pending = {};
  const first = await Promise.race([work.catch(() => undefined), sleep(100, pending)]);
  return first !== pending;
};

describe.runIf(own).each<Library>(['ioredis', 'redis'])('over %s, a server that', (library) => {
  test('is killed and comes back empty is asked again, and names another state', async () => {
    const { pacing } = await open(library, own!.url);
    const before = await pacing.ask(scope, question('a', 1));
    own!.signal('SIGKILL');
    const away = persist(pacing, question('a', 2));
    await own!.restart();
    const after = await away;
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.granted).toBe(1);
  });

  test('does not answer for a while: the question stays open, is sent three times at most, and is answered once', async () => {
    const line = await openLine(own!.port);
    ends.push(line.close);
    const away = await open(library, line.url);
    const here = await open(library, own!.url);
    await here.command('FLUSHALL');
    await here.command('CONFIG', 'RESETSTAT');
    line.stall(true);
    const asked = question('a', 1, { wanted: 4, waiting: 4 });
    const tries = Array.from({ length: 20 }, () => away.pacing.ask(scope, asked));
    expect(await isSettled(tries[0]!)).toBe(false);
    // Others are not held up.
    expect((await here.pacing.ask(scope, question('b', 1, { wanted: 10, waiting: 10 }))).granted).toBe(6);
    line.stall(false);
    const replies = await Promise.all(tries);
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]!.granted).toBe(4);
    const stats = String(await here.command('INFO', 'commandstats'));
    const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, count]) => Number(count));
    // Three of the one that waited, each once more with the whole text where the server did not know the script yet, and one of the other.
    expect(calls.reduce((sum, count) => sum + count)).toBeLessThanOrEqual(8);
  });

  test('has no memory left rejects, and says why', async () => {
    const full = (await startOwnRedis(['--maxmemory', '1', '--maxmemory-policy', 'noeviction']))!;
    ends.push(() => full.stop());
    const { pacing } = await open(library, full.url);
    const { message } = await caught(pacing.ask(scope, question('a', 1)));
    expect(message).toMatch(/^Redis failed at axios-procore:pacing:1:.*OOM command not allowed/);
  });

  test('is a replica rejects, and says why', async () => {
    const replica = (await startOwnRedis(['--replicaof', `127.0.0.1 ${own!.port}`]))!;
    ends.push(() => replica.stop());
    const { pacing, command } = await open(library, replica.url);
    while (!String(await command('INFO', 'replication')).includes('master_link_status:up')) await sleep(50);
    const { message } = await caught(pacing.ask('not asked before', question('a', 1)));
    expect(message).toMatch(/READONLY/);
  });

  test('takes over from one whose last answers it does not know: its members are counted as they say themselves', async () => {
    const heir = (await startOwnRedis(['--replicaof', `127.0.0.1 ${own!.port}`]))!;
    ends.push(() => heir.stop());
    const old = await open(library, own!.url);
    await old.command('FLUSHALL');
    const early = await old.pacing.ask(scope, question('a', 1, { wanted: 2, waiting: 2 }));
    await old.command('WAIT', '1', '10000');
    const next = await open(library, heir.url);
    await next.command('REPLICAOF', 'NO', 'ONE');
    const lost = await old.pacing.ask(scope, question('a', 2, { held: 2, wanted: 6, waiting: 6 }));
    expect([early.granted, lost.granted]).toEqual([2, 6]);
    // What the heir does not know of is taken off what it may grant to others.
    const told = await next.pacing.ask(scope, question('a', 3, { held: 8, wanted: 0, waiting: 0 }));
    expect(told.granted).toBe(0);
    const other = await next.pacing.ask(scope, question('b', 1, { wanted: 6, waiting: 6 }));
    expect(other.granted).toBe(2);
  });
});

describe.runIf(own)('a primary that is killed, with a sentinel', () => {
  test('clients of both libraries go on with the replica', async () => {
    const watched = (await startWatchedRedis())!;
    const { sentinelPort, name, primary } = watched;
    ends.push(() => watched.stop());
    const at = { host: '127.0.0.1', port: sentinelPort };
    const ioredis = new Redis({
      sentinels: [at],
      name,
      retryStrategy: () => 50,
      sentinelRetryStrategy: () => 50,
      maxRetriesPerRequest: null,
    });
    ioredis.on('error', () => undefined);
    const nodeRedis = createSentinel({ name, sentinelRootNodes: [at] });
    nodeRedis.on('error', () => undefined);
    await nodeRedis.connect();
    ends.push(
      () => ioredis.disconnect(),
      () => nodeRedis.destroy(),
    );
    const clients: RedisClient[] = [ioredis, nodeRedis];
    const [one, two] = clients.map((client) => redisPacing(client));
    const before = await one!.ask(scope, question('a', 1, { wanted: 3, waiting: 3 }));
    const replicated = new Redis(watched.replica.url);
    ends.push(() => replicated.disconnect());
    while ((await replicated.exists(...keysOf('axios-procore:', scope))) === 0) await sleep(20);
    primary.signal('SIGKILL');
    const [mine, others] = await Promise.all([
      persist(one!, question('a', 2, { held: 3, wanted: 3, waiting: 3 })),
      persist(two!, question('b', 1, { wanted: 3, waiting: 3 })),
    ]);
    // The state lives on: what was granted before the failover is still counted.
    expect([mine.epoch, others.epoch]).toEqual([before.epoch, before.epoch]);
    expect(mine.granted + others.granted).toBe(6);
  });
});
