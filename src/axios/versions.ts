import axios, { type AxiosRequestConfig, type AxiosResponse } from 'axios';
import type { AxiosCopy, CanceledClass, CancelTokenClass } from './copy.js';
import type { ProcoreRequestOptions } from '../options/options.js';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** Options of axios-procore for this call. */
    procore?: ProcoreRequestOptions | undefined;
  }
}

/* eslint-disable @typescript-eslint/no-explicit-any -- every version types its defaults and interceptors differently */
/** The part of an axios instance, of any version, that the plugin uses. */
export interface AxiosLike {
  defaults: any;
  interceptors: {
    request: {
      /** Registers an interceptor and returns its number. */
      use(onFulfilled: (config: any) => any, onRejected?: any, options?: any): number;
      /** Takes the interceptor with this number away. */
      eject(id: number): void;
    };
  };
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/** Ejects this interceptor if it is still registered. After `clear()` most versions of axios give its number to another interceptor. */
export function ejectOwn({ interceptors: { request } }: AxiosLike, id: number, own: unknown): void {
  const { handlers } = request as { handlers?: ({ fulfilled?: unknown } | null)[] };
  const isGone = Array.isArray(handlers) && !handlers.some((handler) => handler?.fulfilled === own);
  if (!isGone) request.eject(id);
}

/**
 * Replaces an interceptor by another at the same position among those of the application. Returns its number; undefined where the old one
 * is not registered any more.
 */
export function replaceInterceptor(
  { interceptors: { request } }: AxiosLike,
  own: unknown,
  next: unknown,
): number | undefined {
  const { handlers } = request as { handlers?: ({ fulfilled?: unknown } | null)[] };
  const id = Array.isArray(handlers) ? handlers.findIndex((handler) => handler?.fulfilled === own) : -1;
  if (id < 0) return undefined;
  handlers![id]!.fulfilled = next;
  return id;
}

/** The properties of an error of axios that are read. */
export interface AxiosErrorLike extends Error {
  isAxiosError: true;
  config?: AxiosRequestConfig;
  code?: string;
  request?: unknown;
  response?: AxiosResponse;
}

/** True for an error of any copy of axios. */
export function isAxiosError(error: unknown): error is AxiosErrorLike {
  return (
    typeof error === 'object' && error !== null && (error as { isAxiosError?: unknown }).isAxiosError === true
  );
}

/** Makes a signal abort the request of this configuration, by `signal` or by a CancelToken below axios 0.22. */
export function endBy(copy: AxiosCopy, signal: AbortSignal, config: AxiosRequestConfig): AxiosRequestConfig {
  const before = reasonOf(config);
  config.signal = signal;
  if (copy.knowsSignal) return config;
  const { cancelToken } = config;
  // A CancelToken of any copy works, because the adapter only uses its promise and rejects with the reason that the token's own copy made.
  const CancelToken = copy.CancelToken ?? classOf(cancelToken) ?? axios.CancelToken;
  config.cancelToken = new CancelToken((cancel) => {
    const end = () => cancel(before?.message ?? cancelToken?.reason?.message ?? 'canceled');
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }) as never;
  return config;
}

/** The class of the application's own CancelToken, which comes from its copy of axios. */
function classOf(token: object | undefined): CancelTokenClass | undefined {
  const { constructor } = (token ?? {}) as { constructor?: unknown };
  return typeof constructor === 'function' && 'source' in constructor
    ? (constructor as unknown as CancelTokenClass)
    : undefined;
}

/** Moves a query from the URL to `params` on axios 1.0.0, which loses the question mark of a query in the URL. */
export function keepQuery(copy: AxiosCopy, config: AxiosRequestConfig): void {
  if (!copy.losesQueries || typeof config.url !== 'string' || !config.url.includes('?')) return;
  const [path = '', query = ''] = copy.getUri({ ...config, baseURL: undefined }).split(/\?(.*)/s);
  config.url = path;
  // axios only calls `toString` of it, so the query is sent byte for byte.
  config.params = Object.assign(new URLSearchParams(), { toString: () => query });
}

/** Options that make every adapter return a redirect instead of following it. Only the newest fetch adapter reads `maxRedirects`. */
export const redirectsHandedBack = { maxRedirects: 0, fetchOptions: { redirect: 'manual' } } as const;

/** A new error as axios rejects a cancelled call with, with the message of its CancelToken. */
export function canceledError(copy: AxiosCopy, config: AxiosRequestConfig): unknown {
  const reason = reasonOf(config);
  // The class of the package's own axios is used only in the first microtasks after an attach to a copy whose exports are not known.
  const Canceled = copy.Canceled ?? (reason?.constructor as CanceledClass | undefined) ?? ownCanceled;
  return new Canceled(reason?.message ?? 'canceled', config);
}

const { CanceledError, Cancel } = axios as unknown as Record<string, CanceledClass | undefined>;
const ownCanceled = (CanceledError ?? Cancel)!;

/** The error of a CancelToken. All calls with the token share it, so nothing that concerns one call may be put on it. */
export function reasonOf(config: AxiosRequestConfig): { message?: string } | undefined {
  return (config.cancelToken as { reason?: { message?: string } } | undefined)?.reason;
}

/** The error with which axios rejects a call whose request body is a stream that failed. */
export function bodyError(copy: AxiosCopy, error: unknown, config: AxiosRequestConfig): unknown {
  if (!(error instanceof Error)) return error;
  return errorFrom(copy, error, { config });
}

/** Wraps another error as axios does. */
export function errorFrom(
  { AxiosError }: AxiosCopy,
  error: Error,
  details: { config: AxiosRequestConfig; request?: unknown },
): Error {
  return AxiosError?.from(error, undefined, details.config, details.request) ?? enhanced(error, details);
}

/** The error with which axios rejects a call for its status, for adapters that do not check the status themselves. */
export function statusError(
  { AxiosError }: AxiosCopy,
  response: AxiosResponse,
  config: AxiosRequestConfig,
): Error {
  const message = `Request failed with status code ${response.status}`;
  const request = response.request as unknown;
  return AxiosError
    ? new AxiosError(message, undefined, config, request, response)
    : enhanced(new Error(message), { config, request, response });
}

/** An error of axios with this code, without request and response. */
export function errorWithCode(
  { AxiosError }: AxiosCopy,
  message: string,
  code: string,
  config: AxiosRequestConfig,
): Error {
  return AxiosError
    ? new AxiosError(message, code, config, undefined, undefined)
    : enhanced(new Error(message), { config, code });
}

/** An error as axios below 0.27 makes it, which has no error class. */
function enhanced(
  error: Error,
  details: { config: AxiosRequestConfig; code?: string; request?: unknown; response?: unknown },
): Error {
  return Object.assign(error, details, {
    isAxiosError: true,
    toJSON(this: Error & { config?: unknown; code?: unknown }) {
      const { message, name, stack, config, code } = this;
      return { message, name, stack, config, code };
    },
  });
}

/**
 * The original error of an adapter. The fetch adapter of axios 1.13.3 wraps its errors in a second one, which lacks the response and the
 * mark of a cancellation.
 */
export function unwrapped(error: unknown): unknown {
  if (!isAxiosError(error) || error.response || isCancel(error)) return error;
  const { cause } = error as { cause?: { message?: string; response?: unknown } };
  if (cause?.message !== error.message) return error;
  return isCancel(cause) || (isAxiosError(cause) && cause.response) ? cause : error;
}

/** Whether the status is a success by the application's `validateStatus`. */
export function acceptsStatus({ validateStatus }: AxiosRequestConfig, status: number): boolean {
  return !validateStatus || validateStatus(status);
}

/** A copy of an error. */
export function twinOf(error: AxiosErrorLike): AxiosErrorLike {
  const twin = Object.create(Object.getPrototypeOf(error) as object) as AxiosErrorLike;
  return Object.defineProperties(twin, Object.getOwnPropertyDescriptors(error));
}

/** True for the error of a cancelled call, of any copy of axios; `axios.isCancel` of every version checks the same property. */
export function isCancel(error: unknown): boolean {
  return Boolean((error as { __CANCEL__?: unknown } | null | undefined)?.__CANCEL__);
}

/** A shallow copy with the same prototype, because axios below 1.18 reads inherited properties of a configuration too. */
export function copyOf<T extends object>(value: T): T {
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as T;
  // These loops are three times as fast as Object.assign on a configuration without prototype.
  for (const key of Object.keys(value)) copy[key as keyof T] = value[key as keyof T];
  for (const key of Object.getOwnPropertySymbols(value)) copy[key as keyof T] = value[key as keyof T];
  return copy;
}

/**
 * Closes a body that is a stream; returns false for any other body. An unread stream keeps its socket, and with a limited number of sockets
 * the next attempt would wait for ever.
 */
export function discard(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { destroy, getReader } = body as { destroy?: unknown; getReader?: unknown };
  if (typeof destroy === 'function') {
    (body as { destroy(): void }).destroy();
    return true;
  }
  if (typeof getReader !== 'function') return false;
  // The fetch adapter gives a web stream.
  (body as { cancel(): Promise<void> }).cancel().catch(() => undefined);
  return true;
}
