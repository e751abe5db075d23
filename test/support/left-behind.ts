import { createHash } from 'node:crypto';
import axios from 'axios';
import { afterAll, expect, vi } from 'vitest';

/** What the test files of one process share: one that left it changed would make another one fail, and nobody would know which. */
const shared = () => ({
  // Not the values, which a failure would print, and which may be secrets of whoever runs the tests.
  environment: Object.fromEntries(
    Object.entries(process.env).map(([name, value = '']) => [
      name,
      createHash('sha256').update(value).digest('hex').slice(0, 8),
    ]),
  ),
  listeners: Object.fromEntries(
    process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  ),
  ofEveryObject: Object.getOwnPropertyNames(Object.prototype),
  axiosDefaults: { ...axios.defaults, headers: JSON.stringify(axios.defaults.headers) },
  interceptors: [axios.interceptors.request, axios.interceptors.response].map(
    (manager) => (manager as unknown as { handlers?: unknown[] }).handlers?.filter(Boolean).length,
  ),
  folder: process.cwd(),
  hasFakeTimers: vi.isFakeTimers(),
  fetch: globalThis.fetch,
});
const before = shared();
afterAll(() => expect(shared(), 'this file leaves something behind').toEqual(before));
