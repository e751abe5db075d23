import type { AxiosLike } from '../axios/versions.js';
import { createBehind } from '../axios/unseen.js';

/** An axios instance of any version: the default instance, or one of `create`. */
type AnyAxios = AxiosLike & { create?: (...args: unknown[]) => unknown };

/**
 * Finds every copy of axios that the application loads. Calls `know` with its exports, and then `attach` with its default instance and with
 * each instance of `create` as soon as it is made, before the application registers interceptors on it.
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
      // For a frozen axios this fails, and the instances that it makes are not attached.
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

/** Whether exports are those of axios. Recognised by their shape, because axios may be bundled or renamed, or of a newer version. */
function isAxios(value: unknown): value is AnyAxios {
  if (typeof value !== 'function' || typeof valueOf(value, 'request') !== 'function') return false;
  const request = valueOf(valueOf(value, 'interceptors'), 'request') as { use?: unknown } | undefined;
  return typeof request?.use === 'function' && typeof valueOf(value, 'defaults') === 'object';
}

/**
 * The value of a property; undefined for a getter, because some packages load other modules in their getters, and where reading throws.
 */
function valueOf(owner: unknown, name: string): unknown {
  if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null) return undefined;
  try {
    return Object.getOwnPropertyDescriptor(owner, name)?.value;
  } catch {
    return undefined;
  }
}
