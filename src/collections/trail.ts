import { keyOf, type PageRequest } from './next-page.js';

/** The pages of a list that were asked for, by which a loop of links is noticed. */
export interface Trail {
  /** Whether this page was asked for before; remembers it where it was not. */
  leadsBackTo(page: PageRequest): boolean;
}

/**
 * Begins at the first page. Numbers have to grow, so of numbered pages only the last number is kept: a list of a million items needs no
 * more memory than one of ten. Other pages are kept by their query.
 */
export function createTrail(first: PageRequest): Trail {
  const keys = new Set<string>();
  let number = first.number;
  return {
    leadsBackTo(page) {
      if (page.isNumbered) {
        const isBack = page.number <= number;
        number = Math.max(number, page.number);
        return isBack;
      }
      const key = keyOf(page);
      if (keys.has(key)) return true;
      keys.add(key);
      return false;
    },
  };
}
