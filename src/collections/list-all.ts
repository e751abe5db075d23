import type { AxiosInstance } from 'axios';
import type { Page } from './ask.js';
import { throwIfCanceled } from './canceled.js';
import { itemsOf } from './items.js';
import { pageName } from './naming.js';
import { resolveListOptions, type ListOptions } from './options.js';
import { pagesOf } from './pages.js';
import { errorOn, failedStatus, responseIn } from './response.js';

/**
 * All items of a list, page by page: of a v1 array or of a v2 `{ data }`, as the instance's own parser and interceptors give them. The pages
 * are those of {@link paginate}. `break`, an error and an abort end the requests that are under way. Each iteration begins anew.
 *
 * Throws a `TypeError` for a wrong argument at once. The iteration throws what `paginate` throws, and an `Error` for a page that has no list
 * or a status that is no success.
 *
 * @example
 * for await (const project of listAll<{ id: number }>(api, '/rest/v1.0/projects', { ahead: 4 })) console.log(project.id);
 */
export function listAll<Item = unknown>(
  instance: AxiosInstance,
  url: string,
  options: ListOptions = {},
): AsyncIterable<Item> {
  const { config, ahead } = resolveListOptions(instance, url, options);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const page of pagesOf(instance, url, config, ahead)) {
        for (const item of itemsIn(page)) {
          throwIfCanceled(config);
          yield item as Item;
        }
      }
    },
  };
}

function itemsIn({ request, value }: Page): readonly unknown[] {
  const response = responseIn(value);
  const items = itemsOf(value);
  const status = failedStatus(response);
  if (items && status === undefined) return items;
  const what =
    status === undefined
      ? 'has no list: neither an array nor a "data" that is one'
      : `was answered with status ${status}`;
  throw errorOn(response, `axios-procore/collections: ${pageName(request.url, request.number)} ${what}.`);
}
