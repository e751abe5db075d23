/** A Redis Cluster of three nodes without replicas, on free ports. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startOwnRedis, type OwnRedisServer } from './redis-server.js';

export interface RedisCluster {
  readonly nodes: readonly OwnRedisServer[];
  stop(): Promise<void>;
}

const settings = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
const slots = [
  ['0', '5460'],
  ['5461', '10922'],
  ['10923', '16383'],
] as const;

/** Undefined where no server can be started. */
export async function startRedisCluster(): Promise<RedisCluster | undefined> {
  const started = await Promise.all(slots.map(() => startOwnRedis(settings)));
  const nodes = started.filter((node) => node !== undefined);
  const stop = async () => void (await Promise.all(nodes.map((node) => node.stop())));
  if (nodes.length < slots.length) {
    await stop();
    return undefined;
  }
  const admins = nodes.map(({ url }) => new Redis(url));
  for (const [index, admin] of admins.entries()) {
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', ...slots[index]!);
    await admin.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port));
  }
  for (const admin of admins) {
    const info = async () => String(await admin.call('CLUSTER', 'INFO'));
    while (!/cluster_state:ok[^]*cluster_known_nodes:3/.test(await info())) await sleep(50);
    admin.disconnect();
  }
  return { nodes, stop };
}
