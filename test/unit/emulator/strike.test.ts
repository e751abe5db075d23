import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { createFaults } from '../../../src/emulator/faults.js';
import { json, type Reply } from '../../../src/emulator/message.js';
import { strikeOut } from '../../../src/emulator/strike.js';
import type { Wire } from '../../../src/emulator/wire.js';

const request = { method: 'GET', path: '/', query: '', headers: {}, body: '' };

function fakeWire() {
  const listeners = new Set<() => void>();
  const sent: Reply[] = [];
  const wire: Wire = {
    onGone: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    send: (reply) => void sent.push(reply),
    cut: (reply) => void sent.push(reply),
    drop: () => undefined,
  };
  const leave = () => {
    for (const listener of listeners) listener();
  };
  return { wire, sent, listeners, leave };
}

describe.each([{ kind: 'hold' }, { kind: 'delay', ms: 1e9 }] as const)('a $kind', (action) => {
  test('before: a client that leaves takes its request with it', async () => {
    const faults = createFaults();
    const handle = faults.add({ on: 'api', do: action });
    const { wire, sent, leave } = fakeWire();
    let carriedOut = 0;
    const ended = strikeOut(
      faults.take('api', request, () => true)!,
      wire,
      () => {
        carriedOut += 1;
        return json(200, {});
      },
    );
    expect(handle.hits).toBe(1);
    leave();
    handle.release();
    await ended;
    expect([carriedOut, sent]).toEqual([0, []]);
  });

  test('after: what was carried out stays so when the client leaves', async () => {
    const faults = createFaults();
    const handle = faults.add({ on: 'api', after: true, do: action });
    const { wire, sent, leave } = fakeWire();
    let carriedOut = 0;
    const ended = strikeOut(
      faults.take('api', request, () => true)!,
      wire,
      () => {
        carriedOut += 1;
        return json(200, {});
      },
    );
    await handle.struck();
    leave();
    handle.release();
    await ended;
    expect([carriedOut, sent]).toEqual([1, []]);
  });

  test('leaves no listener behind', async () => {
    const faults = createFaults();
    const handle = faults.add({ on: 'api', do: action });
    const { wire, sent, listeners } = fakeWire();
    const ended = strikeOut(
      faults.take('api', request, () => true)!,
      wire,
      () => json(200, {}),
    );
    handle.release();
    await ended;
    expect(sent).toHaveLength(1);
    expect(listeners.size).toBe(0);
  });
});

test('a delay longer than a timer can hold does not end at once', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const faults = createFaults();
  const handle = faults.add({ on: 'api', do: { kind: 'delay', ms: 2 ** 40 } });
  const { wire, sent } = fakeWire();
  const ended = strikeOut(
    faults.take('api', request, () => true)!,
    wire,
    () => json(200, {}),
  );
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toEqual([]);
  handle.release();
  await ended;
  expect(sent).toHaveLength(1);
});
