// Builds the examples that have packages of their own, with the package as it is packed, and runs their tests.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { applications, prepare } from './application.mjs';

for (const name of applications()) {
  console.log(`examples/${name}: installed and built`);
  prepare(name);
}
const { status } = spawnSync(
  'npx',
  [
    '--no-install',
    'vitest',
    'run',
    '--project',
    'applications',
    '--no-file-parallelism',
    '--no-cache',
    ...process.argv.slice(2),
  ],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' },
);
process.exitCode = status ?? 1;
