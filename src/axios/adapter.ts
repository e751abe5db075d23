import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { AxiosCopy } from './copy.js';

/** An axios adapter: a function that sends one request. */
export type Adapter = (config: AxiosRequestConfig) => Promise<AxiosResponse>;

const isNode = typeof process === 'object' && typeof process.versions?.node === 'string';

/** The adapter that `config.adapter` means. In axios 0.x and 1.0 that is a function; from 1.2 on it may be a name or a list of names. */
export function resolveAdapter(copy: AxiosCopy, adapter: unknown, config: AxiosRequestConfig): Adapter {
  return typeof adapter === 'function' ? (adapter as Adapter) : copy.adapterOf(adapter, config);
}

/**
 * One of axios's own adapters, for a token request. A function in `chosen` or in `axios.defaults` belongs to the application: most often it
 * is a mock or a logger, which must not see the client secret. Names always mean axios's own adapters.
 */
export function ownAdapter(copy: AxiosCopy, chosen: unknown, config: AxiosRequestConfig): Adapter {
  const names = [chosen].flat().filter((each) => typeof each === 'string');
  return resolveAdapter(copy, names.length > 0 ? names : copy.ownChoice, config);
}

/**
 * True where the adapter follows redirects without calling `beforeRedirect`: axios below 0.27, which does not have it, and the fetch
 * adapter. In a browser false, because a browser does not reveal redirects to anybody.
 */
export function hidesRedirects(
  copy: AxiosCopy,
  adapter: Adapter,
  chosen: unknown,
  config: AxiosRequestConfig,
): boolean {
  return isNode && (!copy.tellsRedirects || copy.isFetch(adapter, chosen, config));
}
