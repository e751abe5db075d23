import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { ProcoreRequestOptions } from './options.js';
import type { PostForm } from './token/exchange.js';
import { headerOf } from './wire/headers.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Options of axios-procore for this call. */
    procore?: ProcoreRequestOptions;
  }
}

/** What an axios instance of any version offers to a plugin. */
export interface AxiosLike {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- every version types its defaults and interceptors differently
  defaults: any;
  interceptors: {
    request: {
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
      use(onFulfilled: (config: any) => any): number;
      eject(id: number): void;
    };
  };
}

/** Sends one request. The contract of an axios adapter. */
export type Adapter = (config: AxiosRequestConfig) => Promise<AxiosResponse>;

/** The error that axios itself raises for a failed call, as far as the line looks at it. */
export interface AxiosErrorLike extends Error {
  isAxiosError: true;
  config?: AxiosRequestConfig;
  code?: string;
  request?: unknown;
  response?: AxiosResponse;
}

/** What differs between versions of axios. */
interface VersionedAxios {
  getAdapter?: (adapters: unknown, config?: unknown) => Adapter;
  CanceledError?: new (message?: string, config?: unknown) => Error;
}
const versioned = axios as unknown as VersionedAxios;

/** True for what axios raises, whichever copy of it did. */
export function isAxiosError(error: unknown): error is AxiosErrorLike {
  return (
    typeof error === 'object' && error !== null && (error as { isAxiosError?: unknown }).isAxiosError === true
  );
}

/**
 * The function behind `config.adapter`: a function in 0.x and 1.0, a name or a list of names from 1.2 on. `axios.getAdapter` came
 * with 1.5; between, only an instance can resolve a list.
 */
export function resolveAdapter(adapter: unknown, config: AxiosRequestConfig): Adapter {
  if (typeof adapter === 'function') return adapter as Adapter;
  const choice = adapter ?? axios.defaults.adapter;
  if (typeof choice === 'function') return choice as Adapter;
  if (versioned.getAdapter) return versioned.getAdapter(choice, config);
  return (sent) => {
    const asIs = [(data: unknown) => data];
    return axios
      .create()
      .request({ ...sent, adapter: choice as never, transformRequest: asIs, transformResponse: asIs });
  };
}

/** What axios rejects a cancelled call with: the CancelToken's own reason, else a `CanceledError`. */
export function canceledError(config: AxiosRequestConfig): unknown {
  const reason = (config.cancelToken as { reason?: unknown } | undefined)?.reason;
  if (reason) return reason;
  const Canceled = versioned.CanceledError;
  return Canceled ? new Canceled(undefined, config) : new axios.Cancel('canceled');
}

/** What axios rejects a call with whose body is a stream that failed. */
export function bodyError(error: unknown, config: AxiosRequestConfig): unknown {
  return error instanceof Error ? axios.AxiosError.from(error, undefined, config as never) : error;
}

/** What axios rejects a call with for its status; made for adapters that leave the status to the caller. */
export function statusError(response: AxiosResponse, config: AxiosRequestConfig): Error {
  const message = `Request failed with status code ${response.status}`;
  return new axios.AxiosError(message, undefined, config as never, response.request, response);
}

/** True for what a cancelled call is rejected with. */
export function isCancel(error: unknown): boolean {
  return axios.isCancel(error);
}

/** A shallow copy that keeps the prototype: axios looks at own properties only from 1.18 on. */
export function copyOf<T extends object>(value: T): T {
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as T;
  // Three times as fast as Object.assign on a configuration without prototype.
  for (const key of Object.keys(value)) copy[key as keyof T] = value[key as keyof T];
  for (const key of Object.getOwnPropertySymbols(value)) copy[key as keyof T] = value[key as keyof T];
  return copy;
}

/** An unread body would keep its socket, and with few sockets the next attempt would wait for ever. */
export function discard(response: AxiosResponse | undefined): void {
  const body = response?.data as
    { destroy?: () => void; cancel?: () => Promise<void>; getReader?: unknown } | undefined;
  if (typeof body !== 'object' || body === null) return;
  if (typeof body.destroy === 'function') body.destroy();
  // A web stream, from the fetch adapter.
  else if (typeof body.getReader === 'function') body.cancel?.().catch(() => undefined);
}

/** More than any token answer; a longer one is cut off and counts as unreadable. */
const mostAnswerBytes = 16 * 1024 * 1024;

/**
 * Posts a form on nothing but an adapter: no interceptor, no transformation and no default of the application takes part, save agents and
 * proxy. Redirects are not followed: whoever answers them would be handed the client's secret.
 */
export function createPostForm(instance: AxiosLike): PostForm {
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
      maxRedirects: 0,
      responseType: 'text',
      maxContentLength: mostAnswerBytes,
      validateStatus: () => true,
      signal,
    };
    // A function is the application's own, a mock more often than not; names stand for axios's own.
    const named = typeof defaults.adapter === 'function' ? undefined : defaults.adapter;
    const response = await resolveAdapter(named, config)(config);
    return {
      status: response.status,
      body: response.data as unknown,
      retryAfter: headerOf(response.headers, 'retry-after'),
      location: headerOf(response.headers, 'location'),
      date: headerOf(response.headers, 'date'),
    };
  };
}
