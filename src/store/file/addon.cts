// CommonJS in both builds, because an ES module can neither say where it is in a way that the CommonJS build compiles too, nor load an
// optional package at once: `fileTokenStore` throws at construction and not hours later, in the first renewal. Nothing is required
// outside of a block that catches: a bundle that is an ES module has no `require`, and must get through here all the same.

/** `fs-native-extensions` as bundlers and tracers see it, and where this file is. */
const addon: {
  /** The path of this file; undefined in a bundle that is an ES module. */
  readonly file: string | undefined;
  /** What a `require` that stands in the source gives: a bundler may have rewritten it. */
  required(): { loaded: unknown } | { error: unknown };
} = {
  file: typeof __filename === 'string' ? __filename : undefined,
  required() {
    // In a block that catches: bundlers then take a package that is not installed for the optional one that it is.
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- in here, where its failure is caught
      const path = require('node:path') as { join(...parts: string[]): string };
      // For tracers, which copy a folder that is named so: the package computes the path of its addon.
      path.join(__dirname, '../../../../../fs-native-extensions/prebuilds');
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- the one form that all bundlers and tracers follow
      return { loaded: require('fs-native-extensions') as unknown };
    } catch (error) {
      return { error };
    }
  },
};

export = addon;
