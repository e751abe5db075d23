import axios from 'axios';
import { afterAll, expect, vi } from 'vitest';

/** What the test files of one process share: one that left it changed would make another one fail, and nobody would know which. */
const shared = () => ({
  environment: { ...process.env },
  listeners: Object.fromEntries(
    process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  ),
  ofEveryObject: Object.getOwnPropertyNames(Object.prototype),
  axiosDefaults: { ...axios.defaults, headers: undefined },
  hasFakeTimers: vi.isFakeTimers(),
  fetch: globalThis.fetch,
});
const before = shared();
afterAll(() => expect(shared(), 'this file leaves something behind').toEqual(before));
