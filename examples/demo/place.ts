import type { TokenStore } from 'axios-procore';
import type { FleetPacing } from './fleet-verdict.js';

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

/** A store, how the processes that share it pace, and how to end its connections. */
export interface OpenStore {
  readonly store: TokenStore;
  readonly pacing: FleetPacing;
  close(): Promise<unknown>;
}

/** Opens the store. Each process does that for itself. */
export async function openStore({ kind, location, name }: Place): Promise<OpenStore> {
  switch (kind) {
    case 'file': {
      const { fileTokenStore } = await import('axios-procore/stores/file');
      return {
        store: fileTokenStore({ directory: location }),
        pacing: 'apart',
        close: async () => undefined,
      };
    }
    case 'redis': {
      const { Redis } = await import('ioredis');
      const { redisTokenStore } = await import('axios-procore/stores/redis');
      const client = new Redis(location);
      client.on('error', () => undefined);
      return {
        store: redisTokenStore(client, { prefix: `${name}:` }),
        pacing: 'apart',
        close: async () => client.disconnect(),
      };
    }
    case 'postgres': {
      const { default: pg } = await import('pg');
      const { postgresTokenStore } = await import('axios-procore/stores/postgres');
      const pool = new pg.Pool({ connectionString: location, max: 3 });
      pool.on('error', () => undefined);
      return { store: postgresTokenStore(pool, { table: name }), pacing: 'apart', close: () => pool.end() };
    }
  }
}
