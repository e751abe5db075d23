// An example with packages of its own: a folder of examples/ with a package.json. What it installs stays out of the ordinary install.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export const folderOf = (name) => join(root, 'examples', name);

const manifestOf = (name) => JSON.parse(readFileSync(join(folderOf(name), 'package.json'), 'utf8'));

export function applications() {
  const folders = readdirSync(join(root, 'examples'));
  return folders.filter((name) => existsSync(join(folderOf(name), 'package.json')));
}

export const descriptionOf = (name) => manifestOf(name).description;

/** Installs its packages by its lock file, unless they are there, and the built package from a tarball, as a user has it; then builds it. */
export function prepare(name) {
  const cwd = folderOf(name);
  const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--silent'];
  if (!existsSync(join(cwd, 'node_modules'))) npm(['ci', ...quiet], cwd);
  const packed = mkdtempSync(join(tmpdir(), 'axios-procore-packed-'));
  try {
    npm(['pack', '--silent', '--ignore-scripts', '--pack-destination', packed], root);
    const [tarball] = readdirSync(packed);
    npm(['install', '--no-save', '--no-package-lock', ...quiet, join(packed, tarball)], cwd);
  } finally {
    rmSync(packed, { recursive: true, force: true });
  }
  npm(['run', '--silent', 'build'], cwd);
}

/** The command of its script `start`, to be run without npm, which would not pass a signal on. */
export function startOf(name) {
  const [command, ...args] = manifestOf(name).scripts.start.split(' ');
  const cwd = folderOf(name);
  const path = [join(cwd, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  return { command, args, cwd, env: { PATH: path } };
}

function npm(args, cwd) {
  const { status } = spawnSync('npm', args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`npm ${args[0]} failed in ${cwd}`);
}
