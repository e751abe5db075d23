import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { namesFetch, type AxiosCopy } from './copy.js';

/** An axios adapter: a function that sends one request. */
export type Adapter = (config: AxiosRequestConfig) => Promise<AxiosResponse>;

const isNode = typeof process === 'object' && typeof process.versions?.node === 'string';

/** The adapter that `config.adapter` means. In axios 0.x and 1.0 that is a function; from 1.2 on it may be a name or a list of names. */
export function resolveAdapter(copy: AxiosCopy, adapter: unknown, config: AxiosRequestConfig): Adapter {
  return typeof adapter === 'function' ? (adapter as Adapter) : copy.adapterOf(adapter, config);
}

/** The adapter of a call, and what has to be known of it. */
export interface ChosenAdapter {
  readonly adapter: Adapter;
  /** Whether it is an adapter of axios's own, which reads the headers of a configuration before it returns. */
  readonly isOwn: boolean;
  /** Whether it follows redirects without calling `beforeRedirect`. */
  readonly hidesRedirects: boolean;
}

/** Creates the look-up of adapters for an instance of this copy. It remembers the last choice, because nearly all calls have the same. */
export function createAdapters(
  copy: AxiosCopy,
): (chosen: unknown, config: AxiosRequestConfig) => ChosenAdapter {
  let last: { readonly chosen: unknown; readonly is: ChosenAdapter } | undefined;

  return (chosen, config) => {
    const isUsual = !hasOwnFetch(config);
    if (last && isUsual && isSame(chosen, last.chosen)) return last.is;
    const adapter = resolveAdapter(copy, chosen, config);
    const isNames = [chosen].flat().every(isName);
    // A function may be axios's own adapter as well, before axios 1.2, which gave its adapters names.
    const isOwn = isNames || (chosen === copy.ownChoice && adapter.name === 'httpAdapter');
    const is = { adapter, isOwn, hidesRedirects: hidesRedirects(copy, adapter, chosen, config) };
    // The application may change the default, and the `env` of the call decides which `fetch` is called.
    if (isUsual && (typeof chosen === 'function' || (isNames && !namesFetch(chosen))))
      last = { chosen: Array.isArray(chosen) ? [...(chosen as unknown[])] : chosen, is };
    return is;
  };
}

/** Whether the call has a `fetch` of its own, which axios uses where a list of names ends with `fetch` and nothing before it works. */
function hasOwnFetch({ env }: { env?: unknown }): boolean {
  if (typeof env !== 'object' || env === null) return false;
  return 'fetch' in env || 'Request' in env || 'Response' in env;
}

/** Compares names by their content, because axios makes a new list of names for each call. */
function isSame(chosen: unknown, other: unknown): boolean {
  if (chosen === other) return true;
  if (!Array.isArray(chosen) || !Array.isArray(other) || chosen.length !== other.length) return false;
  for (let at = 0; at < chosen.length; at++) if (chosen[at] !== other[at]) return false;
  return true;
}

function isName(value: unknown): boolean {
  return typeof value === 'string';
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
function hidesRedirects(
  copy: AxiosCopy,
  adapter: Adapter,
  chosen: unknown,
  config: AxiosRequestConfig,
): boolean {
  return isNode && (!copy.tellsRedirects || copy.isFetch(adapter, chosen, config));
}
