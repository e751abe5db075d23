// This file is CommonJS in both builds. An ES module's `import.meta` does not compile for the CommonJS build, and an ES module cannot load
// an optional package synchronously, as `fileTokenStore` must in order to throw at construction and not in the first renewal. Each
// `require` is inside a `try`, because a bundle in the form of an ES module has no `require`, and this file must run there without
// throwing.

/** Loads `fs-native-extensions` in the form that bundlers and file tracers follow, and tells where this file is. */
const addon: {
  /** The path of this file; undefined in a bundle in the form of an ES module. */
  readonly file: string | undefined;
  /** Loads by a `require` in the source, which a bundler may have rewritten. */
  required(): { loaded: unknown } | { error: unknown };
} = {
  file: typeof __filename === 'string' ? __filename : undefined,
  required() {
    // A `require` inside a `try` tells bundlers that the package is optional and need not be installed.
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- in here, where its failure is caught
      const path = require('node:path') as { join(...parts: string[]): string };
      // File tracers copy the folder that is named here. They cannot follow the package itself, which computes the path of its addon.
      path.join(__dirname, '../../../../../fs-native-extensions/prebuilds');
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- the one form that all bundlers and tracers follow
      return { loaded: require('fs-native-extensions') as unknown };
    } catch (error) {
      return { error };
    }
  },
};

export = addon;
