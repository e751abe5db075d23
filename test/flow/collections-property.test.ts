import axios, { type AxiosRequestConfig } from 'axios';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { listAll } from '../../src/collections/index.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import { numbers } from '../support/list-server.js';
import { createManualEnv } from '../support/manual-env.js';
import { axiosError } from '../support/versions.js';

const apiUrl = 'https://api.procore.com';
type Failure = 500 | 502 | 503 | 504 | 429 | 'reset' | 'timeout';

/** How a server deals with a list. */
interface Course {
  length: number;
  perPage: number;
  ahead: number;
  total: 'right' | 'missing' | 'too small' | 'too big' | 'garbage';
  links: 'absolute' | 'relative' | 'numbered by two';
  /** What the requests before a success fail with, by page; less often than an attached instance repeats them. */
  failures: Failure[][];
  /** For how many turns of the event loop the answers wait. */
  delays: number[];
}

const courses: fc.Arbitrary<Course> = fc.record({
  length: fc.nat(60),
  perPage: fc.integer({ min: 1, max: 12 }),
  ahead: fc.integer({ min: 1, max: 10 }),
  total: fc.constantFrom('right', 'missing', 'too small', 'too big', 'garbage'),
  links: fc.constantFrom('absolute', 'relative', 'numbered by two'),
  failures: fc.array(
    fc.array(fc.constantFrom<Failure>(500, 502, 503, 504, 429, 'reset', 'timeout'), { maxLength: 2 }),
    { maxLength: 15 },
  ),
  delays: fc.array(fc.nat(6), { minLength: 1, maxLength: 7 }),
});

/** A list behind an adapter that fails and dawdles as the course says. */
function adapterOf({ length, perPage, total, links, failures, delays }: Course) {
  const left = failures.map((some) => [...some]);
  const step = links === 'numbered by two' ? 2 : 1;
  const totals = {
    right: length,
    missing: undefined,
    'too small': Math.floor(length / 2),
    'too big': length * 3 + 50,
    garbage: 'NaN',
  };
  let count = 0;
  return async (config: AxiosRequestConfig) => {
    const turns = delays[count++ % delays.length]!;
    for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
    const { page: given = 1 } = config.params as { page?: number };
    // Where links count by two, there are no pages of other numbers.
    const page = (Number(given) - 1) / step + 1;
    const failure = Number.isInteger(page) ? left[page - 1]?.pop() : 500;
    if (failure === 'reset') throw axiosError('socket hang up', 'ECONNRESET', config, {});
    if (failure === 'timeout') throw axiosError('timeout of 1ms exceeded', 'ECONNABORTED', config, {});
    if (failure) {
      const headers = { 'content-type': 'application/json', ...(failure === 429 && { 'retry-after': '1' }) };
      return { status: failure, statusText: '', headers, data: '{"message":"no"}', config, request: {} };
    }
    const next = `${links === 'absolute' ? apiUrl : ''}/rest/v1.0/list?page=${page * step + 1}&per_page=${perPage}`;
    const sent = {
      link: page * perPage < length ? `<${next}>; rel="next"` : undefined,
      total: totals[total],
      'per-page': String(perPage),
    };
    const headers = Object.fromEntries(
      Object.entries(sent).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
    );
    const data = JSON.stringify(numbers(length).slice((page - 1) * perPage, page * perPage));
    return { status: 200, statusText: 'OK', headers, data, config, request: {} };
  };
}

test('a list of any length in any page size comes out whole and in order, with any number of pages ahead, whatever fails on the way', async () => {
  await fc.assert(
    fc.asyncProperty(courses, async (course) => {
      const env = createManualEnv();
      const instance = axios.create({ baseURL: apiUrl, adapter: adapterOf(course) as never });
      createAttach(env, {})(instance, {
        clientId: 'id',
        clientSecret: 'secret',
        store: memoryTokenStore({ access_token: 'access', refresh_token: 'refresh', expires_in: 5400 }),
      });
      const items: unknown[] = [];
      const { perPage, ahead, length } = course;
      const read = async () => {
        for await (const item of listAll(instance, '/rest/v1.0/list', {
          params: { per_page: perPage },
          ahead,
        }))
          items.push(item);
      };
      await env.drive(read(), 1000);
      expect(items).toEqual(numbers(length));
    }),
    { numRuns: 150 },
  );
});
