import { Redis } from 'ioredis';
import { createClient } from 'redis';
import { afterAll, describe, expect, test } from 'vitest';
import { redisTokenStore, type RedisClient } from '../../src/store/redis.js';
import { caught } from '../support/caught.js';
import { libraries, type Library } from './support/redis-clients.js';
import { startRedis } from './support/redis-server.js';

const server = await startRedis();
afterAll(() => server?.stop());

const tokens = { access_token: 'access-of-a-closed-client', refresh_token: 'refresh-of-a-closed-client' };
const never = new AbortController().signal;

describe.runIf(server)('a client on a real server', () => {
  /** A client that nobody has connected. */
  const unconnected: Record<Library, () => RedisClient> = {
    ioredis: () => {
      const client = new Redis(server!.url, { lazyConnect: true });
      client.disconnect();
      return client;
    },
    redis: () => createClient({ url: server!.url }),
  };

  test.each<Library>(['ioredis', 'redis'])(
    'of %s that is closed, or not connected, fails each operation at once, and says what to do and no token',
    async (library) => {
      const { client, close } = await libraries[library](server!.url);
      close();
      for (const each of [client, unconnected[library]()]) {
        const store = redisTokenStore(each);
        for (const work of [
          async () => store.load('acme'),
          async () => store.save(tokens, 'acme', undefined),
          async () => store.lock('acme', async () => undefined, never),
        ]) {
          const { message } = await caught(work());
          expect(message).toMatch(/closed, or was never connected\. Await its connect\(\)/);
          expect(message).not.toContain('of-a-closed-client');
        }
      }
    },
  );

  test('of redis with callbacks, by legacy(), is refused when the store is made', async () => {
    const client = createClient({ url: server!.url });
    client.on('error', () => undefined);
    await client.connect();
    const legacy = client.legacy() as unknown as RedisClient;
    expect(() => redisTokenStore(legacy)).toThrow(/commands take callbacks.*redis 4 or later/);
    // However it is wrapped: an answer that nobody waits for is none.
    const wrapped = { evalSha: () => undefined, eval: () => undefined } as unknown as RedisClient;
    const store = redisTokenStore(wrapped);
    for (const work of [async () => store.load('acme'), async () => store.save(tokens, 'acme', undefined)])
      expect((await caught(work())).message).toMatch(/gives no promise/);
    client.destroy();
  });
});
