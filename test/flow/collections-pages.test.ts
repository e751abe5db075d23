import axios, { type AxiosInstance, type AxiosRequestConfig } from 'axios';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { listAll, paginate } from '../../src/collections/index.js';
import { problemOf } from '../../src/failure/carried.js';
import { caught } from '../support/caught.js';
import { createHarness } from '../support/harness.js';
import { until } from '../support/manual-env.js';
import {
  numbers,
  pageOf,
  startListServer,
  type ListRequest,
  type ListServer,
} from '../support/list-server.js';
import { below } from '../support/versions.js';

const { parse: exact } = (
  createRequire(import.meta.url)('json-bigint') as (options: object) => { parse(text: string): unknown }
)({ storeAsString: true });

const list = '/rest/v1.0/things';
const on = (server: ListServer, defaults: AxiosRequestConfig = {}): AxiosInstance =>
  axios.create({ baseURL: server.url, proxy: false, ...defaults } as never);

async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A server with `count` items, paged as Procore does. */
const things = (count: number, headers?: Record<string, string | undefined>) =>
  startListServer((request) => pageOf(numbers(count), request, headers));

describe('on the emulator, attached', () => {
  test('a list comes whole and in order, page by page or with pages ahead', async () => {
    await using h = await createHarness();
    const rfis = '/rest/v1.0/projects/7/rfis';
    const updates = numbers(23).map((n) => ({ origin_id: `o-${n}`, subject: `s-${n}` }));
    await h.instance.patch(`${rfis}/sync`, { updates });
    const options = { params: { per_page: 5 } };
    for (const ahead of [1, 2, 10]) {
      const found = await collected(listAll<{ origin_id: string }>(h.instance, rfis, { ...options, ahead }));
      expect(found.map(({ origin_id: id }) => id)).toEqual(updates.map(({ origin_id: id }) => id));
    }
    const pages = await collected(paginate<unknown[]>(h.instance, rfis, options));
    expect(pages.map(({ data }) => data.length)).toEqual([5, 5, 5, 5, 3]);
    expect(h.emulator.log.filter(({ status }) => status !== 200)).toEqual([]);
  });

  test('an expired token in the middle of a list is renewed, and nobody notices', async () => {
    await using h = await createHarness();
    let pages = 0;
    for await (const _ of paginate(h.instance, '/rest/v1.0/projects', { params: { per_page: 2 } }))
      if (++pages === 1) h.emulator.expire();
    expect(pages).toBe(3);
    expect(h.emulator.counters.byStatus[401]).toBe(1);
  });

  test('an instance without base URL goes where its environment is', async () => {
    await using h = await createHarness({ defaults: { baseURL: undefined as never } });
    expect(
      await collected(listAll(h.instance, '/rest/v1.0/projects', { params: { per_page: 2 } })),
    ).toHaveLength(5);
  });

  test('an error names its page and stays what it was, with its problem', async () => {
    await using h = await createHarness({ options: { retry: false } });
    h.emulator.misbehave({
      on: ({ query }) => /(^|&)page=2/.test(query),
      do: { kind: 'answer', status: 403, body: { message: 'App is not connected to this company' } },
    });
    const error = await caught(
      collected(listAll(h.instance, '/rest/v1.0/projects', { params: { per_page: 2 } })),
    );
    expect(error.message).toBe('Request failed with status code 403 (page 2 of /rest/v1.0/projects)');
    // axios 0.27 gives its errors no stack.
    expect(error.stack ?? error.message).toContain('(page 2 of /rest/v1.0/projects)');
    expect([error.isAxiosError, error.response?.status]).toEqual([true, 403]);
    expect(problemOf(error)).toMatchObject({
      kind: 'app-not-connected',
      messages: ['App is not connected to this company'],
    });
  });
});

test('a page has 100 items unless the call, the URL or the instance says otherwise, and the first request says so once', async () => {
  await using server = await things(3);
  const asked = async (url: string, config: AxiosRequestConfig = {}, defaults: AxiosRequestConfig = {}) => {
    await collected(paginate(on(server, defaults), url, config));
    return server.requests.at(-1)!.query.toString();
  };
  expect(await asked(list)).toBe('per_page=100');
  expect(await asked(list, { params: { per_page: 7, q: 'x' } })).toBe('per_page=7&q=x');
  expect(await asked(list, { params: new URLSearchParams({ q: 'x' }) })).toBe('q=x&per_page=100');
  expect(await asked(list, { params: new URLSearchParams({ per_page: '7' }) })).toBe('per_page=7');
  expect(await asked(list, {}, { params: { per_page: 9 } })).toBe('per_page=9');
  expect(await asked(list, { params: { per_page: undefined } })).toBe('');
  // axios 1.0.0 loses the question mark of a query in the URL.
  if (!below('1.0') || !below('1.1')) return;
  expect(await asked(`${list}?per_page=8`)).toBe('per_page=8');
});

test("the caller's configuration goes with every page and stays as it was", async () => {
  await using server = await things(5);
  const config = {
    params: { per_page: 2, filters: { status: 'open' }, ids: [1, 2] },
    headers: { 'Procore-Company-Id': '5' },
    transformResponse: [(text: string) => text, (text: string) => JSON.parse(text) as unknown],
    procore: { companyId: 5 },
    timeout: 20_000,
  };
  const seen: AxiosRequestConfig[] = [];
  const instance = on(server);
  instance.interceptors.request.use((sent) => (seen.push(sent), sent));
  const before = structuredClone({ params: config.params, headers: config.headers });
  const own = Object.entries(config);
  for (const ahead of [1, 3]) {
    expect(await collected(listAll(instance, list, { ...config, ahead }))).toEqual(numbers(5));
  }
  expect(Object.entries(config)).toEqual(own);
  expect({ params: config.params, headers: config.headers }).toEqual(before);
  expect(config.transformResponse).toHaveLength(2);
  expect(server.requests).toHaveLength(6);
  for (const { query, headers } of server.requests) {
    expect(headers['procore-company-id']).toBe('5');
    expect([query.getAll('per_page'), query.getAll('ids[]')]).toEqual([['2'], ['1', '2']]);
    expect(query.toString()).toMatch(/filters(%5Bstatus%5D)?=/);
  }
  expect(server.pages()).toEqual(['-', '2', '3', '-', '2', '3']);
  for (const { procore, timeout, url } of seen)
    expect({ procore, timeout, url }).toEqual({ procore: { companyId: 5 }, timeout: 20_000, url: list });
});

test('a link that leaves out the filters of the call does not lose them', async () => {
  await using server = await startListServer((request) => {
    const { body, headers } = pageOf(numbers(4), request);
    return {
      body,
      headers: { ...headers, ...(headers['link'] && { link: `<${list}?page=2>; rel="next"` }) },
    };
  });
  await collected(listAll(on(server), list, { params: { per_page: 2, q: 'x' } }));
  const queries = server.requests.map(({ query }) => Object.fromEntries(query));
  expect(queries).toEqual([
    { per_page: '2', q: 'x' },
    { page: '2', per_page: '2', q: 'x' },
  ]);
});

test('what a link adds or changes is taken over, and what it drops again is dropped', async () => {
  await using server = await startListServer(({ index }) => {
    const links = ['page=2&cursor=a%26b&per_page=3', 'cursor=c&page=3&tags%5B%5D=1&tags%5B%5D=2', undefined];
    return { body: [index], headers: links[index] ? { link: `<?${links[index]}>; rel="next"` } : {} };
  });
  await collected(listAll(on(server), list));
  const queries = server.requests.map(({ query }) => [...query]);
  expect(queries).toEqual([
    [['per_page', '100']],
    [
      ['per_page', '3'],
      ['page', '2'],
      ['cursor', 'a&b'],
    ],
    [
      ['per_page', '100'],
      ['cursor', 'c'],
      ['page', '3'],
      ['tags[]', '1'],
      ['tags[]', '2'],
    ],
  ]);
});

test.each([
  ['absolute', (url: string) => `${url}${list}?page=2`],
  ['with a path', () => `${list}?page=2`],
  ['with a query alone', () => '?page=2'],
  ['with the last part of the path', () => 'things?page=2'],
  ['without a scheme', (url: string) => `${url.replace('http:', '')}${list}?page=2`],
])('a link may be %s', async (_what, linkTo) => {
  const server: ListServer = await startListServer(({ index }) => ({
    body: [index],
    headers: index === 0 ? { link: `<${linkTo(server.url)}>; rel="next"` } : {},
  }));
  await using _server = server;
  expect(await collected(listAll(on(server), list))).toEqual([0, 1]);
  expect(server.requests.map(({ path }) => path)).toEqual([list, list]);
});

test('a list may go on at another path of the same host', async () => {
  await using server = await startListServer(({ path }) => {
    const next = { [list]: `${list}/after/1?q=x`, [`${list}/after/1`]: '2?q=x' }[path];
    return { body: [path], headers: next ? { link: `<${next}>; rel=next` } : {} };
  });
  const instance = on(server);
  const items = await collected(listAll(instance, list, { params: { q: 'x' } }));
  expect(items).toEqual([list, `${list}/after/1`, `${list}/after/2`]);
  expect(server.requests.map(({ query }) => query.getAll('q'))).toEqual([['x'], ['x'], ['x']]);
});

test('a link to another origin is an error, and nothing is sent there', async () => {
  await using other = await things(100);
  await using server = await startListServer(() => ({
    body: [1],
    headers: { link: `<${other.url}${list}?page=2>; rel="next"`, total: '500', 'per-page': '100' },
  }));
  for (const ahead of [1, 5]) {
    const error = await caught(
      collected(
        listAll(on(server, { headers: { Authorization: 'Bearer secret' } as never }), list, { ahead }),
      ),
    );
    expect(error.message).toBe(
      `axios-procore/collections: page 1 of ${list} has a Link to its next page on ${other.url}, and pages are asked for on ${server.url} only.`,
    );
  }
  expect([server.requests.length, other.requests.length]).toEqual([2, 0]);
});

test('pages that a redirect has answered are asked for where the caller asked, and links to both hosts count', async () => {
  await using target = await startListServer((request) => pageOf(numbers(4), request));
  const links: ListServer = await startListServer(({ path, query }) => ({
    status: 302,
    headers: { location: `${target.url}${path}?${query.toString()}` },
  }));
  await using _links = links;
  expect(await collected(listAll(on(links), list, { params: { per_page: 2 } }))).toEqual(numbers(4));
  expect([links.pages(), target.pages()]).toEqual([
    ['-', '2'],
    ['-', '2'],
  ]);
});

describe('a loop of links is an error that names the page, before anything comes twice', () => {
  test.each([
    ['to itself', [2, 2]],
    ['to the first page', [2, 3, 1]],
    ['to the first page at once', [1]],
    ['to a page before', [2, 3, 4, 2]],
  ])('%s', async (_what, nexts) => {
    await using server = await startListServer(({ query, index }) => ({
      body: [query.get('page') ?? '1'],
      headers: { link: `<?page=${nexts[index]}>; rel="next"`, total: '1000', 'per-page': '1' },
    }));
    const items: unknown[] = [];
    const error = await caught(
      (async () => {
        for await (const item of listAll(on(server), list)) items.push(item);
      })(),
    );
    expect(error.message).toBe(
      `axios-procore/collections: page ${nexts.length === 1 ? 1 : nexts.at(-2)} of ${list} has a Link back to page ${nexts.at(-1)}, which was read before.`,
    );
    expect(items).toHaveLength(nexts.length);
  });

  test('of links without numbers', async () => {
    await using server = await startListServer(({ index }) => ({
      body: [index],
      headers: { link: `<?cursor=${'abca'[index]}>; rel="next"` },
    }));
    const error = await caught(collected(listAll(on(server), list)));
    expect(error.message).toMatch(/: page 4 of \/rest\/v1\.0\/things has a Link back to page 5/);
    expect(server.requests).toHaveLength(4);
  });
});

describe.each([1, 3])('a list that changes on the way is read as its links say (%i at a time)', (ahead) => {
  /** A list that has another length from the second page on: pages of 2 items. */
  async function changing(before: number, after: number) {
    await using server = await startListServer((request) =>
      pageOf(numbers(request.query.has('page') ? after : before), request),
    );
    const items = await collected(listAll(on(server), list, { params: { per_page: 2 }, ahead }));
    // One by one, nothing is asked for that is not there.
    if (ahead === 1)
      expect(server.requests).toHaveLength(Math.max(1, Math.ceil(items.length / 2)) + (after === 1 ? 1 : 0));
    return items;
  }

  test('it shrinks', async () => {
    expect(await changing(9, 5)).toEqual(numbers(5));
    // The second page is empty, and has no link.
    expect(await changing(9, 1)).toEqual([1, 2]);
  });

  test('it grows', async () => {
    expect(await changing(3, 9)).toEqual(numbers(9));
  });

  test('a page in the middle is empty, and the list goes on', async () => {
    await using server = await startListServer((request) => {
      const page = pageOf(numbers(8), request);
      return request.query.get('page') === '2' ? { ...page, body: [] } : page;
    });
    const items = await collected(listAll(on(server), list, { params: { per_page: 2 }, ahead }));
    expect(items).toEqual([1, 2, 5, 6, 7, 8]);
  });
});

describe('Total', () => {
  test.each([
    ['right', '20', 10],
    ['missing', undefined, 10],
    ['no number', 'many', 10],
    ['negative', '-3', 10],
    ['zero', '0', 10],
    ['too small', '5', 10],
    // Three pages were asked for that do not exist.
    ['too big', '999999999', 13],
  ])('%s: nothing is lost or repeated', async (_what, total, most) => {
    await using server = await things(20, { total });
    expect(await collected(listAll(on(server), list, { params: { per_page: 2 }, ahead: 4 }))).toEqual(
      numbers(20),
    );
    expect(server.requests.length).toBeLessThanOrEqual(most);
    expect(server.requests.length).toBeGreaterThanOrEqual(10);
  });

  test('right: as many pages as asked for are under way at once, and never more', async () => {
    let open = 0;
    let most = 0;
    const gate: (() => void)[] = [];
    await using server = await startListServer(async (request) => {
      most = Math.max(most, ++open);
      // The first page comes at once; of the others each waits for as many as should be there, as far as there are some.
      if (request.index > 0) {
        const answered = new Promise<void>((resolve) => gate.push(resolve));
        if (gate.length === 4 || request.index === 9) gate.splice(0).forEach((go) => go());
        await answered;
      }
      open--;
      return pageOf(numbers(18), request);
    });
    expect(await collected(listAll(on(server), list, { params: { per_page: 2 }, ahead: 4 }))).toEqual(
      numbers(18),
    );
    expect(most).toBe(4);
  });

  test('right, and the last page fails ahead of its turn: what is before it comes first', async () => {
    await using server = await startListServer((request) =>
      request.query.get('page') === '4' ? { status: 500 } : pageOf(numbers(8), request),
    );
    const items: unknown[] = [];
    const error = await caught(
      (async () => {
        for await (const item of listAll(on(server), list, { params: { per_page: 2 }, ahead: 10 }))
          items.push(item);
      })(),
    );
    expect(items).toEqual(numbers(6));
    expect(error.message).toMatch(/500 \(page 4 of/);
  });
});

describe('what ends an iteration cancels what is ahead', () => {
  /** axios below 0.22 knows no signal: what was sent is answered, and nobody reads it. */
  const allHungUp = (held: readonly ListRequest[]) =>
    below('0.22') ? undefined : Promise.all(held.map(({ hungUp }) => hungUp));

  /** Answers the first two pages, and leaves the others open. */
  async function holding() {
    const server = await startListServer(async (request) => {
      const isHeld = Number(request.query.get('page') ?? 1) > 2;
      if (isHeld) await request.hungUp;
      return pageOf(numbers(100), request);
    });
    return { server, held: () => server.requests.filter(({ query }) => Number(query.get('page')) > 2) };
  }

  test('break', async () => {
    const { server, held } = await holding();
    await using _server = server;
    for await (const item of listAll(on(server), list, { params: { per_page: 2 }, ahead: 4 })) {
      if (item !== 4) continue;
      await until(() => held().length === 3);
      break;
    }
    await allHungUp(held());
    expect(server.requests).toHaveLength(5);
  });

  test('an abort, which the iteration throws as axios does', async () => {
    const { server, held } = await holding();
    await using _server = server;
    const controller = new AbortController();
    const items: unknown[] = [];
    const options = { params: { per_page: 2 }, ahead: 4, signal: controller.signal };
    const error = await caught(
      (async () => {
        for await (const item of listAll(on(server), list, options)) {
          items.push(item);
          if (item !== 3) continue;
          await until(() => held().length === 3);
          controller.abort();
        }
      })(),
    );
    expect(axios.isCancel(error)).toBe(true);
    expect(items).toEqual([1, 2, 3]);
    await allHungUp(held());
    expect(server.requests).toHaveLength(5);
  });

  test('a CancelToken', async () => {
    await using server = await things(10);
    const source = axios.CancelToken.source();
    const seen: unknown[] = [];
    const config = { params: { per_page: 2 }, cancelToken: source.token };
    const error = await caught(
      (async () => {
        for await (const page of paginate(on(server), list, config)) {
          seen.push(page.data);
          source.cancel('the user left');
        }
      })(),
    );
    expect([axios.isCancel(error), error.message]).toEqual([true, 'the user left']);
    expect([seen.length, server.requests.length]).toEqual([1, 1]);
  });

  test('an abort before the beginning sends nothing', async () => {
    await using server = await things(10);
    const error = await caught(collected(listAll(on(server), list, { signal: AbortSignal.abort() })));
    expect(axios.isCancel(error)).toBe(true);
    expect(server.requests).toEqual([]);
  });

  test('the error of a page can be asked for again by its configuration', async () => {
    await using server = await startListServer((request) =>
      request.query.get('page') === '3' ? { status: 500 } : pageOf(numbers(10), request),
    );
    const error = await caught(
      collected(
        listAll(on(server), list, {
          params: { per_page: 2 },
          ahead: 3,
          signal: new AbortController().signal,
        }),
      ),
    );
    expect(error.config?.signal?.aborted ?? false).toBe(false);
  });
});

describe('what an instance makes of its answers', () => {
  test.each([1, 4])('interceptors that unwrap response.data (%i at a time)', async (ahead) => {
    await using server = await things(9);
    const instance = on(server);
    instance.interceptors.response.use(({ data }) => data as never);
    const options = { params: { per_page: 2 }, ahead };
    expect(await collected(listAll(instance, list, options))).toEqual(numbers(9));
    const pages = await collected(paginate(instance, list, { params: { per_page: 4 } }));
    expect(pages as unknown).toEqual([[1, 2, 3, 4], [5, 6, 7, 8], [9]]);
  });

  test('interceptors that change the items', async () => {
    await using server = await things(3);
    const instance = on(server);
    instance.interceptors.response.use((response) => {
      response.data = (response.data as number[]).map((n) => ({ n }));
      return response;
    });
    expect(await collected(listAll(instance, list, { params: { per_page: 2 } }))).toEqual([
      { n: 1 },
      { n: 2 },
      { n: 3 },
    ]);
  });

  test('interceptors that put a prefix before the URL and add parameters', async () => {
    await using server = await things(5);
    const instance = axios.create({ proxy: false });
    instance.interceptors.request.use((config) => {
      config.url = `${server.url}/rest/v1.0${config.url}`;
      config.params = { ...config.params, locale: 'en' };
      return config;
    });
    expect(await collected(listAll(instance, '/things', { params: { per_page: 2 }, ahead: 2 }))).toEqual(
      numbers(5),
    );
    expect(server.requests.map(({ path, query }) => [path, query.getAll('locale')])).toEqual(
      Array.from({ length: 3 }, () => [list, ['en']]),
    );
  });

  test('interceptors that swallow failures end no list silently', async () => {
    await using server = await startListServer((request) =>
      request.index === 1 ? { status: 500, body: 'oops' } : pageOf(numbers(5), request),
    );
    for (const swallowed of [undefined, { ok: false }]) {
      server.requests.length = 0;
      const instance = on(server);
      instance.interceptors.response.use(undefined, () => swallowed);
      for (const iterable of [
        listAll(instance, list, { params: { per_page: 2 } }),
        paginate(instance, list, { params: { per_page: 2 } }),
      ]) {
        server.requests.length = 0;
        expect((await caught(collected<unknown>(iterable))).message).toBe(
          `axios-procore/collections: page 2 of ${list}: an interceptor of the instance has replaced the response by something that is neither a response nor a list.`,
        );
      }
    }
  });

  test('a validateStatus that accepts everything ends no list silently', async () => {
    await using server = await startListServer((request) =>
      request.index === 1 ? { status: 500, body: [] } : pageOf(numbers(5), request),
    );
    const instance = on(server, { validateStatus: () => true });
    const error = await caught(collected(listAll(instance, list, { params: { per_page: 2 } })));
    expect(error.message).toBe(`axios-procore/collections: page 2 of ${list} was answered with status 500.`);
    expect(error.response?.status).toBe(500);
  });

  test('ids beyond 2^53 as the parser of the instance gives them', async () => {
    await using server = await startListServer(() => ({ body: '[{"id":9007199254740993}]' }));
    const instance = on(server, { transformResponse: [(text: string) => exact(text)] });
    expect(await collected(listAll(instance, list))).toMatchObject([{ id: '9007199254740993' }]);
  });
});

test('v1 arrays, v2 envelopes, and endpoints that do not page', async () => {
  const bodies: unknown[] = [[1, 2], { data: [1, 2] }, { data: { id: 1 } }, { id: 1 }, '', 'text', null];
  const results: unknown[] = [];
  for (const body of bodies) {
    await using server = await startListServer(() => ({
      body: body === '' ? '' : body === null ? 'null' : body,
    }));
    results.push(await collected(listAll(on(server), list)).catch((error: Error) => error.message));
    expect(server.requests).toHaveLength(1);
  }
  const none = `axios-procore/collections: page 1 of ${list} has no list: neither an array nor a "data" that is one.`;
  expect(results).toEqual([[1, 2], [1, 2], none, none, none, none, none]);
});

test('a Link that cannot be read is an error: the list would end too early', async () => {
  await using server = await startListServer(() => ({ body: [1], headers: { link: 'page 2, please' } }));
  expect((await caught(collected(listAll(on(server), list)))).message).toBe(
    `axios-procore/collections: page 1 of ${list} has a header Link that cannot be read.`,
  );
});

test('each iteration begins anew', async () => {
  await using server = await things(3);
  const all = listAll(on(server), list, { params: { per_page: 2 } });
  expect([await collected(all), await collected(all)]).toEqual([numbers(3), numbers(3)]);
});
