import MockAdapter from 'axios-mock-adapter';
import { setupCache } from 'axios-cache-interceptor';
import axios, { type AxiosInstance } from 'axios';
import { expect, test } from 'vitest';
import { listAll } from '../../../src/collections/index.js';
import { numbers, pageOf, startListServer } from '../../support/list-server.js';

async function itemsOf(instance: AxiosInstance, params?: object): Promise<unknown[]> {
  const items: unknown[] = [];
  for await (const item of listAll(instance, '/list', { params, ahead: 2 })) items.push(item);
  return items;
}

test('with axios-cache-interceptor a list comes whole from the cache, too', async () => {
  await using server = await startListServer((request) =>
    pageOf(numbers(5), request, { 'cache-control': 'max-age=100' }),
  );
  const instance = setupCache(axios.create({ baseURL: server.url, proxy: false })) as unknown;
  for (let run = 0; run < 2; run++)
    expect(await itemsOf(instance as AxiosInstance, { per_page: 2 })).toEqual(numbers(5));
  expect(server.requests).toHaveLength(3);
});

test('axios-mock-adapter finds a page by its URL and by numbers in its parameters', async () => {
  const instance = axios.create({ baseURL: 'https://api.procore.com' });
  const mock = new MockAdapter(instance as never);
  const link = '<https://api.procore.com/list?page=2&per_page=100>; rel="next"';
  mock.onGet('/list', { params: { per_page: 100 } }).reply(200, [1], { link });
  mock.onGet('/list', { params: { per_page: 100, page: 2 } }).reply(200, [2]);
  expect(await itemsOf(instance)).toEqual([1, 2]);
});
