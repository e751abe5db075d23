import { Redis } from 'ioredis';
import { createClient } from 'redis';
import type { RedisClient } from '../../../src/store/redis.js';

/** A connection of its own, as another process would have. */
export interface OpenClient {
  readonly client: RedisClient;
  /** Any other command. */
  command(...words: string[]): Promise<unknown>;
  close(): void;
}

/** The libraries that the store works with, as applications use them. */
export const libraries = {
  async ioredis(url: string): Promise<OpenClient> {
    const client = new Redis(url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    await client.ping();
    const command = ([name, ...args]: string[]) => client.call(name!, ...args);
    return { client, command: (...words) => command(words), close: () => client.disconnect() };
  },
  async redis(url: string): Promise<OpenClient> {
    const client = createClient({ url, socket: { reconnectStrategy: 50 } });
    client.on('error', () => undefined);
    await client.connect();
    return { client, command: (...words) => client.sendCommand(words), close: () => client.destroy() };
  },
};

export type Library = keyof typeof libraries;
