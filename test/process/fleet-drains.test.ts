import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { startOwnRedis, type OwnRedisServer } from '../stores/support/redis-server.js';
import { createFleet, until, type FleetMember } from './support/draining-fleet.js';
import type { StoreKind } from './support/open-store.js';

/** A place for tokens that one test has to itself, and how many of its processes listen there. */
let redis: OwnRedisServer | undefined;
interface Ground {
  readonly location: string;
  listening(): Promise<number>;
  close(): Promise<void>;
}

const grounds: Partial<Record<StoreKind, () => Promise<Ground | undefined>>> = {
  async redis() {
    const server = await startOwnRedis();
    if (!server) return undefined;
    redis = server;
    const client = new Redis(server.url, { retryStrategy: () => 50, maxRetriesPerRequest: null });
    client.on('error', () => undefined);
    return {
      location: server.url,
      async listening() {
        const channel = 'axios-procore:{notices}:0';
        const [, count] = (await client.pubsub('NUMSUB', channel)) as [string, number];
        return count;
      },
      async close() {
        client.disconnect();
        await server.stop();
      },
    };
  },
};
let ground: Ground | undefined;
afterEach(async () => {
  await ground?.close();
  ground = undefined;
});

const listen = (ground: Ground, count: number) =>
  until(async () => (await ground.listening()) === count, `${count} processes that listen`);

async function failuresOf(fleet: readonly FleetMember[]): Promise<readonly string[]> {
  return (await Promise.all(fleet.map((member) => member.calls()))).flatMap(({ failures }) => failures);
}

describe.each(Object.keys(grounds) as StoreKind[])('processes under load on one %s store', (kind) => {
  test('meet one burst of 401s in all, whoever renews, and a process that comes later meets none', async ({
    skip,
  }) => {
    ground = await grounds[kind]!();
    if (!ground) return skip(`no ${kind} server here`);
    await using fleet = await createFleet(kind, ground.location);
    const { counters } = fleet.emulator;
    const members: FleetMember[] = [];
    for (let index = 0; index < 4; index++) members.push(await fleet.start());
    expect(await ground.listening()).toBe(0);
    expect(await members[0]!.renew()).toEqual(['token-renewed']);
    // What the burst has shown makes all of them listen.
    await listen(ground, 4);
    const burst = counters.unauthorized;
    expect(burst).toBeGreaterThan(0);
    for (const member of members) await member.goesOn();
    members.push(await fleet.start());
    await listen(ground, 5);
    for (const member of [...members].reverse()) {
      expect(await member.renew()).toEqual(['token-renewed']);
      await Promise.all(members.map((one) => one.goesOn()));
    }
    expect(counters.unauthorized).toBe(burst);
    expect(counters).toMatchObject({ exchanges: 6, spentPresentations: 0 });
    expect(await failuresOf(members)).toEqual([]);
    // Nothing that listens keeps a process alive.
    expect(await Promise.all(members.map((member) => member.finish()))).toEqual([0, 0, 0, 0, 0]);
  });
});
