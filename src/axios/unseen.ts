import type { AxiosRequestConfig } from 'axios';
import type { Adapter } from './adapter.js';
import type { AxiosLike } from './versions.js';
import { adaptersBy } from './bare.js';
import {
  namesFetch,
  type AxiosCopy,
  type AxiosErrorClass,
  type CanceledClass,
  type Requesting,
} from './copy.js';

/** The key, on a `create` that this package has wrapped, of the original function. */
export const createBehind: unique symbol = Symbol.for('axios-procore.create');

type Creator = ((config: object) => unknown) & { [createBehind]?: Creator };

/**
 * The facts of a copy of axios of which only an instance is known, and not the exports. Some facts are inferred from a method that came
 * with the same version: `signal` from `create` on instances (0.22); `beforeRedirect` and `AxiosError` from `postForm` (0.27). Its error
 * classes are found out by a call that is aborted before anything is sent. That takes a few microtasks, so they are known before any call
 * of the application has an answer. Undefined where the object is no axios that can make such a call.
 */
export function copyOfInstance(instance: AxiosLike): AxiosCopy | undefined {
  const { create, postForm } = instance as { create?: unknown; postForm?: unknown };
  const bare = bareOf(instance);
  const fallback = adapterIn(instance.defaults);
  if (!bare && typeof fallback !== 'function') return undefined;
  const learnt: Learnt = {};
  if (bare) learn(bare, learnt);
  const byBare = bare && adaptersBy(bare);
  const tellsRedirects = typeof postForm === 'function';
  return {
    version: learnt.version,
    knowsSignal: tellsRedirects || typeof create === 'function',
    tellsRedirects,
    losesQueries: learnt.version === '1.0.0',
    CancelToken: undefined,
    get AxiosError() {
      return learnt.AxiosError;
    },
    get Canceled() {
      return learnt.Canceled;
    },
    ownChoice: fallback,
    adapterOf(choice) {
      if (typeof choice === 'function') return choice as Adapter;
      return byBare ? byBare(choice) : (fallback as Adapter);
    },
    isFetch: (_adapter, chosen) => [chosen].flat().some(mayBeFetch) || namesFetch(chosen),
    getUri: (config) => (bare ?? (instance as Requesting)).getUri(config),
  };
}

/**
 * Whether a function may be axios's fetch adapter. From 1.7 on that has an `adapterName`; from 1.13 on it is made for each `env` and has no
 * name.
 */
function mayBeFetch(adapter: unknown): boolean {
  if (typeof adapter !== 'function') return false;
  const { adapterName, name } = adapter as { adapterName?: string; name: string };
  return adapterName === 'fetch' || (adapterName === undefined && name === '');
}

function adapterIn(defaults: unknown): unknown {
  return (defaults as AxiosRequestConfig | undefined)?.adapter;
}

/** A new instance of the same copy without defaults and interceptors; undefined on axios 0.21, whose instances have no `create`. */
function bareOf(instance: AxiosLike): Requesting | undefined {
  try {
    const bare = typeof instance === 'function' ? madeBy(instance) : constructedLike(instance);
    if (typeof bare?.request !== 'function' || typeof bare.interceptors?.request?.use !== 'function')
      return undefined;
    // The defaults are deleted one by one and the object is kept, because the instance would go on reading the old object.
    for (const key of Object.keys(bare.defaults as object))
      delete (bare.defaults as Record<string, unknown>)[key];
    return bare;
  } catch {
    return undefined;
  }
}

function madeBy(instance: AxiosLike): Requesting | undefined {
  const { create } = instance as { create?: Creator };
  if (typeof create !== 'function') return undefined;
  // The original `create` is called, because the one of axios-procore/register would attach the plugin to the new instance.
  return (create[createBehind] ?? create)({}) as Requesting;
}

/** A new instance of the class of an object that was made by `new axios.Axios()`, which has no `create`. */
function constructedLike(instance: AxiosLike): Requesting | undefined {
  const { constructor } = instance;
  return constructor === Object ? undefined : new (constructor as new (defaults: object) => Requesting)({});
}

interface Learnt {
  /** Set only for 1.0 and 1.1, because the plugin works around faults of these versions. */
  version?: string;
  Canceled?: CanceledClass;
  AxiosError?: AxiosErrorClass;
}

/** Makes a call with an adapter that sends nothing, and aborts it there. axios rejects it with its own class for cancelled calls. */
function learn(bare: Requesting, learnt: Learnt): void {
  const controller = new AbortController();
  const adapter: Adapter = async (config) => {
    learnt.version = oldVersion(bare, config.headers);
    controller.abort();
    return { data: '', status: 200, statusText: '', headers: {}, config: config as never };
  };
  bare.request({ url: '/', adapter, signal: controller.signal }).then(
    () => undefined,
    (error: object) => {
      learnt.Canceled = error.constructor as CanceledClass;
      const base = Object.getPrototypeOf(learnt.Canceled.prototype) as object;
      if (base instanceof Error) learnt.AxiosError = base.constructor as AxiosErrorClass;
    },
  );
}

/** Tells 1.0 and 1.1 by their header objects, which keep the default headers under a symbol, and 1.1 by `paramsSerializer.serialize`. */
function oldVersion(bare: Requesting, headers: object | undefined): string | undefined {
  const [symbol] = Object.getOwnPropertySymbols(headers ?? {});
  if (symbol?.description !== 'defaults') return undefined;
  const serialised = bare.getUri({
    url: '/',
    params: { a: 1 },
    paramsSerializer: { serialize: () => 'own' },
  });
  return serialised === '/?own' ? '1.1.0' : '1.0.0';
}
