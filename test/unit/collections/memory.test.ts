import axios, { type AxiosRequestConfig } from 'axios';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { listAll } from '../../../src/collections/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const perPage = 1000;
const pages = 1000;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test.each([1, 4])('a million items leave no page behind in memory (%i at a time)', async (ahead) => {
  const sent: WeakRef<object>[] = [];
  const adapter = async (config: AxiosRequestConfig) => {
    await nextTurn();
    const { page = 1 } = config.params as { page?: number };
    const from = (page - 1) * perPage;
    const data = Array.from({ length: perPage }, (_, index) => ({ id: from + index }));
    sent.push(new WeakRef(data));
    const link = page < pages ? `<?page=${page + 1}&per_page=${perPage}>; rel="next"` : undefined;
    const headers = { link, total: String(pages * perPage), 'per-page': String(perPage) };
    return { status: 200, statusText: 'OK', headers, data, config };
  };
  const instance = axios.create({ adapter: adapter as never, transformResponse: [(data: unknown) => data] });

  const alive: number[] = [];
  const heap: number[] = [];
  let expected = 0;
  for await (const { id } of listAll<{ id: number }>(instance, '/list', {
    params: { per_page: perPage },
    ahead,
  })) {
    if (id !== expected++) throw new Error(`${id} came in the place of ${expected - 1}`);
    if (expected % 100_000 !== 0) continue;
    // What a WeakRef has shown stays until the end of the turn.
    await nextTurn();
    collectGarbage();
    alive.push(sent.filter((page) => page.deref() !== undefined).length);
    heap.push(process.memoryUsage().heapUsed);
  }
  expect(expected).toBe(pages * perPage);
  // The page that is being read, those that were asked for ahead, and what a variable or axios still holds of the one before.
  expect(Math.max(...alive)).toBeLessThanOrEqual(ahead + 2);
  // All pages together take more than 30 MB.
  expect(heap.at(-1)! - heap[1]!).toBeLessThan(3_000_000);
});
