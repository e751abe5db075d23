import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from './adapter.js';
import { copyOf, discard, errorFrom, isAxiosError, redirectsHandedBack, unwrapped } from './versions.js';
import type { AxiosCopy } from './copy.js';
import type { Env } from '../time/env.js';
import { goesInClear } from './rehearsal.js';
import { isReplayable } from '../wire/replayable.js';
import { timeoutAfter } from './timeout.js';
import { fullUrlOf } from '../wire/destination.js';
import { headerOf } from '../wire/headers.js';
import { hidePollution } from '../wire/prototype-pollution.js';

/** The default of axios's http adapter (that of follow-redirects). */
const mostRedirects = 21;
/** Headers that are removed from a redirect to another origin, as follow-redirects and the Fetch standard do. */
const confidential = /^(authorization|proxy-authorization|cookie|host)$/i;

interface Hop {
  config: AxiosRequestConfig;
  url: string;
}
/** An answer, which the adapter may resolve with or, for its status, reject with. */
interface Arrival {
  response: AxiosResponse | undefined;
  /** Returns or throws it, as the adapter did. */
  finish: () => AxiosResponse;
}

/**
 * Wraps an adapter that follows redirects without calling `beforeRedirect`: follows them itself, and calls `beforeRedirect` of the
 * configuration before each, which removes the headers that must not leave Procore. The `timeout` bounds the whole chain, as in axios.
 */
export function following(copy: AxiosCopy, env: Env, adapter: Adapter): Adapter {
  return async (config) => {
    const { maxRedirects = mostRedirects, fetchOptions } = config as {
      maxRedirects?: number;
      fetchOptions?: { redirect?: string };
    };
    // With `redirect: 'error'` or `'manual'` the application does not want redirects to be followed.
    if ((fetchOptions?.redirect ?? 'follow') !== 'follow') return adapter(config);
    const first = Object.assign(copyOf(config), redirectsHandedBack, {
      fetchOptions: { ...fetchOptions, ...redirectsHandedBack.fetchOptions },
    });
    const sentAtMs = env.now();
    let hop: Hop = { config: first, url: fullUrlOf(config) };
    for (let count = 0; ; count++) {
      const { response, finish } = await arrival(adapter(throughProxy(copy, adapter, hop)));
      const next = maxRedirects > 0 && response ? nextHop(response, hop) : undefined;
      if (response) tellWhereFrom(response, hop.url);
      if (!next) return finish();
      discard(response?.data);
      if (count === maxRedirects) throw tooMany(copy, hop.config, response);
      next.config.timeout = timeoutAfter(config.timeout, env.now() - sentAtMs) as number;
      hop = next;
    }
  };
}

/**
 * The configuration of a hop, with the http agent in place of the https agent where axios asks an http proxy for an https URL without a
 * tunnel. axios gives Node the https agent there. follow-redirects then uses the http agent, but Node's own client, which axios uses for
 * `maxRedirects: 0`, rejects an https agent for an http connection.
 */
function throughProxy(copy: AxiosCopy, adapter: Adapter, { config, url }: Hop): AxiosRequestConfig {
  if (!config.httpsAgent || copy.tellsRedirects || !goesInClear(copy, adapter, url, config)) return config;
  return Object.assign(copyOf(config), { httpsAgent: config.httpAgent as unknown });
}

async function arrival(sending: Promise<AxiosResponse>): Promise<Arrival> {
  try {
    const response = await sending;
    return { response, finish: () => response };
  } catch (rejection) {
    const error = unwrapped(rejection);
    const response = isAxiosError(error) ? error.response : undefined;
    const finish = () => {
      throw error;
    };
    return { response, finish };
  }
}

/**
 * The request that follows a redirect; undefined where the answer is no redirect, or where the body would have to be sent again and cannot.
 */
function nextHop(response: AxiosResponse, { config, url }: Hop): Hop | undefined {
  const { status } = response;
  const location = headerOf(response.headers, 'location');
  if (status < 300 || status > 399 || typeof location !== 'string' || !location) return undefined;
  const target = resolved(location, url);
  if (!target) return undefined;
  const method = (config.method ?? 'get').toLowerCase();
  // RFC 9110, section 15.4: after a 303 any method but HEAD becomes GET, and so does POST after a 301 or 302.
  const becomesGet =
    (status === 303 && method !== 'head') || ((status === 301 || status === 302) && method === 'post');
  if (!becomesGet && !isReplayable(config.data)) return undefined;

  const next = copyOf(config) as AxiosRequestConfig & { beforeRedirect?: (...details: unknown[]) => void };
  const elsewhere = target.origin !== resolved(url)?.origin;
  const headers = copyOf((config.headers ?? {}) as Record<string, unknown>);
  for (const name of Object.keys(headers)) {
    if ((elsewhere && confidential.test(name)) || (becomesGet && /^content-/i.test(name)))
      delete headers[name];
  }
  if (elsewhere) delete next.auth;
  if (becomesGet) {
    next.method = 'get';
    delete next.data;
  }
  const { href, protocol, hostname, host, port, pathname, search } = target;
  const options = { href, protocol, hostname, host, port, path: pathname + search, headers };
  next.beforeRedirect?.(
    { ...options, method: next.method },
    { headers: response.headers, statusCode: status },
  );
  next.headers = headers as never;
  next.url = href;
  delete next.baseURL;
  delete next.params;
  return { config: hidePollution(next), url: href };
}

function resolved(location: string, base?: string): URL | undefined {
  try {
    return new URL(location, base);
  } catch {
    return undefined;
  }
}

/** Sets `request.res.responseUrl`, where applications read the last URL: follow-redirects would set it. */
function tellWhereFrom({ request }: AxiosResponse, url: string): void {
  const { res } = (request ?? {}) as { res?: { responseUrl?: string } };
  if (res) res.responseUrl ??= url;
}

function tooMany(copy: AxiosCopy, config: AxiosRequestConfig, response: AxiosResponse | undefined): Error {
  const error = Object.assign(new Error('Maximum number of redirects exceeded'), {
    code: 'ERR_FR_TOO_MANY_REDIRECTS',
  });
  return errorFrom(copy, error, { config, request: response?.request as unknown });
}
