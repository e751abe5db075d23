import { expect, test, vi } from 'vitest';
import { keepOpen } from '../../../src/store/keep-open.js';
import { settled } from '../../support/manual-env.js';

const looks = vi.hoisted(() => ({ next: () => {} }));
vi.mock('node:timers/promises', async (original) => ({
  ...(await original<object>()),
  async *setInterval(_ms: number, _value: unknown, { signal }: { signal: AbortSignal }) {
    while (!signal.aborted) {
      await new Promise<void>((resolve) => (looks.next = resolve));
      yield undefined;
    }
  },
}));

/** Lets so many seconds pass, and tells in which of them it was connected. */
async function pass(seconds: number, tries: { count: number }): Promise<number[]> {
  const at: number[] = [];
  for (let second = 1; second <= seconds; second++) {
    const before = tries.count;
    looks.next();
    await settled();
    if (tries.count > before) at.push(second);
  }
  return at;
}

function open() {
  const tries = { count: 0, isRefused: true, closed: 0 };
  const end = keepOpen(
    () => true,
    () => {
      tries.count++;
      const { isRefused } = tries;
      let isClosed = isRefused;
      return { isClosed: () => isClosed || tries.isRefused, close: () => void (isClosed = true) };
    },
  );
  return { tries, end };
}

test('a connection that is refused again and again is tried more and more seldom, and at least each 30 s', async () => {
  const { tries, end } = open();
  expect(tries.count).toBe(1);
  expect(await pass(125, tries)).toEqual([1, 3, 7, 15, 31, 61, 91, 121]);
  tries.isRefused = false;
  expect(await pass(60, tries)).toEqual([26]);
  // It has stayed open, so that it is made anew at once when it breaks.
  tries.isRefused = true;
  expect(await pass(3, tries)).toEqual([1, 3]);
  end();
});
