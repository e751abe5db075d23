import * as caseConverter from 'axios-case-converter';
import type { AxiosInstance } from 'axios';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { partialFailures } from '../../src/failure/partial-failures.js';
import { createHarness } from '../support/harness.js';

const applyCaseMiddleware = caseConverter.default as unknown as (instance: AxiosInstance) => unknown;
const createJsonBigint = createRequire(import.meta.url)('json-bigint') as (options: object) => {
  parse(text: string): unknown;
};

const id = '562949953421312001';
const sync = `{"entities":[],"errors":[{"origin_id":"a-1","id":${id},"errors":{"due_date":["is in the past"]}}]}`;
const made = `{"failures":[{"upload_id":"u-1","reason_code":"TOO_BIG","message":"too big"}]}`;
const many = `{"data":{"failed":[{"id":7,"error":"no"}]}}`;

const others: [string, (instance: AxiosInstance) => void][] = [
  ['nothing', () => undefined],
  ['axios-case-converter', (instance) => void applyCaseMiddleware(instance)],
  [
    'json-bigint',
    (instance) => {
      const { parse } = createJsonBigint({ storeAsString: false });
      instance.defaults.transformResponse = [(text: string) => parse(text)];
    },
  ],
  [
    'an interceptor that returns a copy with other keys',
    (instance) => {
      instance.interceptors.response.use((response) => ({ ...response, data: { result: response.data } }));
    },
  ],
];

test.each(others)(
  'partialFailures reads what the server sent, with %s on the instance',
  async (_who, put) => {
    await using h = await createHarness();
    put(h.instance);
    const answer = (status: number, body: string) =>
      void h.emulator.misbehave({
        on: 'api',
        do: { kind: 'answer', status, body, headers: { 'content-type': 'application/json' } },
      });
    answer(200, sync);
    const [failure] = partialFailures(await h.instance.patch('/rest/v1.0/x/sync', {}));
    expect(failure).toMatchObject({ id, fields: { due_date: ['is in the past'] } });
    expect(failure!.item).toMatchObject({ origin_id: 'a-1' });
    answer(201, made);
    expect(partialFailures(await h.instance.post('/rest/v1.0/x', {}))).toMatchObject([
      { id: 'u-1', code: 'TOO_BIG', messages: ['too big'] },
    ]);
    answer(207, many);
    expect(partialFailures(await h.instance.post('/rest/v1.0/x', {}))).toMatchObject([{ id: 7 }]);
  },
);

test('a success without failures leaves nothing behind on the configuration', async () => {
  await using h = await createHarness();
  const { config } = await h.instance.get('/rest/v1.0/me');
  const names = Object.getOwnPropertySymbols(config).map(String);
  expect(names.filter((name) => name.includes('raw-body'))).toEqual([]);
});
