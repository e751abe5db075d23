import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { afterEach, expect, test, vi } from 'vitest';
import { createEvents } from '../../../src/observe/events.js';
import { createLog } from '../../../src/observe/log.js';

const name = 'axios-procore:token-saved-late';
const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** Subscribes until the end of the test. */
function hear(listener: (message: unknown) => void): () => void {
  subscribe(name, listener);
  const stop = () => void unsubscribe(name, listener);
  stops.push(stop);
  return stop;
}

test('an event is heard where its channel has a subscriber, and no longer than that', () => {
  const events = createEvents(createLog(undefined, Date.now));
  expect(events.isHeard('token-saved-late')).toBe(false);
  const stop = hear(() => undefined);
  expect(events.isHeard('token-saved-late')).toBe(true);
  expect(events.isHeard('token-renewed')).toBe(false);
  stop();
  expect(events.isHeard('token-saved-late')).toBe(false);
});

test('the events of several attaches come on one channel, as the detail that listeners get', () => {
  const heard: unknown[] = [];
  hear((message) => heard.push(message));
  const [one, other] = [
    createEvents(createLog(undefined, Date.now)),
    createEvents(createLog(undefined, Date.now)),
  ];
  const listened: unknown[] = [];
  one.on('token-saved-late', (detail) => listened.push(detail));
  one.emit('token-saved-late', { account: 'a' });
  other.emit('token-saved-late', { account: 'b' });
  expect(heard).toEqual([{ account: 'a' }, { account: 'b' }]);
  expect(listened).toEqual([{ account: 'a' }]);
});

test('a warning comes on its channel once for each log, as in the log itself', () => {
  const heard: unknown[] = [];
  const listener = (message: unknown) => void heard.push(message);
  subscribe('axios-procore:warning', listener);
  stops.push(() => void unsubscribe('axios-procore:warning', listener));
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const logged = new Set<string>();
  for (const events of [
    createEvents(createLog(undefined, Date.now), logged),
    createEvents(createLog(undefined, Date.now), logged),
  ])
    events.warnOnce('axios-version', 'x', 'an old axios');
  vi.restoreAllMocks();
  expect(heard).toEqual([{ code: 'axios-version', message: 'an old axios' }]);
});

test('a subscriber that throws keeps the event from nobody, and Node raises its exception afterwards', async () => {
  const events = createEvents(createLog(undefined, Date.now));
  const heard: string[] = [];
  hear(() => {
    throw new Error('the subscriber’s own');
  });
  hear(() => heard.push('another subscriber'));
  events.on('token-saved-late', () => heard.push('a listener'));
  // Vitest's own handlers would fail the run.
  const others = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  const raised = new Promise<Error>((resolve) => process.once('uncaughtException', resolve));
  try {
    events.emit('token-saved-late', { account: 'a' });
    expect(heard).toEqual(['another subscriber', 'a listener']);
    expect((await raised).message).toBe('the subscriber’s own');
  } finally {
    for (const other of others) process.on('uncaughtException', other);
  }
});
