import axios from 'axios';
import type { AxiosLike } from './versions.js';
import { isAxiosModule, type AxiosCopy, type AxiosModule } from './copy.js';
import { copyOfModule } from './seen.js';
import { copyOfInstance } from './unseen.js';

/** The known copies of axios in this process. There may be several, of different versions. */
export interface AxiosCopies {
  /** The copy that an instance comes from. */
  of(instance: AxiosLike): AxiosCopy;
  /** Registers the exports of a copy of axios, so that its instances are recognised. */
  know(exported: unknown): void;
}

/** The axios that the plugin itself imports. */
export const ownCopy: AxiosCopy = copyOfModule(axios as unknown as AxiosModule);

/**
 * Creates the register of copies. An instance is assigned to its copy by the prototype of its interceptor managers, which all instances of
 * one copy share and no other copy has.
 */
export function createAxiosCopies(): AxiosCopies {
  /**
   * Copies that were registered by their exports, and copies known only from an instance. The exports tell more, so they are looked up
   * first.
   */
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
      // Without an interceptor manager this is no real instance: a test double, for example.
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
