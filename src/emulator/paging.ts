import type { Arrival } from './message.js';

/** One page of a list, and its headers. */
export interface Page<Item> {
  readonly slice: readonly Item[];
  readonly headers: Record<string, string>;
}

/**
 * One page of a list, with `Link`, `Total` and `Per-Page`. `Link` names `first` and `prev` from the second page on, `next` and
 * `last` up to the last but one, and is absent when all fits on one page. `usual` and `most` are the sizes of a page. Source: Procore,
 * "Pagination".
 */
export function page<Item>(
  items: readonly Item[],
  request: Pick<Arrival, 'path' | 'query'>,
  origin: string,
  { usual, most }: { usual: number; most: number },
): Page<Item> {
  const query = new URLSearchParams(request.query);
  const perPage = Math.min(countIn(query, 'per_page') ?? usual, most);
  const current = countIn(query, 'page') ?? 1;
  const last = Math.max(1, Math.ceil(items.length / perPage));
  const link = (rel: string, number: number): string => {
    const target = new URLSearchParams(query);
    target.set('page', String(number));
    target.set('per_page', String(perPage));
    return `<${origin}${request.path}?${target.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(current > 1 ? [link('first', 1), link('prev', Math.min(current - 1, last))] : []),
    ...(current < last ? [link('last', last), link('next', current + 1)] : []),
  ];
  return {
    slice: items.slice((current - 1) * perPage, current * perPage),
    headers: {
      total: String(items.length),
      'per-page': String(perPage),
      ...(links.length > 0 && { link: links.join(', ') }),
    },
  };
}

function countIn(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name) ?? '';
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : undefined;
}
