import module from 'node:module';
import { pathToFileURL } from 'node:url';
import { watchInBun, type Bun } from './bun.js';
import { loadSync, place } from './hooks.js';

type ModuleLoad = (...args: unknown[]) => unknown;
/** The functions of `node:module` that the types of the oldest supported Node do not have. */
interface Loaders {
  _load: ModuleLoad;
  register?: (specifier: string, parent: URL) => void;
  registerHooks?: (hooks: { load: typeof loadSync }) => void;
}

/**
 * Calls `see` with the exports of each module that is loaded: of every CommonJS module, and of axios as an ES module.
 *
 * @returns the function that starts watching ES modules on older versions of Node. It is called once the process is known to continue.
 */
export function watchModules(see: (exported: unknown) => void): () => void {
  Object.defineProperty(globalThis, Symbol.for(place), { value: see, configurable: true });
  const { Bun: bun } = globalThis as { Bun?: Bun };
  if (bun) {
    watchInBun(bun, see);
    return () => undefined;
  }
  const loaders = module as unknown as Loaders;
  const load = loaders._load;
  loaders._load = function (this: unknown, ...args) {
    const exported = load.apply(this, args);
    see(exported);
    return exported;
  };
  // `registerHooks` exists from Node 22.15 on.
  if (loaders.registerHooks) {
    loaders.registerHooks({ load: loadSync });
    return () => undefined;
  }
  // Before Node 22.15, hooks run in a separate thread. With that thread a process.exit() while --require is processed never ends.
  return () => loaders.register?.('./hooks.js', pathToFileURL(__filename));
}
