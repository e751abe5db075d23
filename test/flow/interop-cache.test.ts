import axios, { type AxiosRequestConfig } from 'axios';
import { buildKeyGenerator, setupCache, type CacheOptions } from 'axios-cache-interceptor';
import { describe, expect, test } from 'vitest';
import type { ProcoreOptions } from '../../src/options/options.js';
import { attachTo } from '../support/attach-to.js';
import { below } from '../support/versions.js';
import { caught } from '../support/caught.js';
import { createHarness, type Harness } from '../support/harness.js';

const me = '/rest/v1.0/me';
const projects = '/rest/v1.0/projects';

interface Cached {
  data: { id?: number };
  status: number;
  cached?: boolean;
}

function caching(
  h: Harness,
  order: 'before' | 'after',
  options: Partial<ProcoreOptions> = {},
  cache: CacheOptions = {},
) {
  h.procore.detach();
  const api = axios.create({ baseURL: h.emulator.url, proxy: false });
  if (order === 'before') setupCache(api, cache);
  const procore = attachTo(h, api, options);
  if (order === 'after') setupCache(api, cache);
  const get = (url: string, config?: AxiosRequestConfig): Promise<Cached> =>
    api.get<Cached['data']>(url, config);
  return { get, procore };
}

/** Two users on one instance. */
async function twoUsers(
  order: 'before' | 'after',
  cache: CacheOptions,
): Promise<[number | undefined, number | undefined]> {
  await using h = await createHarness();
  h.store.sets.set('other', h.emulator.issue({ userId: 2 }));
  const { get } = caching(h, order, {}, cache);
  const mine = await get(me);
  const theirs = await get(me, { procore: { account: 'other' } });
  return [mine.data.id, theirs.data.id];
}

// axios-cache-interceptor 1.12 asks for axios 1.19 or later.
describe.each(!below('1.19') ? (['before', 'after'] as const) : [])(
  'an axios-cache-interceptor set up %s the attach',
  (order) => {
    test('answers a second call without a request, and is not taken for a bypass', async () => {
      await using h = await createHarness();
      const { get } = caching(h, order);
      const answers = [await get(me), await get(me)];
      expect(answers.map(({ cached }) => cached)).toEqual([false, true]);
      expect(h.emulator.counters.apiRequests).toBe(1);
      await h.env.advance(2_000);
      expect(h.logged.filter((line) => line.includes('adapter-replaced'))).toEqual([]);
    });

    test('never keeps a 401: what it keeps is the answer of the replay', async () => {
      await using h = await createHarness();
      const { get } = caching(h, order);
      h.emulator.revoke();
      const answers = [await get(me), await get(me)];
      expect(answers.map(({ status, cached }) => [status, cached])).toEqual([
        [200, false],
        [200, true],
      ]);
      expect(h.emulator.counters).toMatchObject({ apiRequests: 2, unauthorized: 1, exchanges: 1 });
    });

    test.each([401, 429, 500])('never keeps a final %i', async (status) => {
      await using h = await createHarness();
      const { get } = caching(h, order, { retry: false, rateLimit: false });
      h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status, body: { error: 'no' } } });
      expect((await caught(get(me))).response!.status).toBe(status);
      const second = await get(me);
      expect([second.status, second.cached]).toEqual([200, false]);
    });

    test('asks with an etag once its answer is stale, and a 304 passes through the line', async () => {
      await using h = await createHarness();
      const { get } = caching(h, order);
      const told = { etag: '"v1"', 'cache-control': 'max-age=0, must-revalidate' };
      const found: Cached['data'] = { id: 7 };
      h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 200, headers: told, body: found } });
      h.emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 304, headers: told } });
      await get(projects);
      const again = await get(projects);
      expect(again).toMatchObject({ status: 200, data: found, cached: true });
      expect(h.emulator.counters.apiRequests).toBe(2);
    });

    test('gives the answer of one account to another, unless its key says whose it is', async () => {
      // By its own key a call is method, URL, params and body.
      expect(await twoUsers(order, {})).toEqual([1, 1]);
      const generateKey = buildKeyGenerator(({ baseURL, url, method, params, data, procore }) => ({
        ...{ baseURL, url, method, params, data },
        ...{ account: procore?.account, companyId: procore?.companyId },
      }));
      expect(await twoUsers(order, { generateKey })).toEqual([1, 2]);
    });

    test('an expired token', async () => {
      await using h = await createHarness();
      const { get } = caching(h, order);
      await get(me);
      h.env.jump(3 * 3_600_000);
      // Set up before, it answers instead of the line; set up after, below it.
      expect((await get(me)).cached).toBe(true);
      expect(h.emulator.counters).toMatchObject({ apiRequests: 1, exchanges: order === 'before' ? 0 : 1 });
    });
  },
);

if (below('1.19')) {
  test('axios-cache-interceptor 1.12 asks for axios 1.19 or later', () => {
    expect(!below('1.19')).toBe(false);
  });
}
