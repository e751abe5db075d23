import { Redis } from 'ioredis';
import type { TokenSet } from 'axios-procore';
import { redisTokenStore } from 'axios-procore/stores/redis';
import { startRedis } from '../../examples/demo/servers.js';

/** Runs `work` on a new Redis of this machine, which ends afterwards. Rejects with one line where none is installed. */
export async function onRedis<T>(work: (redisUrl: string) => Promise<T>): Promise<T> {
  const server = await startRedis(undefined, new AbortController().signal);
  try {
    return await work(server.url);
  } finally {
    await server.stop();
  }
}

/** Saves the pair that several processes are to share. */
export async function saveTokens(redisUrl: string, prefix: string, tokens: TokenSet): Promise<void> {
  const client = new Redis(redisUrl);
  await redisTokenStore(client, { prefix }).save(tokens, 'default', undefined);
  client.disconnect();
}
