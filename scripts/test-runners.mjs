// Runs tests on the emulator under Jest and Mocha, in CommonJS and in ES modules, with the package as it is packed: those of test/runners, and
// those of docs/testing.md as they stand. Each runner has to end by itself. Both are installed by a lock file of their own.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'test/runners');
const packages = join(sources, 'node_modules');
/** Longer than a runner takes on the slowest machine; one that does not end by itself would go on for ever. */
const limitMs = 300_000;

const must = (command, args, options) => {
  const { status, signal } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${signal ?? status}`);
};

must('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--silent'], { cwd: sources });
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-runners-'));
try {
  must('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder], {
    cwd: root,
    stdio: 'ignore',
  });
  const [tarball] = readdirSync(folder);
  const installed = join(packages, 'axios-procore');
  rmSync(installed, { recursive: true, force: true });
  mkdirSync(installed);
  must('tar', ['-xzf', join(folder, tarball), '-C', installed, '--strip-components=1']);

  symlinkSync(packages, join(folder, 'node_modules'));
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  for (const name of readdirSync(sources))
    if (/\.[cm]js$/.test(name)) cpSync(join(sources, name), join(folder, name));
  const page = readFileSync(join(root, 'docs/testing.md'), 'utf8');
  const ofPage = [...page.matchAll(/^```js\n\/\/ (\S+)\n[^]*?^```$/gm)].map(([block, name]) => {
    writeFileSync(join(folder, name), block.replace(/^```.*\n?/gm, ''));
    return name;
  });
  const named = (ending) => ofPage.filter((name) => name.endsWith(ending));
  const [jests, mochas] = [named('.test.js'), named('.spec.cjs')];
  if (jests.length === 0 || mochas.length === 0)
    throw new Error('docs/testing.md has no test for Jest, or none for Mocha');

  const bin = (name) => join(packages, '.bin', name);
  const options = { cwd: folder, timeout: limitMs };
  const jestOptions = ['--testTimeout', String(limitMs), '--runTestsByPath'];
  must(bin('jest'), [...jestOptions, 'own.test.cjs', ...jests], options);
  must(bin('jest'), [...jestOptions, 'own.test.mjs'], {
    ...options,
    env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules' },
  });
  must(bin('mocha'), ['--timeout', '0', 'own.spec.cjs', 'own.spec.mjs', ...mochas], options);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
