// This file is CommonJS in both builds, because an ES module cannot load an optional package synchronously. Each `require` is inside a
// `try`, which tells bundlers that the package need not be installed, and lets a bundle in the form of an ES module run without them.

type Loaded = { readonly loaded: unknown } | { readonly error: unknown };

/** Loads the packages that only a part of `axios-procore/health` needs. */
const packages = {
  papaparse(): Loaded {
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- the one form that all bundlers and tracers follow
      return { loaded: require('papaparse') as unknown };
    } catch (error) {
      return { error };
    }
  },
  echarts(): Loaded {
    try {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- as above
      return { loaded: require('echarts') as unknown };
    } catch (error) {
      return { error };
    }
  },
};

export = packages;
