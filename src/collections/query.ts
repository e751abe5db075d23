import type { Query } from './next-page.js';

/** How many items a page has where the caller does not say so. Procore has 10 by default on v2 endpoints, and allows 100 on all. */
const perPageByDefault = 100;

/** The parameters of the first page: the caller's, with `per_page` where neither the caller, the URL nor the instance's defaults have it. */
export function firstParams(url: string, given: unknown, defaults: unknown): unknown {
  const own = queryOf(url);
  if (own.has('per_page') || has(given, 'per_page') || has(defaults, 'per_page')) return given;
  return withChanges(given, { per_page: [String(perPageByDefault)] });
}

/** A copy of the caller's parameters with those changed that a link changes. */
export function withChanges(given: unknown, changes: Query): unknown {
  if (isSearchParams(given)) {
    const params = new URLSearchParams(given);
    for (const [name, values] of Object.entries(changes)) {
      params.delete(name);
      for (const value of values) params.append(name, value);
    }
    return params;
  }
  return {
    ...(given as object | undefined),
    ...Object.fromEntries(Object.entries(changes).map(asAxiosTakesIt)),
  };
}

/** A URL without those parameters of its own query that a link changes. */
export function withoutChanged(url: string, changes: Query): string {
  const [, path = '', query = ''] = /^([^?#]*)(?:\?([^#]*))?/.exec(url) ?? [];
  const kept = query
    .split('&')
    .filter(
      (pair) =>
        pair !== '' && ![...new URLSearchParams(pair).keys()].some((name) => Object.hasOwn(changes, name)),
    );
  return kept.length === 0 ? path : `${path}?${kept.join('&')}`;
}

/** Whether the query of a URL or the caller's parameters name a page to begin with. */
export function firstNumber(url: string, given: unknown): number {
  const named = isSearchParams(given)
    ? given.get('page')
    : (given as { page?: unknown } | null | undefined)?.page;
  const number = Number(named ?? queryOf(url).get('page') ?? 1);
  return Number.isSafeInteger(number) ? number : 1;
}

/**
 * A parameter as a caller would give it to axios: it writes `[]` behind the name of an array itself, and the application's interceptors and
 * mocks take numbers of pages for numbers.
 */
function asAxiosTakesIt([name, values]: [string, readonly string[]]): [string, unknown] {
  const [value] = values;
  if (values.length !== 1 || name.endsWith('[]')) return [name.replace(/\[\]$/, ''), [...values]];
  const isCount = /^(page|per_page)$/.test(name) && /^(0|[1-9]\d{0,14})$/.test(value ?? '');
  return [name, isCount ? Number(value) : value];
}

function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(/\?([^#]*)/.exec(url)?.[1] ?? '');
}

function has(params: unknown, name: string): boolean {
  if (isSearchParams(params)) return params.has(name);
  return typeof params === 'object' && params !== null && Object.hasOwn(params, name);
}

function isSearchParams(params: unknown): params is URLSearchParams {
  return Object.prototype.toString.call(params) === '[object URLSearchParams]';
}
