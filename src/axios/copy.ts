import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from './adapter.js';
import type { AxiosLike } from './versions.js';

/** The class with which axios rejects cancelled calls: `CanceledError` from 0.27 on, `Cancel` before. */
export type CanceledClass = new (message: string, config?: unknown) => Error;

/** The error class of axios from 0.27 on. */
export interface AxiosErrorClass {
  new (
    message: string,
    code: string | undefined,
    config: unknown,
    request: unknown,
    response: unknown,
  ): Error;
  from(error: Error, code: string | undefined, config: unknown, request?: unknown): Error;
  readonly prototype: Error;
}

/** The class `CancelToken` of an axios. */
export type CancelTokenClass = new (executor: (cancel: (message?: string) => void) => void) => object;

/** An axios that can make requests: the default instance, an instance of `create`, or an object of the class `Axios`. */
export interface Requesting extends AxiosLike {
  request(config: object): Promise<AxiosResponse>;
  getUri(config: object): string;
}

/** The exports of the package axios: the default instance with the static properties of its version. */
export interface AxiosModule extends Requesting {
  Axios: new (defaults: object) => Requesting;
  CancelToken: CancelTokenClass;
  CanceledError?: CanceledClass;
  Cancel?: CanceledClass;
  AxiosError?: AxiosErrorClass;
  getAdapter?: (adapters: unknown, config?: unknown) => Adapter;
  VERSION?: string;
}

/**
 * One copy of axios in the process, with everything that differs between versions. For each instance the plugin uses the facts of the copy
 * that the instance comes from, and never those of the axios that the plugin itself imports.
 */
export interface AxiosCopy {
  /** Undefined on 0.21. Also undefined where the copy's exports are not known, unless it is 1.0 or 1.1, whose faults depend on it. */
  readonly version: string | undefined;
  /** False below 0.22, where adapters end a request only by its CancelToken. */
  readonly knowsSignal: boolean;
  /** False below 0.27, where the http adapter has no `beforeRedirect`. */
  readonly tellsRedirects: boolean;
  /** True on 1.0.0, whose http adapter loses the question mark of a query in the URL. */
  readonly losesQueries: boolean;
  readonly CancelToken: CancelTokenClass | undefined;
  /** Undefined below 0.27. */
  readonly AxiosError: AxiosErrorClass | undefined;
  readonly Canceled: CanceledClass | undefined;
  /** The default adapter of the copy. It is read when the copy is first met, because mocks are later put into the defaults. */
  readonly ownChoice: unknown;
  /** The adapter for a value of `config.adapter`; for undefined the copy's default. */
  adapterOf(choice: unknown, config: AxiosRequestConfig): Adapter;
  /** Whether this is the copy's own fetch adapter, which does not call `beforeRedirect`. */
  isFetch(adapter: Adapter, chosen: unknown, config: AxiosRequestConfig): boolean;
  /** The URL with its query, by the configuration alone and not by the defaults. */
  getUri(config: object): string;
}

/** True for the exports of any version of axios, which have classes as static properties. */
export function isAxiosModule(value: unknown): value is AxiosModule {
  if (typeof value !== 'function') return false;
  const { Axios, CancelToken } = value as Partial<AxiosModule>;
  return typeof Axios === 'function' && typeof CancelToken === 'function';
}

/** Whether a name, or a list of names, chooses the fetch adapter. Node has both http and fetch, so there the first one named is taken. */
export function namesFetch(chosen: unknown): boolean {
  // axios ignores the case of the names.
  const names = [chosen].flat().map((name) => (typeof name === 'string' ? name.toLowerCase() : name));
  const [fetch, http] = [names.indexOf('fetch'), names.indexOf('http')];
  return fetch >= 0 && (http < 0 || fetch < http);
}
