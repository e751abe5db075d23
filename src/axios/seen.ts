import type { AxiosRequestConfig } from 'axios';
import type { Adapter } from './adapter.js';
import { adaptersBy } from './bare.js';
import { namesFetch, type AxiosCopy, type AxiosModule } from './copy.js';

/** The facts of a copy of axios, read from its exports. */
export function copyOfModule(axios: AxiosModule): AxiosCopy {
  const { Axios, AxiosError, CancelToken, VERSION: version } = axios;
  const bare = new Axios({});
  const initial: unknown = (axios.defaults as AxiosRequestConfig).adapter;
  let byBare: ReturnType<typeof adaptersBy> | undefined;
  /**
   * The fetch adapter for a configuration without `env`. It is looked up once, because axios makes an error, which is slow, for a name that
   * it does not know.
   */
  const plainFetch = fetchOf({});

  /** The fetch adapter; undefined below axios 1.7, which has none. */
  function fetchOf(config: AxiosRequestConfig): Adapter | undefined {
    try {
      return axios.getAdapter?.('fetch', config);
    } catch {
      return undefined;
    }
  }

  return {
    version,
    knowsSignal: 'subscribe' in (CancelToken.prototype as object),
    tellsRedirects: AxiosError !== undefined,
    losesQueries: version === '1.0.0',
    CancelToken,
    AxiosError,
    Canceled: axios.CanceledError ?? axios.Cancel,
    // Where axios has `getAdapter` (from 1.5 on), its own default is a list of names. A function was put there by the application.
    ownChoice: typeof initial === 'function' && axios.getAdapter ? ['xhr', 'http', 'fetch'] : initial,
    adapterOf(choice, config) {
      const chosen = choice ?? (axios.defaults as AxiosRequestConfig).adapter;
      if (typeof chosen === 'function') return chosen as Adapter;
      if (axios.getAdapter) return axios.getAdapter(chosen, config);
      byBare ??= adaptersBy(bare);
      return byBare(chosen);
    },
    isFetch(adapter, chosen, config) {
      if (!plainFetch) return false;
      // The adapter was given as a function, alone or in a list, or by its name in a configuration without `env`.
      if (adapter === plainFetch) return true;
      if (typeof chosen === 'function') return false;
      const choice: unknown = chosen ?? (axios.defaults as AxiosRequestConfig).adapter;
      return namesFetch(choice) && adapter === fetchOf(config);
    },
    getUri: (config) => bare.getUri(config),
  };
}
