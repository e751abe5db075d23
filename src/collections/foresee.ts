import { headerOf } from '../wire/headers.js';
import type { PageRequest } from './next-page.js';

/**
 * The number of a list's last page, by the headers `Total` and `Per-Page` of one of its pages; undefined where they do not tell. The number
 * only says how many pages may be asked for ahead: where a list ends is decided by its links.
 */
export function lastPageBy(headers: object | undefined): number | undefined {
  const total = countIn(headerOf(headers, 'total'));
  const perPage = countIn(headerOf(headers, 'per-page'));
  return total === undefined || !perPage ? undefined : Math.ceil(total / perPage);
}

/** The `count` pages after this one, as far as the list has them. None where the link that leads to this one has no number. */
export function pagesAfter(page: PageRequest, count: number, last: number | undefined): PageRequest[] {
  if (!page.isNumbered || last === undefined) return [];
  const length = Math.max(0, Math.min(count, last - page.number));
  return Array.from({ length }, (_, index) => {
    const number = page.number + 1 + index;
    return { ...page, number, changes: { ...page.changes, page: [String(number)] } };
  });
}

function countIn(header: unknown): number | undefined {
  const text = String(header).trim();
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
