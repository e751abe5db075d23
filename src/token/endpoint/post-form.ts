import type { IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import { ownAdapter } from '../../axios/adapter.js';
import { endBy, redirectsHandedBack, type AxiosLike } from '../../axios/versions.js';
import type { AxiosCopy } from '../../axios/copy.js';
import { wasNeverSent } from '../../failure/never-sent.js';
import { goesInClear } from '../../axios/rehearsal.js';
import { UnsendableError } from './verdict.js';
import type { PostForm } from './login.js';
import { wayOf, type Way } from '../../wire/way.js';
import { boundedText } from '../../wire/bounded-text.js';
import { headerOf } from '../../wire/headers.js';
import { hidePollution } from '../../wire/prototype-pollution.js';
import { isReadByProxy, readByProxyText } from '../../wire/in-clear.js';

/** More than any token answer; a longer one counts as unreadable. */
const mostAnswerBytes = 16 * 1024 * 1024;

/**
 * Posts a form on nothing but an adapter of axios's own: no interceptor, no transformation, no mock and no default of the application takes
 * part, save the way that its calls take: that of the instance's defaults, filled up from the call that the form is for. A form that is for
 * no call takes the way of the last one that was answered. Redirects are not followed: whoever answers them would be handed the client's
 * secret. A form that a proxy would read is not sent.
 */
export function createPostForm(
  instance: AxiosLike,
  copy: AxiosCopy,
  warnOfTls: (way: Way) => void,
): PostForm {
  let answeredWay: Way | undefined;

  return async (url, form, signal, callWay) => {
    const defaults = instance.defaults as AxiosRequestConfig;
    const way = wayOf(defaults, callWay ?? answeredWay);
    if (goesInClear(copy, defaults.adapter, url, way)) throw new UnsendableError(readByProxyText);
    warnOfTls(way);
    const config: AxiosRequestConfig = {
      method: 'post',
      url,
      data: form,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
      ...(way as object),
      ...redirectsHandedBack,
      fetchOptions: { ...way.fetchOptions, ...redirectsHandedBack.fetchOptions },
      validateStatus: () => true,
      ...(url.startsWith('https:') ? { transport: unread } : {}),
    };
    endBy(copy, signal, hidePollution(config));
    const adapter = ownAdapter(copy, defaults.adapter, config);
    // Before 1.16 the fetch adapter reads whatever comes, without an end; the other ones stop by themselves.
    if (copy.isFetch(adapter, defaults.adapter, config)) config.responseType = 'stream';
    else Object.assign(config, { responseType: 'text', maxContentLength: mostAnswerBytes });
    const response = await adapter(config).catch(giveUp);
    if (wasNeverSent(response.request)) throw noTunnel(response.status);
    answeredWay = way;
    return {
      status: response.status,
      body: await textOf(response.data, signal),
      retryAfter: headerOf(response.headers, 'retry-after'),
      location: headerOf(response.headers, 'location'),
      date: headerOf(response.headers, 'date'),
    };
  };
}

/** axios 0.x does not close the connection of a compressed answer that is too long: it would stay open until the server closes it. */
function giveUp(error: { code?: unknown; request?: { destroy?: () => void } }): never {
  if (error.code === 'ERR_BAD_RESPONSE') error.request?.destroy?.();
  throw error;
}

/**
 * In the place of Node's https client, which it hands every request to that no proxy reads. The rehearsal has told already, where axios's
 * http adapter is known for what it is; in a minified bundle it is not.
 */
const unread = {
  request(options: RequestOptions, answered: (response: IncomingMessage) => void) {
    if (isReadByProxy(options)) throw new UnsendableError(readByProxyText);
    return https.request(options, answered);
  },
};

/** Some agents hand over the answer of a proxy to CONNECT as if it were the login host's. The code is what Node's own agents have for it. */
function noTunnel(status: number): Error {
  const message = `The proxy answered ${status} to CONNECT`;
  return Object.assign(new Error(message), { code: 'ERR_PROXY_TUNNEL' });
}

async function textOf(body: unknown, signal: AbortSignal): Promise<unknown> {
  return body instanceof ReadableStream ? boundedText(body, mostAnswerBytes, signal) : (body ?? '');
}
