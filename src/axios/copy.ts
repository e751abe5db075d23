import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import type { Adapter } from './adapter.js';
import type { AxiosLike } from './versions.js';

/** What a cancelled call is rejected with: `CanceledError` from 0.27 on, `Cancel` before. */
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

export type CancelTokenClass = new (executor: (cancel: (message?: string) => void) => void) => object;

/** An axios that requests are handed to: the default instance, one that it has made, or an object of the class `Axios`. */
export interface Requesting extends AxiosLike {
  request(config: object): Promise<AxiosResponse>;
  getUri(config: object): string;
}

/** What the package axios exports: the default instance with the statics of its version. */
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
 * One copy of axios in the process, with all that differs between versions. What the plugin does for an instance it does by these facts of
 * the copy that the instance comes from, never by those of the axios that the plugin itself imports.
 */
export interface AxiosCopy {
  /** Undefined on 0.21, and where nobody has seen the copy's exports and nothing depends on it. */
  readonly version: string | undefined;
  /** False below 0.22: adapters end a request by its CancelToken only. */
  readonly knowsSignal: boolean;
  /** False below 0.27: the http adapter has no `beforeRedirect`. */
  readonly tellsRedirects: boolean;
  /** True on 1.0.0: the http adapter loses the question mark of a query that is written into the URL. */
  readonly losesQueries: boolean;
  readonly CancelToken: CancelTokenClass | undefined;
  /** Undefined below 0.27. */
  readonly AxiosError: AxiosErrorClass | undefined;
  readonly Canceled: CanceledClass | undefined;
  /** The adapter, or the names, that the copy chose by itself: read when the copy was met, before most mocks are put there. */
  readonly ownChoice: unknown;
  /** The adapter of these names; of undefined, the copy's default. */
  adapterOf(choice: unknown, config: AxiosRequestConfig): Adapter;
  /** Whether this is the copy's own fetch adapter, which tells nobody of a redirect. */
  isFetch(adapter: Adapter, chosen: unknown, config: AxiosRequestConfig): boolean;
  /** The URL with its query, without any defaults. */
  getUri(config: object): string;
}

/** True for the default instance of any version: it has the classes of its copy. */
export function isAxiosModule(value: unknown): value is AxiosModule {
  if (typeof value !== 'function') return false;
  const { Axios, CancelToken } = value as Partial<AxiosModule>;
  return typeof Axios === 'function' && typeof CancelToken === 'function';
}

/** Whether a list of adapters, or a name, chooses fetch. Node has http and fetch both: the first that is named is taken. */
export function namesFetch(chosen: unknown): boolean {
  // axios reads names without case.
  const names = [chosen].flat().map((name) => (typeof name === 'string' ? name.toLowerCase() : name));
  const [fetch, http] = [names.indexOf('fetch'), names.indexOf('http')];
  return fetch >= 0 && (http < 0 || fetch < http);
}
