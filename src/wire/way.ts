import type { AxiosRequestConfig } from 'axios';
import { ownValue } from './own.js';

/** What of a configuration decides which way a request takes; the certificates that are trusted are in the agents, or in `http2Options`. */
const fields = [
  'httpAgent',
  'httpsAgent',
  'proxy',
  'lookup',
  'family',
  'httpVersion',
  'http2Options',
] as const;

/** The way that a request takes: agents, proxy, how names are resolved, which HTTP; for fetch the dispatcher. */
export type Way = { readonly [field in (typeof fields)[number]]?: unknown } & {
  readonly fetchOptions?: { readonly dispatcher?: unknown } | undefined;
};

/** Takes the way out of a configuration, field by field; what it leaves open is filled up from others. */
export function wayOf(...configs: readonly (AxiosRequestConfig | Way | undefined)[]): Way {
  const ways = configs.filter((config) => config !== undefined) as Way[];
  const way: Record<string, unknown> = {};
  for (const field of fields) {
    const value = ways.map((each) => ownValue(each, field)).find((each) => each !== undefined);
    if (value !== undefined) way[field] = value;
  }
  const dispatcher = ways
    .map((each) => ownValue(each, 'fetchOptions'))
    .map((options) => options && ownValue(options, 'dispatcher'))
    .find(Boolean);
  if (dispatcher) way['fetchOptions'] = { dispatcher };
  return way;
}
