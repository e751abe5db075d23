import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place, SharedKind } from './place.js';
import { startPostgres, startRedis, withPostgres, withRedis } from './servers.js';

/** A place for the tokens of a run. */
export interface Prepared {
  readonly place: Place;
  /** Removes the place and all its data. */
  clear(): Promise<void>;
}

/**
 * Prepares a new folder, or a server: the one that an environment variable names, or else a new one.
 *
 * @throws Error with one line where there is no server.
 */
export async function prepare(kind: SharedKind, signal: AbortSignal): Promise<Prepared> {
  const name = `axios_procore_demo_${randomBytes(4).toString('hex')}`;
  switch (kind) {
    case 'file': {
      const location = mkdtempSync(join(tmpdir(), 'axios-procore-demo-'));
      const remove = () => rmSync(location, { recursive: true, force: true });
      process.once('exit', remove);
      return { place: { kind, location, name }, clear: async () => remove() };
    }
    case 'redis': {
      const server = await startRedis(process.env['REDIS_URL'], signal);
      const place = { kind, location: server.url, name };
      return {
        place,
        async clear() {
          await withRedis(server.url, async (client) => {
            const keys = await client.keys(`${name}:*`);
            if (keys.length > 0) await client.del(...keys);
          });
          await server.stop();
        },
      };
    }
    case 'postgres': {
      const { postgresSchema } = await import('axios-procore/stores/postgres');
      const server = await startPostgres(process.env['DATABASE_URL'], signal);
      const place = { kind, location: server.url, name };
      try {
        await withPostgres(server.url, (client) => client.query(postgresSchema(name)));
      } catch (error) {
        await server.stop();
        throw error;
      }
      return {
        place,
        async clear() {
          await withPostgres(server.url, (client) => client.query(`DROP TABLE IF EXISTS ${name}`));
          await server.stop();
        },
      };
    }
  }
}
