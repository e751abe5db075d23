import { expect, test } from 'vitest';
import type { LoggedRequest } from '../../../examples/demo/verdict.js';
import { createWindows } from '../../../examples/demo/windows.js';

const rateLimits = { spike: { limit: 4, windowSeconds: 1.75 }, hourly: { limit: 100 } };

function start() {
  const log: LoggedRequest[] = [];
  const set: unknown[] = [];
  const windows = createWindows({ log, setRateLimits: (limits) => void set.push(limits) }, rateLimits);
  const call = (...left: number[]) =>
    log.push(
      ...left.map((remaining) => ({
        atMs: 0,
        kind: 'api',
        method: 'GET',
        status: 200,
        rateLimit: { remaining },
      })),
    );
  return { log, set, windows, call };
}

test('windows that are used up stay as long as they are', () => {
  const { log, set, windows, call } = start();
  call(3, 2, 1);
  expect(windows.look()).toBeUndefined();
  call(0);
  log.push({ atMs: 0, kind: 'token', method: 'POST' });
  call(3, 2, 1, 0, 3);
  expect(windows.look()).toBeUndefined();
  expect(set).toEqual([]);
  expect(windows.limit).toBe(rateLimits.spike);
});

test('a window that ends with calls left makes the next ones twice as long, a quarter of a second short of whole ones', () => {
  const { set, windows, call } = start();
  call(3, 2, 3);
  const spike = { limit: 4, windowSeconds: 3.75 };
  expect(windows.look()).toEqual(spike);
  expect(windows.limit).toEqual(spike);
  expect(set).toEqual([{ spike, hourly: { limit: 100 } }]);
  // The longer window begins with nothing counted, which is not another unused one.
  call(3, 2);
  expect(windows.look()).toBeUndefined();
  call(3);
  expect(windows.look()).toEqual({ limit: 4, windowSeconds: 7.75 });
});
