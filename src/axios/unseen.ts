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

/** Found on a `create` that somebody of this package has wrapped: the one behind it. */
export const createBehind: unique symbol = Symbol.for('axios-procore.create');

type Creator = ((config: object) => unknown) & { [createBehind]?: Creator };

/**
 * The copy of an instance whose exports nobody has seen, told by what the instance itself can do. Facts that its methods do not show are
 * told by one that came with the same version: `create` on instances with `signal` (0.22), `postForm` with `beforeRedirect` and
 * `AxiosError` (0.27). Its classes show in an aborted call that never leaves; they are known a few microtasks later, before any call of the
 * application has had an answer. Undefined where it is no axios that could be asked.
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

/** From 1.7 on axios names the function itself; from 1.13 on it hands out one without a name, made for each `env`. */
function mayBeFetch(adapter: unknown): boolean {
  if (typeof adapter !== 'function') return false;
  const { adapterName, name } = adapter as { adapterName?: string; name: string };
  return adapterName === 'fetch' || (adapterName === undefined && name === '');
}

function adapterIn(defaults: unknown): unknown {
  return (defaults as AxiosRequestConfig | undefined)?.adapter;
}

/** An instance of the same copy without defaults and interceptors; 0.21 makes none. */
function bareOf(instance: AxiosLike): Requesting | undefined {
  try {
    const bare = typeof instance === 'function' ? madeBy(instance) : constructedLike(instance);
    if (typeof bare?.request !== 'function' || typeof bare.interceptors?.request?.use !== 'function')
      return undefined;
    // Not by another object: the instance would go on reading this one.
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
  // Under axios-procore/register what `create` makes is attached at once.
  return (create[createBehind] ?? create)({}) as Requesting;
}

/** `new axios.Axios()` has neither `create` nor anything else of its module. */
function constructedLike(instance: AxiosLike): Requesting | undefined {
  const { constructor } = instance;
  return constructor === Object ? undefined : new (constructor as new (defaults: object) => Requesting)({});
}

interface Learnt {
  /** Where it is 1.0 or 1.1, whose faults the plugin works around. */
  version?: string;
  Canceled?: CanceledClass;
  AxiosError?: AxiosErrorClass;
}

/** Aborts a call while its adapter, which sends nothing, is at work: axios rejects it with the class that it has for that. */
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

/** Headers of 1.0 and 1.1 keep those of the defaults behind a symbol; functions that serialise `params` came with 1.1. */
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
