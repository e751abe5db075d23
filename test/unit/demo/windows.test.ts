import { expect, test } from 'vitest';
import type { LoggedRequest } from '../../../examples/demo/verdict.js';
import { createWindows } from '../../../examples/demo/windows.js';

const rateLimits = { spike: { limit: 4, windowSeconds: 1.75 }, hourly: { limit: 100 } };

function start() {
  const log: LoggedRequest[] = [];
  const set: unknown[] = [];
  const windows = createWindows({ log, setRateLimits: (limits) => void set.push(limits) }, rateLimits);
  const call = (...left: number[]) => answer({}, ...left);
  const answer = (more: Partial<LoggedRequest>, ...left: number[]) =>
    log.push(
      ...left.map((remaining) => ({
        atMs: 0,
        kind: 'api',
        method: 'GET',
        status: 200,
        rateLimit: { remaining },
        ...more,
      })),
    );
  return {
    log,
    set,
    windows,
    call,
    down: (...left: number[]) => answer({ status: 503, outage: true }, ...left),
  };
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

test('a window in which the API was down is no fault of the machine; the next one is judged by itself', () => {
  const { windows, call, down } = start();
  call(3);
  down(2);
  call(3);
  expect(windows.look()).toBeUndefined();
  down(2);
  down(3);
  call(3);
  expect(windows.look()).toBeUndefined();
  call(2, 3);
  expect(windows.look()).toBeUndefined();
  call(2, 3);
  expect(windows.look()).toEqual({ limit: 4, windowSeconds: 3.75 });
});
