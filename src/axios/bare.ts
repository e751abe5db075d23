import type { Adapter } from './adapter.js';
import { copyOf, isAxiosError } from './versions.js';
import type { Requesting } from './copy.js';

const asIs = [(data: unknown) => data];
/** How many causes are followed at most, because a chain of causes may be circular. */
const mostCauses = 5;

/**
 * Makes adapters of names where `axios.getAdapter` (from 1.5 on) is not available: an axios instance without defaults and interceptors
 * makes the request and chooses the adapter. Answers and errors get the caller's own configuration.
 *
 * @returns the function from the value of `config.adapter` to an adapter.
 */
export function adaptersBy(bare: Requesting): (choice: unknown) => Adapter {
  // An interceptor replaces the configuration, because a configuration that is passed to `request` is merged into a copy without the
  // headers that are false.
  bare.interceptors.request.use((carrier: { adapter: () => object }) => carrier.adapter(), undefined, {
    synchronous: true,
  });
  return (choice) => async (sent) => {
    const inner = Object.assign(copyOf(sent), { transformRequest: asIs, transformResponse: asIs });
    const { headers } = sent;
    if (choice === undefined) delete inner.adapter;
    else inner.adapter = choice as never;
    const restoreConfig = (holder: { config?: unknown } | undefined): void => {
      if (holder?.config === inner) holder.config = sent;
    };
    try {
      const response = await bare.request({ adapter: () => inner });
      restoreConfig(response);
      return response;
    } catch (error) {
      // The fetch adapter of several versions of axios wraps one error in another, so the causes are changed too.
      let link = error as { config?: unknown; response?: object; cause?: unknown } | undefined;
      for (let depth = 0; depth < mostCauses && isAxiosError(link); depth++) {
        restoreConfig(link);
        restoreConfig(link.response);
        link = link.cause as typeof link;
      }
      throw error;
    } finally {
      // The adapter changes the headers while it sends. The caller's headers get these changes.
      if (inner.headers !== headers) Object.assign(headers ?? {}, inner.headers);
    }
  };
}
