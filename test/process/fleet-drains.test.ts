import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { postgresSchema } from '../../src/store/postgres.js';
import { defaultTable } from '../../src/store/postgres/table.js';
import { startPostgres } from '../stores/support/postgres-server.js';
import { startOwnRedis, type OwnRedisServer } from '../stores/support/redis-server.js';
import { createFleet, type FleetMember } from './support/draining-fleet.js';
import type { StoreKind } from './support/open-store.js';
import { until } from './support/until.js';

/** A place for tokens that one test has to itself, and how many of its processes listen there. */
let redis: OwnRedisServer | undefined;
interface Ground {
  readonly location: string;
  listening(): Promise<number>;
  close(): Promise<void>;
}

const grounds: Partial<Record<StoreKind, () => Promise<Ground | undefined>>> = {
  async file() {
    const location = await mkdtemp(join(tmpdir(), 'axios-procore-drains-'));
    return {
      location,
      async listening() {
        const names = await readdir(join(location, 'notices')).catch(() => []);
        return names.filter((name) => name.endsWith('.listener')).length;
      },
      close: () => rm(location, { recursive: true, force: true }),
    };
  },
  async postgres() {
    const server = await startPostgres();
    if (!server) return undefined;
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    // The server may be one that is kept for all tests.
    await client.query(`DROP TABLE IF EXISTS ${defaultTable}; ${postgresSchema()}`);
    return {
      location: server.url,
      async listening() {
        const { rows } = await client.query<{ count: string }>(
          "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND objid = 0",
        );
        return Number(rows[0]!.count);
      },
      async close() {
        await client.end();
        await server.stop();
      },
    };
  },
  async redis() {
    // What it has stored is there again after it was killed.
    const server = await startOwnRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
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

  test('have no 401 from the start with drain: true, with two accounts in each of them', async ({ skip }) => {
    ground = await grounds[kind]!();
    if (!ground) return skip(`no ${kind} server here`);
    await using fleet = await createFleet(kind, ground.location, ['one', 'two']);
    const members = [await fleet.start({ drain: true }), await fleet.start({ drain: true })];
    await listen(ground, 2);
    for (const member of members) {
      expect(await member.renew()).toEqual(['token-renewed']);
      await Promise.all(members.map((one) => one.goesOn()));
    }
    expect(fleet.emulator.counters).toMatchObject({ unauthorized: 0, exchanges: 2, spentPresentations: 0 });
    expect(await failuresOf(members)).toEqual([]);
  });

  test('go on where one of them is stopped, killed, or dies right after it has announced', async ({
    skip,
  }) => {
    ground = await grounds[kind]!();
    if (!ground) return skip(`no ${kind} server here`);
    await using fleet = await createFleet(kind, ground.location);
    const { counters } = fleet.emulator;
    const drain = { drain: true, drainMs: 2_000 };
    const [first, second, third] = [
      await fleet.start(drain),
      await fleet.start(drain),
      await fleet.start(drain),
    ];
    await listen(ground, 3);
    // Stopped: its calls in flight are not answered in time, and have 401s.
    third.child.kill('SIGSTOP');
    expect(await first.renew()).toEqual(['token-renewed']);
    await Promise.all([first.goesOn(), second.goesOn()]);
    third.child.kill('SIGCONT');
    await third.goesOn();
    expect(await failuresOf([first, second, third])).toEqual([]);
    const { unauthorized } = counters;
    // Killed: nothing of it is waited for.
    third.child.kill('SIGKILL');
    await third.ended;
    expect(await second.renew()).toEqual(['token-renewed']);
    await Promise.all([first.goesOn(), second.goesOn()]);
    expect(counters).toMatchObject({ unauthorized, exchanges: 2 });
    // Killed after the announcement, before its token request is carried out: the token that works stays in use, and nobody asks for another.
    const hanging = fleet.emulator.misbehave({ on: 'token', do: { kind: 'hang' } });
    void first.renew();
    await hanging.struck();
    first.child.kill('SIGKILL');
    await second.goesOn();
    expect(counters).toMatchObject({ unauthorized, exchanges: 2, tokenRequests: 3 });
    expect(await second.renew()).toEqual(['token-renewed']);
    await second.goesOn();
    expect(counters).toMatchObject({ unauthorized, exchanges: 3, spentPresentations: 0 });
    expect(await failuresOf([second])).toEqual([]);
  });
});

test('processes hear each other again after Redis was killed and started again', async ({ skip }) => {
  ground = await grounds.redis!();
  if (!ground) return skip('no redis server here');
  await using fleet = await createFleet('redis', ground.location);
  const { counters } = fleet.emulator;
  const members = [await fleet.start({ drain: true }), await fleet.start({ drain: true })];
  await listen(ground, 2);
  redis!.signal('SIGKILL');
  await Promise.all(members.map((member) => member.goesOn()));
  await redis!.restart();
  await listen(ground, 2);
  expect(await members[0]!.renew()).toEqual(['token-renewed']);
  await Promise.all(members.map((member) => member.goesOn()));
  expect(counters).toMatchObject({ unauthorized: 0, exchanges: 1 });
  expect(await failuresOf(members)).toEqual([]);
});
