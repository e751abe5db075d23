import { createRequire } from 'node:module';
import { resolve } from 'node:path';

/** Loads a module of the application: a file, or a package that is resolved from the working directory. */
export function loadConfig(name: string): unknown {
  return requireFromHere()(configPath(name));
}

/** The path of that module; the name itself where it is not found. */
export function configPath(name: string): string {
  const { resolve: find } = requireFromHere();
  for (const candidate of [resolve(name), name]) {
    try {
      return find(candidate);
    } catch {
      // The error is reported when the module is loaded.
    }
  }
  return name;
}

function requireFromHere(): NodeJS.Require {
  return createRequire(resolve('package.json'));
}
