import type { TokenStore } from 'axios-procore';

/** The stores that processes can share. */
export const sharedKinds = ['file', 'redis', 'postgres'] as const;
export type SharedKind = (typeof sharedKinds)[number];

/** Where the tokens of one run are. */
export interface Place {
  readonly kind: SharedKind;
  /** A folder, or a server's URL. */
  readonly location: string;
  /** Keeps this run apart from whatever else a server holds: a table, or what keys begin with. */
  readonly name: string;
}

/** A store, and how to end its connections. */
export interface OpenStore {
  readonly store: TokenStore;
  close(): Promise<unknown>;
}

/** Opens the store, as each process does for itself. */
export async function openStore({ kind, location, name }: Place): Promise<OpenStore> {
  switch (kind) {
    case 'file': {
      const { fileTokenStore } = await import('axios-procore/stores/file');
      return { store: fileTokenStore({ directory: location }), close: async () => undefined };
    }
    case 'redis': {
      const { Redis } = await import('ioredis');
      const { redisTokenStore } = await import('axios-procore/stores/redis');
      const client = new Redis(location);
      client.on('error', () => undefined);
      return {
        store: redisTokenStore(client, { prefix: `${name}:` }),
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
