import { getEventListeners } from 'node:events';
import { spawnSync } from 'node:child_process';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { systemEnv } from '../../../src/time/env.js';
import { patienceMs } from '../../support/patience.js';

const day = 24 * 60 * 60 * 1000;
const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

afterEach(() => void vi.useRealTimers());

/** Whether a promise has resolved, looked at after everything that is ready has run. */
function watch(promise: Promise<unknown>) {
  const state = { over: false };
  void promise.then(() => (state.over = true));
  return state;
}

test('time is that of the machine, and chance is in [0, 1)', () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  expect(systemEnv.now()).toBe(1_800_000_000_000);
  expect(systemEnv.random()).toBeGreaterThanOrEqual(0);
  expect(systemEnv.random()).toBeLessThan(1);
});

describe('a sleep', () => {
  test('ends after its time, not before', async () => {
    vi.useFakeTimers();
    const sleep = watch(systemEnv.sleep(1_000));
    await vi.advanceTimersByTimeAsync(999);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  test.each([0, -5])('of %i ms ends in the next turn', async (ms) => {
    vi.useFakeTimers();
    const sleep = watch(systemEnv.sleep(ms));
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  test('ends within a tick of an abort, and leaves neither timer nor listener', async () => {
    const abort = new AbortController();
    const before = timers();
    const sleep = watch(systemEnv.sleep(60_000, { signal: abort.signal }));
    expect(timers()).toBe(before + 1);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    abort.abort();
    await Promise.resolve();
    expect(sleep.over).toBe(true);
    expect(timers()).toBe(before);
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  test('for ever has no timer, which would keep the process alive, and ends by an abort', async () => {
    const abort = new AbortController();
    const before = timers();
    const sleep = watch(systemEnv.sleep(Infinity, { signal: abort.signal }));
    expect(timers()).toBe(before);
    await Promise.resolve();
    expect(sleep.over).toBe(false);
    abort.abort();
    await Promise.resolve();
    expect(sleep.over).toBe(true);
  });

  test('on an aborted signal ends at once and starts no timer', async () => {
    const { signal } = { signal: AbortSignal.abort() };
    const before = timers();
    await systemEnv.sleep(60_000, { signal });
    expect(timers()).toBe(before);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('that ran its course leaves no listener', async () => {
    vi.useFakeTimers();
    const { signal } = new AbortController();
    const sleep = systemEnv.sleep(1_000, { signal });
    await vi.advanceTimersByTimeAsync(1_000);
    await sleep;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('of thirty days does not end at once, but after thirty days', async () => {
    vi.useFakeTimers();
    const sleep = watch(systemEnv.sleep(30 * day));
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(30 * day - 1_001);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1])('of %i ms ends on time', async (ms) => {
    vi.useFakeTimers();
    const sleep = watch(systemEnv.sleep(ms));
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(sleep.over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(sleep.over).toBe(true);
  });

  test('for ever sleeps, and still ends on abort', async () => {
    vi.useFakeTimers();
    const abort = new AbortController();
    const sleep = watch(systemEnv.sleep(Infinity, { signal: abort.signal }));
    await vi.advanceTimersByTimeAsync(100 * day);
    expect(sleep.over).toBe(false);
    abort.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(sleep.over).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that was aborted in its second lap leaves no timer', async () => {
    vi.useFakeTimers();
    const abort = new AbortController();
    const sleep = watch(systemEnv.sleep(60 * day, { signal: abort.signal }));
    await vi.advanceTimersByTimeAsync(40 * day);
    abort.abort();
    await vi.advanceTimersByTimeAsync(0);
    expect(sleep.over).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
  });

  test.each([
    [true, true],
    [undefined, true],
    [false, false],
  ])('with ref %s keeps the process alive: %s', (ref, alive) => {
    const before = timers();
    const abort = new AbortController();
    // Node counts only what keeps the process alive.
    void systemEnv.sleep(60_000, { signal: abort.signal, ...(ref === undefined ? {} : { ref }) });
    expect(timers() - before).toBe(alive ? 1 : 0);
    abort.abort();
  });
});

test('a process ends while a sleep with ref: false is under way', () => {
  const script = `import { systemEnv } from ${JSON.stringify(new URL('../../../src/time/env.ts', import.meta.url).href)};
    void systemEnv.sleep(60_000, { ref: false });
    void systemEnv.sleep(2 ** 32, { ref: false });`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const { status, stderr } = spawnSync(process.execPath, args, { timeout: patienceMs, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
