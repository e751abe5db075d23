import type { AxiosInstance, AxiosRequestConfig } from 'axios';
import { ask, type Page } from './ask.js';
import { createOwnSignal } from './canceled.js';
import { pagesAfter } from './foresee.js';
import { keyOf, type PageRequest } from './next-page.js';

/** The requests of a list that are under way: that of the page whose turn it is, and those of pages after it. */
export interface Ahead {
  /** The page, asked for now or ahead; `last` is the number of the last page, as far as it is known, and the pages up to it may be begun. */
  take(page: PageRequest, last: number | undefined): Promise<Page>;
  /** Aborts what is under way. */
  end(): void;
}

interface Begun {
  readonly page: PageRequest;
  readonly answer: Promise<Page>;
  abort(): void;
}

/** Creates the requests of a list: `count` of them at a time. */
export function createAhead(instance: AxiosInstance, config: AxiosRequestConfig, count: number): Ahead {
  let begun: Begun[] = [];
  let isForeseeable = count > 1;

  function begin(page: PageRequest): Begun {
    const own = createOwnSignal(config.signal);
    const answer = ask(instance, { ...config, signal: own.signal }, page).finally(own.release);
    // It is told when its turn comes. A page that gets no turn fails nobody.
    answer.catch(() => undefined);
    return { page, answer, abort: own.abort };
  }

  function end(): void {
    for (const { abort } of begun) abort();
    begun = [];
  }

  return {
    end,
    take(page, last) {
      if (count === 1) return ask(instance, config, page);
      const [head] = begun;
      if (head && keyOf(head.page) !== keyOf(page)) {
        // The links do not count on by one, so nothing can be foreseen.
        end();
        isForeseeable = false;
      }
      if (begun.length === 0) begun.push(begin(page));
      const [turn] = begun as [Begun];
      if (isForeseeable)
        for (const one of pagesAfter(page, count - 1, last).slice(begun.length - 1)) begun.push(begin(one));
      return turn.answer.finally(() => (begun = begun.filter((one) => one !== turn)));
    },
  };
}
