// Builds the package, unless AXIOS_PROCORE_BUILT=1 says that it is built: what .ci/run runs at once all looks at one build.
import { existsSync } from 'node:fs';

if (process.env.AXIOS_PROCORE_BUILT !== '1') await import('./build.mjs');
else if (!existsSync(new URL('../dist/cjs/index.js', import.meta.url)))
  throw new Error(
    'AXIOS_PROCORE_BUILT=1 says that the package is built, and there is no dist: run "npm run build".',
  );
