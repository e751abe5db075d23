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
/** What an axios instance of any version offers to a plugin. */
export interface AxiosLike {
  defaults: any;
  interceptors: {
    request: {
      use(onFulfilled: (config: any) => any, onRejected?: any, options?: any): number;
      eject(id: number): void;
    };
  };
}
/* eslint-enable @typescript-eslint/no-explicit-any */

/** Ejects an interceptor, unless it is gone: after `clear()` most versions give its number to the next one that is registered. */
export function ejectOwn({ interceptors: { request } }: AxiosLike, id: number, own: unknown): void {
  const { handlers } = request as { handlers?: ({ fulfilled?: unknown } | null)[] };
  const isGone = Array.isArray(handlers) && !handlers.some((handler) => handler?.fulfilled === own);
  if (!isGone) request.eject(id);
}

/**
 * Puts an interceptor in the place of another, so that its order among those of the application stays. Returns its number; undefined where
 * the other is gone.
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

/** The error that axios itself raises for a failed call, as far as the line looks at it. */
export interface AxiosErrorLike extends Error {
  isAxiosError: true;
  config?: AxiosRequestConfig;
  code?: string;
  request?: unknown;
  response?: AxiosResponse;
}

/** True for what axios raises, whichever copy of it did. */
export function isAxiosError(error: unknown): error is AxiosErrorLike {
  return (
    typeof error === 'object' && error !== null && (error as { isAxiosError?: unknown }).isAxiosError === true
  );
}

/** Lets a signal end what the adapter does with this configuration. */
export function endBy(copy: AxiosCopy, signal: AbortSignal, config: AxiosRequestConfig): AxiosRequestConfig {
  const before = reasonOf(config);
  config.signal = signal;
  if (copy.knowsSignal) return config;
  const { cancelToken } = config;
  // The adapter only waits for its promise, so any copy's will do; the call is rejected with the cancellation of the class that made it.
  const CancelToken = copy.CancelToken ?? classOf(cancelToken) ?? axios.CancelToken;
  config.cancelToken = new CancelToken((cancel) => {
    const end = () => cancel(before?.message ?? cancelToken?.reason?.message ?? 'canceled');
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  }) as never;
  return config;
}

/** The class of a CancelToken that the application gives, of its own copy. */
function classOf(token: object | undefined): CancelTokenClass | undefined {
  const { constructor } = (token ?? {}) as { constructor?: unknown };
  return typeof constructor === 'function' && 'source' in constructor
    ? (constructor as unknown as CancelTokenClass)
    : undefined;
}

/** axios 1.0.0 loses the question mark of a query that is written into the URL; its `params` arrive. */
export function keepQuery(copy: AxiosCopy, config: AxiosRequestConfig): void {
  if (!copy.losesQueries || typeof config.url !== 'string' || !config.url.includes('?')) return;
  const [path = '', query = ''] = copy.getUri({ ...config, baseURL: undefined }).split(/\?(.*)/s);
  config.url = path;
  // Byte for byte: axios asks nothing else of it.
  config.params = Object.assign(new URLSearchParams(), { toString: () => query });
}

/** Asks every adapter to hand a redirect back and not to follow it; the fetch adapter knows `maxRedirects` on the newest axios only. */
export const redirectsHandedBack = { maxRedirects: 0, fetchOptions: { redirect: 'manual' } } as const;

/** What axios rejects a cancelled call with, of this call's own, with the message of its CancelToken. */
export function canceledError(copy: AxiosCopy, config: AxiosRequestConfig): unknown {
  const reason = reasonOf(config);
  // The last is for the first moment after an attach to a copy that nobody has seen.
  const Canceled = copy.Canceled ?? (reason?.constructor as CanceledClass | undefined) ?? ownCanceled;
  return new Canceled(reason?.message ?? 'canceled', config);
}

const { CanceledError, Cancel } = axios as unknown as Record<string, CanceledClass | undefined>;
const ownCanceled = (CanceledError ?? Cancel)!;

/** The one error that a CancelToken has for all its calls: what is said of one of them must not be said of the others. */
export function reasonOf(config: AxiosRequestConfig): { message?: string } | undefined {
  return (config.cancelToken as { reason?: { message?: string } } | undefined)?.reason;
}

/** What axios rejects a call with whose body is a stream that failed. */
export function bodyError(copy: AxiosCopy, error: unknown, config: AxiosRequestConfig): unknown {
  if (!(error instanceof Error)) return error;
  return errorFrom(copy, error, { config });
}

/** What axios makes of an error that is none of its own. */
export function errorFrom(
  { AxiosError }: AxiosCopy,
  error: Error,
  details: { config: AxiosRequestConfig; request?: unknown },
): Error {
  return AxiosError?.from(error, undefined, details.config, details.request) ?? enhanced(error, details);
}

/** What axios rejects a call with for its status; made for adapters that leave the status to the caller. */
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

/** An error of axios's own that has neither request nor answer. */
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

/** What axios itself makes of an error below 0.27, where it has no class for it. */
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
 * What an adapter has rejected with. The fetch adapter of axios 1.13.3 wraps its own errors once more, without their answer and without
 * what tells a cancellation.
 */
export function unwrapped(error: unknown): unknown {
  if (!isAxiosError(error) || error.response || isCancel(error)) return error;
  const { cause } = error as { cause?: { message?: string; response?: unknown } };
  if (cause?.message !== error.message) return error;
  return isCancel(cause) || (isAxiosError(cause) && cause.response) ? cause : error;
}

/** Whether the application takes a status for a success. */
export function acceptsStatus({ validateStatus }: AxiosRequestConfig, status: number): boolean {
  return !validateStatus || validateStatus(status);
}

/** The same error once more. */
export function twinOf(error: AxiosErrorLike): AxiosErrorLike {
  const twin = Object.create(Object.getPrototypeOf(error) as object) as AxiosErrorLike;
  return Object.defineProperties(twin, Object.getOwnPropertyDescriptors(error));
}

/** True for what a cancelled call is rejected with, whichever copy of axios did: `axios.isCancel` of every version looks for this. */
export function isCancel(error: unknown): boolean {
  return Boolean((error as { __CANCEL__?: unknown } | null | undefined)?.__CANCEL__);
}

/** A shallow copy that keeps the prototype: axios looks at own properties only from 1.18 on. */
export function copyOf<T extends object>(value: T): T {
  const copy = Object.create(Object.getPrototypeOf(value) as object | null) as T;
  // Three times as fast as Object.assign on a configuration without prototype.
  for (const key of Object.keys(value)) copy[key as keyof T] = value[key as keyof T];
  for (const key of Object.getOwnPropertySymbols(value)) copy[key as keyof T] = value[key as keyof T];
  return copy;
}

/**
 * Ends a body that is a stream; false for any other. An unread one would keep its socket, and with few sockets the next attempt would
 * wait for ever.
 */
export function discard(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  const { destroy, getReader } = body as { destroy?: unknown; getReader?: unknown };
  if (typeof destroy === 'function') {
    (body as { destroy(): void }).destroy();
    return true;
  }
  if (typeof getReader !== 'function') return false;
  // A web stream, from the fetch adapter.
  (body as { cancel(): Promise<void> }).cancel().catch(() => undefined);
  return true;
}
