import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { AxiosCopy } from './copy.js';

/** Sends one request. The contract of an axios adapter. */
export type Adapter = (config: AxiosRequestConfig) => Promise<AxiosResponse>;

const isNode = typeof process === 'object' && typeof process.versions?.node === 'string';

/** The function behind `config.adapter`: a function in 0.x and 1.0, a name or a list of names from 1.2 on. */
export function resolveAdapter(copy: AxiosCopy, adapter: unknown, config: AxiosRequestConfig): Adapter {
  return typeof adapter === 'function' ? (adapter as Adapter) : copy.adapterOf(adapter, config);
}

/**
 * One of axios's own adapters, and no other: a function in `chosen`, or in `axios.defaults`, is the application's, a mock or a logger more
 * often than not, and must not see what this request carries. Names stand for axios's own.
 */
export function ownAdapter(copy: AxiosCopy, chosen: unknown, config: AxiosRequestConfig): Adapter {
  const names = [chosen].flat().filter((each) => typeof each === 'string');
  return resolveAdapter(copy, names.length > 0 ? names : copy.ownChoice, config);
}

/**
 * True where redirects would be followed and nobody told: by axios below 0.27, which has no `beforeRedirect`, and by the fetch adapter.
 * A browser shows nobody what it is redirected to.
 */
export function hidesRedirects(
  copy: AxiosCopy,
  adapter: Adapter,
  chosen: unknown,
  config: AxiosRequestConfig,
): boolean {
  return isNode && (!copy.tellsRedirects || copy.isFetch(adapter, chosen, config));
}
