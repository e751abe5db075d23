import type { AxiosRequestConfig } from 'axios';
import type { Adapter } from './adapter.js';
import { copyOf, isAxiosError } from './versions.js';
import type { Requesting } from './copy.js';

const asIs = [(data: unknown) => data];
/** Deeper than anybody wraps errors; a cause may be its own. */
const mostCauses = 5;

/**
 * Lets an instance without defaults and interceptors choose and call an adapter by its name, where `axios.getAdapter` (from 1.5 on) is not
 * at hand. What comes back is of the caller's configuration.
 *
 * @returns what makes an adapter of a choice.
 */
export function adaptersBy(bare: Requesting): (choice: unknown) => Adapter {
  // The configuration reaches axios's dispatch through this interceptor: axios would merge a copy, and lose the headers that are false.
  bare.interceptors.request.use((carrier: { adapter: () => object }) => carrier.adapter(), undefined, {
    synchronous: true,
  });
  return (choice) => async (sent) => {
    const inner = Object.assign(copyOf(sent), { transformRequest: asIs, transformResponse: asIs });
    if (choice === undefined) delete inner.adapter;
    else inner.adapter = choice as never;
    const back = (bearer: object | undefined): void => {
      const carrier = bearer as { config?: AxiosRequestConfig } | undefined;
      if (carrier?.config === inner) carrier.config = sent;
    };
    try {
      const response = await bare.request({ adapter: () => inner });
      back(response);
      return response;
    } catch (error) {
      // The fetch adapter of several versions wraps one error in another.
      let link = error as { response?: object; cause?: unknown } | undefined;
      for (let depth = 0; depth < mostCauses && isAxiosError(link); depth++) {
        back(link);
        back(link.response);
        link = link.cause as typeof link;
      }
      throw error;
    } finally {
      // The adapter writes into the headers while it sends.
      if (inner.headers !== sent.headers) Object.assign(sent.headers ?? {}, inner.headers);
    }
  };
}
