import type { AxiosInstance, AxiosRequestConfig, AxiosResponse } from 'axios';
import { fullUrlOf } from '../wire/destination.js';
import { itemsOf } from './items.js';
import { nameOn, pageName } from './naming.js';
import type { PageRequest, Place } from './next-page.js';
import { withChanges, withoutChanged } from './query.js';
import { responseIn } from './response.js';

/** A page that was answered. */
export interface Page {
  readonly request: PageRequest;
  /** What the instance's interceptors have made of the answer: the response, or its body where they unwrap it. */
  readonly value: unknown;
  readonly headers: object | undefined;
  readonly place: Place;
}

/** A response as it passes `transformResponse`, before any interceptor sees it. */
interface Seen {
  headers?: object;
  config?: AxiosRequestConfig;
}

/**
 * Asks for one page, as a call of the instance like any other.
 *
 * Interceptors of the application may put the body in the place of the response, and then nobody has its headers any more. So they are read
 * in a `transformResponse` behind the others, which axios calls before any interceptor. What the page is, the interceptors decide.
 *
 * @throws what the instance rejects with, with the page in its message; an `Error` where an interceptor has left neither response nor list.
 */
export async function ask(
  instance: AxiosInstance,
  config: AxiosRequestConfig,
  request: PageRequest,
): Promise<Page> {
  const seen: Seen = {};
  const asked: AxiosRequestConfig = {
    ...config,
    method: 'get',
    url: withoutChanged(request.url, request.changes),
    params: withChanges(config.params, request.changes),
    transformResponse: seeing(seen, config.transformResponse ?? instance.defaults?.transformResponse),
  };
  const name = pageName(request.url, request.number);
  let value: unknown;
  try {
    value = await instance.request<unknown, unknown>(asked);
  } catch (error) {
    nameOn(error, name);
    throw error;
  }
  const response = responseIn(value);
  const headers = (response?.headers as object | undefined) ?? seen.headers;
  if (!response && (headers === undefined || itemsOf(value) === undefined)) {
    throw new Error(
      `axios-procore/collections: ${name}: an interceptor of the instance has replaced the response by something that is neither a response nor a list.`,
    );
  }
  return {
    request,
    value,
    headers,
    place: placeOf(instance, response, response?.config ?? seen.config ?? asked),
  };
}

function seeing(
  seen: Seen,
  own: AxiosRequestConfig['transformResponse'],
): AxiosRequestConfig['transformResponse'] {
  function look(this: unknown, data: unknown, headers: unknown): unknown {
    seen.headers = headers as object;
    seen.config = this as AxiosRequestConfig;
    return data;
  }
  return [...[own ?? []].flat(), look];
}

function placeOf(
  instance: AxiosInstance,
  response: AxiosResponse | undefined,
  config: AxiosRequestConfig,
): Place {
  const { url = '', paramsSerializer, baseURL } = config;
  const params = config.params as unknown;
  // axios below 0.27 leaves out the base URL.
  const uri = instance.getUri?.({ url, params, paramsSerializer, baseURL } as AxiosRequestConfig) ?? url;
  return {
    asked: fullUrlOf({ url: uri, baseURL }),
    // Through a socket the URL names no host.
    served: config.socketPath ? undefined : servedBy(response?.request),
  };
}

/** The URL that has answered: of Node's client, of XMLHttpRequest, or of fetch. */
function servedBy(request: unknown): string | undefined {
  const { res, responseURL, url } = (request ?? {}) as {
    res?: { responseUrl?: unknown };
    responseURL?: unknown;
    url?: unknown;
  };
  const served = [res?.responseUrl, responseURL, url].find(
    (one) => typeof one === 'string' && URL.canParse(one),
  );
  return served as string | undefined;
}
