import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { createClient, createClientPool, createCluster } from 'redis';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { redisPacing, type SharedPacing } from '../../src/pacing/redis.js';
import { keysOf } from '../../src/pacing/redis/keys.js';
import type { RedisClient } from '../../src/store/redis.js';
import { read } from '../docs/support/pages.js';
import { caught } from '../support/caught.js';
import { question, scope } from './support/pacing-questions.js';
import { libraries, type Library, type OpenClient } from './support/redis-clients.js';
import { startRedisCluster } from './support/redis-cluster.js';
import { startRedis } from './support/redis-server.js';

const server = await startRedis();
const cluster = server && (await startRedisCluster());
afterAll(() => Promise.all([server?.stop(), cluster?.stop()]));

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Opened extends OpenClient {
  readonly pacing: SharedPacing;
  readonly prefix: string;
  readonly key: string;
}
/** Each under a prefix of its own: a server of the user's own may have keys of earlier runs. */
async function open(library: Library, prefix = `axios-procore-test:${randomUUID()}:`): Promise<Opened> {
  const opened = await libraries[library](server!.url);
  ends.push(async () => {
    const left = (await opened.command('KEYS', `${prefix}*`)) as string[];
    if (left.length > 0) await opened.command('DEL', ...left);
    opened.close();
  });
  return { ...opened, prefix, key: keysOf(prefix, scope)[0], pacing: redisPacing(opened.client, { prefix }) };
}

describe.runIf(server).each<Library>(['ioredis', 'redis'])('redisPacing over %s', (library) => {
  test('grants permits to the processes of a scope from one state: ten in all before the first answer', async () => {
    const { prefix, pacing } = await open(library);
    const other = await open(library, prefix);
    const first = await pacing.ask(scope, question('a', 1, { wanted: 7, waiting: 7 }));
    const second = await other.pacing.ask(scope, question('b', 1, { wanted: 7, waiting: 7 }));
    expect([first.granted, second.granted]).toEqual([7, 3]);
    expect(second.epoch).toBe(first.epoch);
    // Another scope has a limit of its own.
    const elsewhere = await pacing.ask('another', question('a', 1, { wanted: 7, waiting: 7 }));
    expect(elsewhere.granted).toBe(7);
  });

  test('keeps three keys for each scope, with the version of the script in their names, which expire by themselves', async () => {
    const { prefix, pacing, command } = await open(library);
    // The second waits: ten calls are under way.
    await pacing.ask(scope, question('a', 1, { wanted: 10, waiting: 10 }));
    await pacing.ask(scope, question('b', 1));
    const state = `${prefix}pacing:1:{login.procore.com client account "default"}`;
    const keys = (await command('KEYS', `${prefix}*`)) as string[];
    expect(keys.sort()).toEqual([state, `${state}:due`, `${state}:turns`]);
    for (const key of keys) {
      const leftMs = Number(await command('PTTL', key));
      expect(leftMs).toBeGreaterThan(60_000);
      expect(leftMs).toBeLessThanOrEqual(2 * 3_600_000);
    }
    // Who has got what it waited for, or has not been heard of, leaves nothing in the order.
    await pacing.ask(scope, question('b', 2, { wanted: 0, waiting: 0 }));
    expect(await command('KEYS', `${prefix}*`)).toEqual([state]);
  });

  test('goes by the clock of the server', async () => {
    const { pacing, command, key } = await open(library);
    const clock = async () => {
      const [seconds, microseconds] = (await command('TIME')) as string[];
      return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    };
    const beforeMs = await clock();
    await pacing.ask(scope, question('a', 1));
    const afterMs = await clock();
    const { nowMs } = JSON.parse(String(await command('HGET', key, 'common'))) as { nowMs: number };
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs);
    expect(nowMs).toBeLessThanOrEqual(afterMs);
  });

  test('keeps scopes of any name apart', async () => {
    const { prefix, pacing, command } = await open(library);
    const names = ['', '%', '{', '}', '{}', '%7B', 'a{b}c', '*', ' ', '\n', 'ü', '\ud800', '\ud801'];
    for (const name of names) {
      const { granted } = await pacing.ask(name, question('a', 1, { wanted: 10, waiting: 10 }));
      expect([name, granted]).toEqual([name, 10]);
    }
    expect(await command('KEYS', `${prefix}pacing:1:{*}`)).toHaveLength(names.length);
  });

  test('answers a question that is put again as it did before, and changes nothing', async () => {
    const { pacing, command, key } = await open(library);
    const asked = question('a', 1, { wanted: 4, waiting: 4 });
    const first = await pacing.ask(scope, asked);
    const kept = await command('HGETALL', key);
    expect(await pacing.ask(scope, asked)).toEqual(first);
    expect(await command('HGETALL', key)).toEqual(kept);
  });

  test('sends the script once, and its hash from then on, also after the server has forgotten it', async () => {
    const { client, pacing, command } = await open(library);
    const whole: unknown[] = [];
    const watched = redisPacing(
      new Proxy(client, {
        get(target, name) {
          const member: unknown = Reflect.get(target, name);
          if (typeof member !== 'function') return member;
          return (...args: unknown[]) => {
            if (name === 'eval') whole.push(args[0]);
            return Reflect.apply(member, target, args) as unknown;
          };
        },
      }),
    );
    await pacing.ask(scope, question('a', 1));
    await watched.ask(scope, question('a', 2));
    expect(whole).toHaveLength(0);
    await command('SCRIPT', 'FLUSH');
    await watched.ask(scope, question('a', 3));
    await watched.ask(scope, question('a', 4));
    expect(whole).toHaveLength(1);
  });

  describe('a key with something else in it', () => {
    test.each([
      ['of another type', ['SET', 'secret']],
      ['of another program', ['HSET', 'name', 'secret']],
      ['with a text that is no JSON', ['HSET', 'common', 'secret']],
      ['with JSON of another shape', ['HSET', 'common', '["secret"]']],
      ['with a part of another shape', ['HSET', 'common', '{"epoch":"secret"}']],
    ])(
      '%s is an error that names the keys and quotes nothing; it is left as it is',
      async (_what, [verb, ...words]) => {
        const { pacing, command, key } = await open(library);
        await command(verb!, key, ...words);
        const before = await command('DUMP', key);
        for (let number = 1; number <= 2; number++) {
          const error = await caught(pacing.ask(scope, question('a', number)));
          expect(error.message).toBe(
            `The Redis keys ${key}, ${key}:turns, ${key}:due cannot be used: one of them holds something else than what redisPacing keeps there. They are left as they are: delete them, or choose another prefix.`,
          );
          expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('secret');
        }
        expect(await command('DUMP', key)).toEqual(before);
        await command('DEL', key);
        expect((await pacing.ask(scope, question('a', 3))).granted).toBe(1);
      },
    );
  });

  test('a key beside it with something else in it is the same error', async () => {
    const { pacing, command, key } = await open(library);
    await command('SET', `${key}:due`, 'secret');
    const { message } = await caught(pacing.ask(scope, question('a', 1)));
    expect(message).toMatch(/^The Redis keys .*:due cannot be used/);
    expect(await command('EXISTS', key)).toBe(0);
  });

  test('leaves the state of another version of the script alone, and is not disturbed by it', async () => {
    const { pacing, command, key } = await open(library);
    const other = key.replace(':pacing:1:', ':pacing:2:');
    await command('SET', other, 'what a later version keeps, in whatever shape');
    expect((await pacing.ask(scope, question('a', 1))).granted).toBe(1);
    expect(String(await command('GET', other))).toBe('what a later version keeps, in whatever shape');
  });

  test('needs no more than the rights that docs/pacing.md names', async () => {
    const { command } = await open(library);
    const [, rights] = /needs `([^`]+~axios-procore:pacing:\*)`/.exec(read('docs/pacing.md'))!;
    const user = `pacing-${randomUUID()}`;
    await command('ACL', 'SETUSER', user, 'on', '>pass', ...rights!.split(' '));
    ends.push(() => command('ACL', 'DELUSER', user));
    const url = new URL(server!.url);
    // Of the library's own greeting, which it can do without.
    const restricted =
      library === 'ioredis'
        ? new Redis(server!.url, {
            username: user,
            password: 'pass',
            enableReadyCheck: false,
            disableClientInfo: true,
          })
        : createClient({ url: `redis://${user}:pass@${url.host}`, disableClientInfo: true });
    restricted.on('error', () => undefined);
    if (!(restricted instanceof Redis)) await restricted.connect();
    ends.push(() => (restricted instanceof Redis ? restricted.disconnect() : restricted.destroy()));
    const pacing = redisPacing(restricted);
    const name = randomUUID();
    ends.push(() => command('DEL', ...keysOf('axios-procore:', name)));
    await pacing.ask(name, question('a', 1, { wanted: 10, waiting: 10 }));
    const waits = await pacing.ask(name, question('b', 1));
    expect(waits.granted).toBe(0);
    expect((await pacing.ask(name, question('b', 2, { wanted: 0, waiting: 0 }))).granted).toBe(0);
  });

  test('with a closed client rejects at once, and says what to do', async () => {
    const { pacing, close } = await open(library);
    ends.pop();
    close();
    const { message } = await caught(pacing.ask(scope, question('a', 1)));
    expect(message).toMatch(/^Redis failed at .*closed, or was never connected\. Await its connect\(\)/);
  });
});

test('a client whose commands give no promise is an error, however it is wrapped', async () => {
  const wrapped = { evalSha: () => undefined, eval: () => undefined } as unknown as RedisClient;
  const { message } = await caught(redisPacing(wrapped).ask(scope, question('a', 1)));
  expect(message).toMatch(/gives no promise/);
});

describe.runIf(server)('clients that map replies to other types', () => {
  test.each([
    ['ioredis with stringNumbers', () => new Redis(server!.url, { stringNumbers: true })],
    ['redis with buffers', () => createClient({ url: server!.url }).withTypeMapping({ 36: Buffer })],
    ['redis with RESP 2', () => createClient({ url: server!.url, RESP: 2 })],
    ['a pool of redis', () => createClientPool({ url: server!.url })],
  ])('%s', async (_what, create) => {
    const client = create();
    if (!(client instanceof Redis)) await client.connect();
    ends.push(() => (client instanceof Redis ? client.disconnect() : client.destroy()));
    const pacing = redisPacing(client, { prefix: `axios-procore-test:${randomUUID()}:` });
    const replies = [await pacing.ask(scope, question('a', 1)), await pacing.ask(scope, question('b', 1))];
    expect(replies.map(({ granted }) => granted)).toEqual([1, 1]);
  });
});

describe.runIf(cluster)('a Redis Cluster', () => {
  test('spreads the scopes over its nodes, and the processes of both libraries share each of them', async () => {
    const [node] = cluster!.nodes;
    const ioredis = new Cluster([{ host: '127.0.0.1', port: node!.port }], { scaleReads: 'slave' });
    const nodeRedis = createCluster({ rootNodes: [{ url: node!.url }], useReplicas: true });
    await nodeRedis.connect();
    ends.push(
      () => ioredis.disconnect(),
      () => nodeRedis.destroy(),
    );
    const [one, two] = [redisPacing(ioredis), redisPacing(nodeRedis)];
    for (let account = 0; account < 30; account++) {
      const name = `app account "${account}"`;
      const first = await one.ask(name, question('a', 1, { wanted: 7, waiting: 7 }));
      const second = await two.ask(name, question('b', 1, { wanted: 7, waiting: 7 }));
      expect([second.epoch, first.granted, second.granted]).toEqual([first.epoch, 7, 3]);
    }
    const counts = await Promise.all(
      cluster!.nodes.map(async ({ url }) => {
        const admin = new Redis(url);
        ends.push(() => admin.disconnect());
        return admin.dbsize();
      }),
    );
    // Both kinds of keys: the second process waits.
    expect(counts.reduce((sum, count) => sum + count)).toBe(3 * 30);
    for (const count of counts) expect(count).toBeGreaterThan(0);
  });
});
