import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createCluster } from './cluster.js';
import { findProgram, freePort, launch } from './programs.js';

/** A server for one run. */
export interface Server {
  readonly url: string;
  /** Ends the server if it was started here. */
  stop(): Promise<void>;
}

/** The server at `given`, else an installed Redis on a free port of the loopback. */
export async function startRedis(given: string | undefined, signal: AbortSignal): Promise<Server> {
  if (given) {
    await withRedis(given, (client) => client.ping());
    return { url: given, stop: async () => undefined };
  }
  const program = findProgram('redis-server');
  if (!program) throw new Error('there is no server: set REDIS_URL, or install redis-server');
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-demo-redis-'));
  const port = await freePort();
  const settings = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--save', ''];
  const url = `redis://127.0.0.1:${port}`;
  const { end } = launch([program, ...settings], { folder, signal: 'INT' });
  await answering(() => withRedis(url, (client) => client.ping()), { stop: end, signal });
  return { url, stop: end };
}

/** The server at `given`, else an installed PostgreSQL on a free port of the loopback. */
export async function startPostgres(given: string | undefined, signal: AbortSignal): Promise<Server> {
  if (given) {
    await withPostgres(given, (client) => client.query('SELECT 1'));
    return { url: given, stop: async () => undefined };
  }
  const { url, launch } = await createCluster(signal);
  const { end } = launch();
  await answering(() => withPostgres(url, (client) => client.query('SELECT 1')), { stop: end, signal });
  return { url, stop: end };
}

/** Runs `work` with a connection of its own; rejects with the error of the connection. */
export async function withRedis<T>(url: string, work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  let trouble: unknown;
  client.on('error', (error) => (trouble = error));
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw trouble ?? error;
  } finally {
    client.disconnect();
  }
}

/** Runs `work` with a connection of its own, as {@link withRedis} does. */
export async function withPostgres<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function answering(
  ask: () => Promise<unknown>,
  { stop, signal }: { stop: () => Promise<void>; signal: AbortSignal },
): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await ask();
      return;
    } catch (error) {
      if (signal.aborted || tries === 200) {
        await stop();
        throw error;
      }
      await pause(50);
    }
  }
}
