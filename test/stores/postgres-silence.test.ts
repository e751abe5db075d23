import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import type * as timersPromises from 'node:timers/promises';
import { afterAll, describe, test, vi } from 'vitest';
import { startPostgres } from './support/postgres-server.js';
import { createStage, pair } from './support/postgres-stage.js';

/** The store's own waits are fifty times shorter here. */
vi.mock('node:timers/promises', async (original) => {
  const timers = await original<typeof timersPromises>();
  return {
    ...timers,
    setTimeout: (ms: number, ...rest: [unknown, object]) => timers.setTimeout(ms / 50, ...rest),
  };
});

/** A network before the server, which can stop to carry anything without closing a connection. */
async function createNetwork(url: string) {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  const proxy = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.push(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const near = new URL(url);
  near.port = String((proxy.address() as AddressInfo).port);
  return {
    url: near.href,
    fallSilent: () => sockets.forEach((socket) => socket.unpipe().pause()),
    close() {
      sockets.forEach((socket) => socket.destroy());
      proxy.close();
    },
  };
}

const server = await startPostgres();
afterAll(() => server?.stop());

// Each waits for ten seconds in which nothing comes, beside one another.
describe.skipIf(!server).concurrent('a network that goes away without a word', () => {
  test('loses the lock, and the save rejects', async ({ expect }) => {
    const network = await createNetwork(server!.url);
    const stage = await createStage(network.url, server!.url, 'silenced_save');
    try {
      const opened = stage.open();
      await opened.store.save(pair(1), 'x', undefined);
      const held = await stage.hold(opened, 'x');
      // Longer than between two signs of life.
      await new Promise((resolve) => setTimeout(resolve, 400));
      expect(held.lost.aborted).toBe(false);
      network.fallSilent();
      const saving = opened.store.save(pair(2), 'x', pair(1));
      await expect(saving).rejects.toThrow('The connection to PostgreSQL failed: no answer in 10000 ms');
      expect(held.lost.aborted).toBe(true);
      expect(opened.pool.totalCount).toBe(0);
      await held.leave();
    } finally {
      network.close();
      await stage.close();
    }
  });

  test('loses the lock, also without a save meanwhile', async () => {
    const network = await createNetwork(server!.url);
    const stage = await createStage(network.url, server!.url, 'silenced_wait');
    try {
      const quiet = await stage.hold(stage.open(), 'y');
      network.fallSilent();
      await once(quiet.lost, 'abort');
      await quiet.leave();
    } finally {
      network.close();
      await stage.close();
    }
  });
});
