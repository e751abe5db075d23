import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { isAxiosError, versioned } from './axios.js';

/** Sends one request. The contract of an axios adapter. */
export type Adapter = (config: AxiosRequestConfig) => Promise<AxiosResponse>;

const isNode = typeof process === 'object' && typeof process.versions?.node === 'string';
/** Looked up once: it is made anew for each set of `env`, and for a name that axios does not know it makes an error, which takes long. */
const plainFetchAdapter = fetchAdapter();

/**
 * The function behind `config.adapter`: a function in 0.x and 1.0, a name or a list of names from 1.2 on. `axios.getAdapter` came
 * with 1.5; between, only an instance can resolve a list.
 */
export function resolveAdapter(adapter: unknown, config: AxiosRequestConfig): Adapter {
  if (typeof adapter === 'function') return adapter as Adapter;
  const choice = adapter ?? axios.defaults.adapter;
  if (typeof choice === 'function') return choice as Adapter;
  if (versioned.getAdapter) return versioned.getAdapter(choice, config);
  return byInstance(choice);
}

/** An adapter that has an instance without defaults of its own do the work; what comes back is of the caller's configuration. */
function byInstance(choice: unknown): Adapter {
  return async (sent) => {
    // Not made by `create`: on instances of that kind somebody may have put interceptors, ours among them.
    const bare = new versioned.Axios({});
    const asIs = [(data: unknown) => data];
    const config = { ...sent, adapter: choice, transformRequest: asIs, transformResponse: asIs };
    const back = (bearer: object | undefined): void => {
      const inner = (bearer as { config?: AxiosRequestConfig } | undefined)?.config;
      if (!inner) return;
      // The adapter writes into the headers while it sends.
      Object.assign(sent.headers ?? {}, inner.headers);
      (bearer as { config: AxiosRequestConfig }).config = sent;
    };
    try {
      const response = await bare.request(config);
      back(response);
      return response;
    } catch (error) {
      if (isAxiosError(error)) {
        back(error);
        back(error.response);
      }
      throw error;
    }
  };
}

/**
 * True where redirects would be followed and nobody told: by axios below 0.27, which has no `beforeRedirect`, and by the fetch adapter.
 * A browser shows nobody what it is redirected to.
 */
export function hidesRedirects(adapter: Adapter, chosen: unknown, config: AxiosRequestConfig): boolean {
  if (!isNode) return false;
  if (!versioned.AxiosError) return true;
  if (!plainFetchAdapter) return false;
  // Given as a function, by itself or in a list, or by its name where no `env` makes another of it.
  if (adapter === plainFetchAdapter) return true;
  if (typeof chosen === 'function') return false;
  // axios reads names without case.
  const names = [chosen ?? axios.defaults.adapter]
    .flat()
    .map((name: unknown) => (typeof name === 'string' ? name.toLowerCase() : name));
  const [fetch, http] = [names.indexOf('fetch'), names.indexOf('http')];
  // Node has both: the first that is named is taken.
  return fetch >= 0 && (http < 0 || fetch < http) && adapter === fetchAdapter(config);
}

/** From 1.7 on. */
function fetchAdapter(config?: AxiosRequestConfig): Adapter | undefined {
  try {
    return versioned.getAdapter?.('fetch', config);
  } catch {
    return undefined;
  }
}
