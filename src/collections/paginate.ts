import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { checkCall } from './options.js';
import { pagesOf } from './pages.js';

/**
 * The pages of a list, one after another: each the response of a GET, through the interceptors of the instance as ever. The link with
 * `rel="next"` leads to the next one; without one the page is the last, so that an endpoint that does not page gives one page. Each
 * iteration begins anew.
 *
 * Throws a `TypeError` for a wrong argument at once. The iteration throws what a call fails with, unchanged but for the page in its message,
 * and an `Error` for a link to another origin or to a page that was read before.
 *
 * @param url a URL as the instance takes it, with or without a query.
 * @param config goes with every page and is not changed; `params.per_page` is 100 unless it is given.
 *
 * @example
 * for await (const { data, headers } of paginate(api, '/rest/v1.0/companies')) console.log(data, headers['total']);
 */
export function paginate<Body = unknown>(
  instance: AxiosInstance,
  url: string,
  config: AxiosRequestConfig = {},
): AsyncIterable<AxiosResponse<Body>> {
  checkCall('paginate', instance, url, config);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const { value } of pagesOf(instance, url, config, 1)) yield value as AxiosResponse<Body>;
    },
  };
}
