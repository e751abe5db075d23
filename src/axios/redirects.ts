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

/** As many as the http adapter of axios follows. */
const mostRedirects = 21;
/** What belongs to one origin (follow-redirects, and the Fetch standard, take it off too). */
const confidential = /^(authorization|proxy-authorization|cookie|host)$/i;

interface Hop {
  config: AxiosRequestConfig;
  url: string;
}
/** An answer, whether the adapter resolves it or rejects with it. */
interface Arrival {
  response: AxiosResponse | undefined;
  /** Ends the call with it. */
  finish: () => AxiosResponse;
}

/**
 * Follows redirects on behalf of an adapter that would tell nobody of them: `beforeRedirect` of the configuration hears of each, and takes
 * off what must not leave Procore. All of it has the one `timeout`, as where axios follows them.
 */
export function following(copy: AxiosCopy, env: Env, adapter: Adapter): Adapter {
  return async (config) => {
    const { maxRedirects = mostRedirects, fetchOptions } = config as {
      maxRedirects?: number;
      fetchOptions?: { redirect?: string };
    };
    // The application wants an error, or the redirect itself.
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
 * axios that makes no tunnel asks a proxy on http for https URLs, and names the agent for https all the same. follow-redirects takes the
 * one for http then; Node's own client, which axios uses where it follows no redirects, refuses the other one.
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

/** Undefined where there is nothing to follow, or nothing left to send. */
function nextHop(response: AxiosResponse, { config, url }: Hop): Hop | undefined {
  const { status } = response;
  const location = headerOf(response.headers, 'location');
  if (status < 300 || status > 399 || typeof location !== 'string' || !location) return undefined;
  const target = resolved(location, url);
  if (!target) return undefined;
  const method = (config.method ?? 'get').toLowerCase();
  // RFC 9110, 15.4: what is not a question becomes one.
  const asks =
    (status === 303 && method !== 'head') || ((status === 301 || status === 302) && method === 'post');
  if (!asks && !isReplayable(config.data)) return undefined;

  const next = copyOf(config) as AxiosRequestConfig & { beforeRedirect?: (...details: unknown[]) => void };
  const elsewhere = target.origin !== resolved(url)?.origin;
  const headers = copyOf((config.headers ?? {}) as Record<string, unknown>);
  for (const name of Object.keys(headers)) {
    if ((elsewhere && confidential.test(name)) || (asks && /^content-/i.test(name))) delete headers[name];
  }
  if (elsewhere) delete next.auth;
  if (asks) {
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

/** Applications look here for the last URL; it is follow-redirects that puts it there. */
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
