import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { headerOf } from '../wire/headers.js';
import { createAhead } from './ahead.js';
import { ask, type Page } from './ask.js';
import { throwIfCanceled } from './canceled.js';
import { lastPageBy } from './foresee.js';
import { pageName } from './naming.js';
import { nextPage, type PageRequest } from './next-page.js';
import { firstNumber, firstParams } from './query.js';
import { createTrail } from './trail.js';

/**
 * The pages of a list, in order, each by the link of the one before. With `ahead` above 1 the pages after it are asked for at the same time,
 * by their numbers, as far as `Total` says that there are some. A page counts only where the link of the page before leads to it. So a wrong
 * `Total` costs a few requests at most, and no item is lost or repeated for it.
 *
 * Whatever ends the iteration aborts the requests that are under way.
 */
export async function* pagesOf(
  instance: AxiosInstance,
  url: string,
  given: AxiosRequestConfig,
  ahead: number,
): AsyncGenerator<Page, void, undefined> {
  const params = firstParams(url, given.params, instance.defaults?.params);
  const config: AxiosRequestConfig = { ...given, params };
  const first: PageRequest = { url, changes: {}, number: firstNumber(url, params), isNumbered: true };
  const trail = createTrail(first);
  const requests = createAhead(instance, config, ahead);
  try {
    throwIfCanceled(config);
    let page = await ask(instance, config, first);
    const start = { url, asked: page.place.asked };
    for (;;) {
      yield page;
      const next = nextPage(headerOf(page.headers, 'link'), page.place, start, page.request);
      if (next.kind === 'end') return;
      if (next.kind === 'wrong') throw wrong(page, next.why);
      if (trail.leadsBackTo(next.page))
        throw wrong(page, `has a Link back to page ${next.page.number}, which was read before`);
      throwIfCanceled(config);
      page = await requests.take(next.page, lastPageBy(page.headers));
    }
  } finally {
    requests.end();
  }
}

function wrong({ request }: Page, why: string): Error {
  return new Error(`axios-procore/collections: ${pageName(request.url, request.number)} ${why}.`);
}
