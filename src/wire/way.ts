import type { AxiosRequestConfig } from 'axios';
import { ownValue } from './prototype-pollution.js';

/**
 * The fields of an axios configuration that decide how a request travels. Trusted certificates are part of the agents or `http2Options`.
 */
const fields = [
  'httpAgent',
  'httpsAgent',
  'proxy',
  'lookup',
  'family',
  'httpVersion',
  'http2Options',
] as const;

/** How a request travels: agents, proxy, name resolution, HTTP version, and for fetch the dispatcher. */
export type Way = { readonly [field in (typeof fields)[number]]?: unknown } & {
  readonly fetchOptions?: { readonly dispatcher?: unknown } | undefined;
};

/** Reads these fields; each is taken from the first of the configurations that sets it. */
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
