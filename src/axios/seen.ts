import type { AxiosRequestConfig } from 'axios';
import type { Adapter } from './adapter.js';
import { adaptersBy } from './bare.js';
import { namesFetch, type AxiosCopy, type AxiosModule } from './copy.js';

/** The copy whose exports are at hand: they tell everything. */
export function copyOfModule(axios: AxiosModule): AxiosCopy {
  const { Axios, AxiosError, CancelToken, VERSION: version } = axios;
  const bare = new Axios({});
  const initial: unknown = (axios.defaults as AxiosRequestConfig).adapter;
  let byBare: ReturnType<typeof adaptersBy> | undefined;
  /** Looked up once: it is made anew for each set of `env`, and for a name that axios does not know it makes an error, which takes long. */
  const plainFetch = fetchOf({});

  /** The fetch adapter came with 1.7. */
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
    // Where adapters have names, a function is the application's.
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
      // Given as a function, by itself or in a list, or by its name where no `env` makes another of it.
      if (adapter === plainFetch) return true;
      if (typeof chosen === 'function') return false;
      const choice: unknown = chosen ?? (axios.defaults as AxiosRequestConfig).adapter;
      return namesFetch(choice) && adapter === fetchOf(config);
    },
    getUri: (config) => bare.getUri(config),
  };
}
