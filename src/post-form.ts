import type { AxiosRequestConfig } from 'axios';
import { resolveAdapter } from './adapter.js';
import { endBy, redirectsHandedBack, type AxiosLike } from './axios.js';
import type { AxiosCopy } from './axios/copy.js';
import { wasNeverSent } from './failure/never-sent.js';
import type { PostForm } from './token/login.js';
import { headerOf } from './wire/headers.js';

/** More than any token answer; a longer one counts as unreadable. */
const mostAnswerBytes = 16 * 1024 * 1024;

/**
 * Posts a form on nothing but an adapter: no interceptor, no transformation and no default of the application takes part, save agents and
 * proxy. Redirects are not followed: whoever answers them would be handed the client's secret.
 */
export function createPostForm(instance: AxiosLike, copy: AxiosCopy): PostForm {
  return async (url, form, signal) => {
    const defaults = instance.defaults as AxiosRequestConfig;
    const config: AxiosRequestConfig = {
      method: 'post',
      url,
      data: form,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      httpAgent: defaults.httpAgent as unknown,
      httpsAgent: defaults.httpsAgent as unknown,
      ...(defaults.proxy === undefined ? {} : { proxy: defaults.proxy }),
      ...redirectsHandedBack,
      fetchOptions: { ...dispatcherOf(defaults), ...redirectsHandedBack.fetchOptions },
      responseType: 'text',
      maxContentLength: mostAnswerBytes,
      validateStatus: () => true,
    };
    endBy(copy, signal, config);
    const response = await resolveAdapter(copy, namesIn(defaults.adapter), config)(config);
    if (wasNeverSent(response.request)) throw noTunnel(response.status);
    return {
      status: response.status,
      body: shortEnough(response.data),
      retryAfter: headerOf(response.headers, 'retry-after'),
      location: headerOf(response.headers, 'location'),
      date: headerOf(response.headers, 'date'),
    };
  };
}

/** Some agents hand over the answer of a proxy to CONNECT as if it were the login host's. The code is what Node's own agents have for it. */
function noTunnel(status: number): Error {
  const message = `The proxy answered ${status} to CONNECT`;
  return Object.assign(new Error(message), { code: 'ERR_PROXY_TUNNEL' });
}

/** A function is the application's own, a mock more often than not; names stand for axios's own. */
function namesIn(adapter: unknown): unknown {
  const names = [adapter].flat().filter((each) => typeof each === 'string');
  return names.length > 0 ? names : undefined;
}

/** What an agent is to the http adapter, a dispatcher is to the fetch of Node: where it goes through a proxy, this request does too. */
function dispatcherOf(defaults: object): { dispatcher?: unknown } {
  const { fetchOptions } = defaults as { fetchOptions?: { dispatcher?: unknown } };
  return fetchOptions?.dispatcher === undefined ? {} : { dispatcher: fetchOptions.dispatcher };
}

/** Most adapters stop at `maxContentLength`; the fetch adapter does so on the newest axios only. */
function shortEnough(body: unknown): unknown {
  return typeof body === 'string' && body.length > mostAnswerBytes ? undefined : body;
}
