/** A primary with a replica, and one sentinel that makes the replica the primary when the primary does not answer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from '../../../examples/demo/programs.js';
import { launch, startOwnRedis, type OwnRedisServer } from './redis-server.js';

export interface WatchedRedis {
  readonly primary: OwnRedisServer;
  readonly replica: OwnRedisServer;
  readonly sentinelPort: number;
  /** The name of the primary at the sentinel. */
  readonly name: string;
  stop(): Promise<void>;
}

/** Undefined where no server can be started. */
export async function startWatchedRedis(): Promise<WatchedRedis | undefined> {
  const primary = await startOwnRedis();
  const replica = primary && (await startOwnRedis(['--replicaof', `127.0.0.1 ${primary.port}`]));
  if (!replica) return undefined;
  await replicating(replica);
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-sentinel-'));
  const sentinelPort = await freePort();
  const file = join(folder, 'sentinel.conf');
  const name = 'main';
  writeFileSync(
    file,
    `bind 127.0.0.1
port ${sentinelPort}
dir ${folder}
sentinel monitor ${name} 127.0.0.1 ${primary.port} 1
sentinel down-after-milliseconds ${name} 500
sentinel failover-timeout ${name} 5000
`,
  );
  const sentinel = await launch([file, '--sentinel'], '+monitor master');
  await knowsReplica(sentinelPort, name);
  return {
    primary,
    replica,
    sentinelPort,
    name,
    async stop() {
      await Promise.all([sentinel.end(), primary.stop(), replica.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Without its replica the sentinel has nothing to fail over to; it looks for it about each ten seconds. */
async function knowsReplica(port: number, name: string): Promise<void> {
  const admin = new Redis({ port, host: '127.0.0.1' });
  const replicas = async () => (await admin.call('SENTINEL', 'REPLICAS', name)) as unknown[];
  while ((await replicas()).length === 0) await sleep(100);
  admin.disconnect();
}

async function replicating(replica: OwnRedisServer): Promise<void> {
  const admin = new Redis(replica.url);
  while (!(await admin.info('replication')).includes('master_link_status:up')) await sleep(50);
  admin.disconnect();
}
