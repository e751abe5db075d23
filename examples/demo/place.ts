import type { SharedPacing, TokenStore } from 'axios-procore';

/** The stores that processes can share. */
export const sharedKinds = ['file', 'redis', 'postgres'] as const;
export type SharedKind = (typeof sharedKinds)[number];

/** Where the tokens of one run are. */
export interface Place {
  readonly kind: SharedKind;
  /** The path of a folder, or the URL of a server. */
  readonly location: string;
  /** The name of a table, or the prefix of keys, that keeps this run apart from other data on the server. */
  readonly name: string;
}

/** A store, and how to end its connections. */
export interface OpenStore {
  readonly store: TokenStore;
  /** What the processes that share the store pace by together; undefined where the server of the store has no such thing. */
  readonly shared?: SharedPacing;
  close(): Promise<unknown>;
}

/** Opens the store. Each process does that for itself. */
export async function openStore({ kind, location, name }: Place): Promise<OpenStore> {
  switch (kind) {
    case 'file': {
      const { fileTokenStore } = await import('axios-procore/stores/file');
      return {
        store: fileTokenStore({ directory: location }),
        close: async () => undefined,
      };
    }
    case 'redis': {
      const { Redis } = await import('ioredis');
      const { redisPacing } = await import('axios-procore/pacing/redis');
      const { redisTokenStore } = await import('axios-procore/stores/redis');
      const client = new Redis(location);
      client.on('error', () => undefined);
      return {
        store: redisTokenStore(client, { prefix: `${name}:` }),
        shared: redisPacing(client, { prefix: `${name}:` }),
        close: async () => client.disconnect(),
      };
    }
    case 'postgres': {
      const { default: pg } = await import('pg');
      const { postgresTokenStore } = await import('axios-procore/stores/postgres');
      const pool = new pg.Pool({ connectionString: location, max: 3 });
      pool.on('error', () => undefined);
      return { store: postgresTokenStore(pool, { table: name }), close: () => pool.end() };
    }
  }
}
