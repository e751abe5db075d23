import type { AxiosLike } from '../axios/versions.js';
import { createBehind } from '../axios/unseen.js';

/** An axios of any version: the default instance, or one that it has made. */
type AnyAxios = AxiosLike & { create?: (...args: unknown[]) => unknown };

/**
 * Sees every copy of axios that the application loads, and hands over the default instance and each one made with `create`, as soon as
 * there is one: what the application registers on it comes later. What a copy exports is made known before.
 */
export function createCopies(
  attach: (instance: AxiosLike) => void,
  know: (exported: unknown) => void,
): { see(exported: unknown): void } {
  const seen = new WeakSet<object>();

  function adopt(axios: AnyAxios): void {
    if (seen.has(axios)) return;
    seen.add(axios);
    know(axios);
    const { create } = axios;
    if (typeof create === 'function') {
      const adopting = function (this: unknown, ...args: unknown[]): unknown {
        const made = create.apply(this, args);
        if (isAxios(made)) adopt(made);
        return made;
      };
      Object.defineProperty(adopting, createBehind, { value: create });
      // Where it is frozen this fails: it makes instances as ever, and they stay the application's.
      Reflect.set(axios, 'create', adopting);
    }
    attach(axios);
  }

  return {
    see(exported) {
      for (const candidate of [exported, valueOf(exported, 'default')])
        if (isAxios(candidate)) adopt(candidate);
    },
  };
}

/** By its own looks: it may be bundled, renamed, or of a version that is yet to come. */
function isAxios(value: unknown): value is AnyAxios {
  if (typeof value !== 'function' || typeof valueOf(value, 'request') !== 'function') return false;
  const request = valueOf(valueOf(value, 'interceptors'), 'request') as { use?: unknown } | undefined;
  return typeof request?.use === 'function' && typeof valueOf(value, 'defaults') === 'object';
}

/** Without calling a getter: some packages load half of themselves in one. Others refuse to be looked at. */
function valueOf(owner: unknown, name: string): unknown {
  if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(owner, name)?.value;
  } catch {
    return undefined;
  }
}
