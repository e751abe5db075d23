import axios from 'axios';
import type { AxiosLike } from './versions.js';
import { isAxiosModule, type AxiosCopy, type AxiosModule } from './copy.js';
import { copyOfModule } from './seen.js';
import { copyOfInstance } from './unseen.js';

/** The copies of axios in this process, as far as they have been met. */
export interface AxiosCopies {
  /** The copy that an instance comes from. */
  of(instance: AxiosLike): AxiosCopy;
  /** Notes what a copy exports, so that its instances are known by it. */
  know(exported: unknown): void;
}

/** The axios that the plugin itself imports. */
export const ownCopy: AxiosCopy = copyOfModule(axios as unknown as AxiosModule);

/**
 * Creates the register of copies. All instances of one copy share the prototype of their interceptor managers, and no other copy has it:
 * two builds of one version have two.
 */
export function createAxiosCopies(): AxiosCopies {
  /** By what they export, and by one of their instances: the former tells more. */
  const seen = new WeakMap<object, AxiosCopy>([[managerOf(axios)!, ownCopy]]);
  const unseen = new WeakMap<object, AxiosCopy>();

  function know(exported: unknown): void {
    const manager = isAxiosModule(exported) ? managerOf(exported) : undefined;
    if (manager && !seen.has(manager)) seen.set(manager, copyOfModule(exported as AxiosModule));
  }

  return {
    know,
    of(instance) {
      const manager = managerOf(instance);
      // Something that only looks like an instance, in a test perhaps.
      if (!manager) return ownCopy;
      know(instance);
      const copy = seen.get(manager) ?? unseen.get(manager) ?? copyOfInstance(instance) ?? ownCopy;
      if (!seen.has(manager)) unseen.set(manager, copy);
      return copy;
    },
  };
}

function managerOf({ interceptors }: AxiosLike): object | undefined {
  const prototype = Object.getPrototypeOf(interceptors.request) as object | null;
  return prototype === null || prototype === Object.prototype ? undefined : prototype;
}
