// Runs the model of test/model, with the options that it is given. It is bundled first and not run by tsx, which sets the name of each
// function whenever one is made (`keepNames`): with as many closures as here that takes a good part of the time.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const built = 'node_modules/.cache/axios-procore-model/main.mjs';
buildSync({
  absWorkingDir: root,
  entryPoints: ['test/model/main.ts'],
  outfile: built,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  sourcemap: true,
  tsconfig: 'scripts/tsconfig.run.json',
});
const args = ['--enable-source-maps', built, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
