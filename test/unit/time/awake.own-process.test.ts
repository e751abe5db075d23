import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createAwakeTime } from '../../../src/time/awake.js';
import { systemEnv } from '../../../src/time/env.js';
import { awakeNow, within } from '../../../src/time/within.js';

/** Keeps the event loop busy: nothing is read meanwhile, and no timer fires. */
function busy(ms: number): void {
  const untilMs = Date.now() + ms;
  while (Date.now() < untilMs);
}

/** A connection in this process, both of its ends. */
async function connection(): Promise<{ here: Socket; there: Socket; close: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const here = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [there] = (await once(server, 'connection')) as [Socket];
  const close = () => {
    here.destroy();
    server.close();
  };
  return { here, there, close };
}

test('what has arrived while the event loop was busy for longer than a wait is read before the wait ends', async () => {
  const { here, there, close } = await connection();
  const waited = within(systemEnv, 200, once(here, 'data'));
  there.write('answer');
  busy(600);
  expect((await waited).kind).toBe('done');
  close();
});

test('so is what has arrived while it was busy for a moment only, at the end of the wait', async () => {
  const { here, there, close } = await connection();
  const waited = within(systemEnv, 200, once(here, 'data'));
  there.write('answer');
  busy(240);
  expect((await waited).kind).toBe('done');
  close();
});

test('a wait that is stopped in its last turn does not end', async () => {
  const awakeTime = createAwakeTime();
  let isOver = false;
  const stop = awakeTime.start(0, true, () => (isOver = true));
  // This timer fires in the same turn of the event loop as that of the wait, and after it.
  setTimeout(stop, 0);
  busy(20);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(isOver).toBe(false);
});

test('a wait without an answer ends nevertheless', async () => {
  const waited = within(systemEnv, 200, new Promise(() => {}));
  busy(600);
  expect(await waited).toEqual({ kind: 'elapsed' });
});

test('time in which the process was stopped is not gone by, and no more is left of a wait than before', async () => {
  const over = new AbortController();
  void systemEnv.sleep(60_000, { signal: over.signal, awake: true });
  const startedMs = awakeNow(systemEnv);
  busy(1_500);
  const goneMs = awakeNow(systemEnv) - startedMs;
  expect(goneMs).toBeLessThan(500);
  over.abort();
  expect(awakeNow(systemEnv) - startedMs).toBeLessThan(1_000);
});

test('a wait for ever measures and has no timer that keeps the process alive', () => {
  const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
  const before = timers();
  const awakeTime = createAwakeTime();
  const stop = awakeTime.start(Infinity, true, () => undefined);
  expect(timers()).toBe(before);
  busy(600);
  expect(awakeTime.asleepMs()).toBeGreaterThan(200);
  stop();
  stop();
});
