// Builds the package, unless AXIOS_PROCORE_BUILT=1 says that it is built: what .ci/run runs at once all looks at one build.
if (process.env.AXIOS_PROCORE_BUILT !== '1') await import('./build.mjs');
