import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { createCluster } from '../../../examples/demo/cluster.js';
import { findProgram, freePort, launch, unprivileged } from '../../../examples/demo/programs.js';

/** A PostgreSQL server for tests. */
export interface PostgresServer {
  readonly url: string;
  /**
   * Stops the server as an administrator does, and starts it again on the same data, as a primary or as a replica; not where it is
   * somebody else's.
   */
  readonly restart?: (as?: 'primary' | 'replica') => Promise<void>;
  stop(): Promise<void>;
}

/** PgBouncer in transaction mode before a server. */
export interface Pooler {
  readonly url: string;
  stop(): Promise<void>;
}

function skipped(what: string, why: string): undefined {
  console.warn(`skipped: ${what}: ${why}`);
  return undefined;
}

/** With `AXIOS_PROCORE_REQUIRE_SERVERS=1` it is a failure to have no server. */
function lacking(what: string, why: string): undefined {
  if (process.env['AXIOS_PROCORE_REQUIRE_SERVERS'] === '1') throw new Error(`${what}: ${why}`);
  return skipped(what, why);
}

/** The server at `DATABASE_URL`; else an installed PostgreSQL, started on a free port of the loopback; else none, and a line that says so. */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const given = process.env['DATABASE_URL'];
  if (given) return { url: given, stop: async () => {} };
  const cluster = await createCluster().catch((error: Error) =>
    lacking('the tests of the store on PostgreSQL', error.message),
  );
  if (!cluster) return undefined;
  const { url, data, user } = cluster;
  const run = async () => {
    const launched = cluster.launch();
    await answering(url);
    return launched;
  };
  let running = await run();
  return {
    url,
    async restart(as = 'primary') {
      await running.end('keep');
      const signal = join(data, 'standby.signal');
      rmSync(signal, { force: true });
      if (as === 'replica') {
        writeFileSync(signal, '');
        if (user.uid !== undefined) chownSync(signal, user.uid, user.gid);
      }
      running = await run();
    },
    stop: () => running.end(),
  };
}

/** PgBouncer before `server`, with three connections to it for everybody; none, and a line, where it is not installed. */
export async function startPooler(server: PostgresServer): Promise<Pooler | undefined> {
  const found = findProgram('pgbouncer', ['/usr/sbin']);
  const user = unprivileged();
  const what = 'the tests behind PgBouncer in transaction mode';
  if (!server.restart) return skipped(what, 'the server at DATABASE_URL is somebody else’s');
  if (!found || !user) return lacking(what, 'it is not installed');
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-pgbouncer-'));
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid);
  const port = await freePort();
  const { port: serverPort } = new URL(server.url);
  const ini = join(folder, 'pgbouncer.ini');
  const settings = [
    '[databases]',
    `postgres = host=127.0.0.1 port=${serverPort} user=postgres`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 3',
  ];
  writeFileSync(ini, settings.join('\n'));
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const pooler = launch([found, '-q', ini], { folder, signal: 'TERM', user });
  await answering(url);
  return { url, stop: () => pooler.end() };
}

async function answering(url: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query('SELECT 1');
      return await client.end();
    } catch (error) {
      await client.end().catch(() => undefined);
      if (tries === 300) throw error;
      await pause(50);
    }
  }
}
