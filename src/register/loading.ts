import module, { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadSync, place } from './hooks.js';

type ModuleLoad = (...args: unknown[]) => unknown;
/** What Node has beyond the types of its oldest version. */
interface Loaders {
  _load: ModuleLoad;
  register?: (specifier: string, parent: URL) => void;
  registerHooks?: (hooks: { load: typeof loadSync }) => void;
}

/**
 * Calls `see` with what modules export, as they are loaded: CommonJS modules all, ES modules where they are axios.
 *
 * @returns the rest of it, to be called when the process is known to go on.
 */
export function watchModules(see: (exported: unknown) => void): () => void {
  const loaders = module as unknown as Loaders;
  const load = loaders._load;
  loaders._load = function (this: unknown, ...args) {
    const exported = load.apply(this, args);
    see(exported);
    return exported;
  };
  Object.defineProperty(globalThis, Symbol.for(place), { value: see, configurable: true });
  // From Node 22.15 on.
  if (loaders.registerHooks) {
    loaders.registerHooks({ load: loadSync });
    return () => undefined;
  }
  // Before, such hooks run in a thread of their own, and with that thread a process.exit() under --require never comes to its end.
  return () => loaders.register?.('./hooks.js', pathToFileURL(__filename));
}

/** Loads a module of the application: a file, or a package as the working directory sees it. */
export function loadConfig(name: string): unknown {
  return requireFromHere()(configPath(name));
}

/** Where that module is; the name itself where it is not found. */
export function configPath(name: string): string {
  const { resolve: find } = requireFromHere();
  for (const candidate of [resolve(name), name]) {
    try {
      return find(candidate);
    } catch {
      // Loading it says why.
    }
  }
  return name;
}

function requireFromHere(): NodeJS.Require {
  return createRequire(resolve('package.json'));
}
