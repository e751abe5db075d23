import type { RedisTokenStoreOptions } from '../../../src/store/redis.js';
import type { TokenStore } from '../../../src/store/store.js';

/** The stores that processes can share. */
export type StoreKind = 'file' | 'redis' | 'postgres';

/** A store over `location` (a folder or a server's URL), and how to end it. */
export interface OpenedStore {
  readonly store: TokenStore;
  close(): Promise<void>;
}

/** `redis`: a short lease, unless a test is about another one. */
export async function openStore(
  kind: StoreKind,
  location: string,
  redis: RedisTokenStoreOptions = { leaseMs: 2_000 },
): Promise<OpenedStore> {
  switch (kind) {
    case 'file': {
      const { fileTokenStore } = await import('../../../src/store/file.js');
      return { store: fileTokenStore({ directory: location }), close: async () => undefined };
    }
    case 'redis': {
      const [{ Redis }, { redisTokenStore }] = await Promise.all([
        import('ioredis'),
        import('../../../src/store/redis.js'),
      ]);
      const client = new Redis(location);
      client.on('error', () => undefined);
      return { store: redisTokenStore(client, redis), close: async () => client.disconnect() };
    }
    case 'postgres': {
      const [{ default: pg }, { postgresTokenStore }] = await Promise.all([
        import('pg'),
        import('../../../src/store/postgres.js'),
      ]);
      const pool = new pg.Pool({ connectionString: location, max: 3 });
      pool.on('error', () => undefined);
      return { store: postgresTokenStore(pool), close: () => pool.end() };
    }
  }
}
