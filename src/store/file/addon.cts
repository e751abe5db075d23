// CommonJS in both builds, so that an optional dependency can be loaded, or found missing, at once: `fileTokenStore` throws at construction
// and not hours later, in the first renewal. An ES module cannot do that without `import.meta`, which the other build does not have.
// eslint-disable-next-line @typescript-eslint/no-require-imports -- how TypeScript writes an import of a CommonJS file
import modules = require('node:module');

/** Loads `fs-native-extensions`, or throws what `require` throws. */
function requireAddon(): unknown {
  // A `require` of its own: the one of this file may be a loader's (tsx) or a bundler's, and an addon has to be found on the disk.
  // Bundled into an ES module, this file has no name.
  const here = typeof __filename === 'string' ? __filename : `${process.cwd()}/`;
  return modules.createRequire(here)('fs-native-extensions');
}

export = requireAddon;
