import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root, run } from '../support/packed.js';

let folder: string;
let packed: string[];
let manifest: Record<string, unknown>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'axios-procore-clone-'));
  const clone = join(folder, 'clone');
  await cloneInto(clone);
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'), 'junction');
  await run('npm', ['pack', '--pack-destination', folder], { cwd: clone, maxBuffer: 2 ** 24 });
  manifest = JSON.parse(await readFile(join(clone, 'package.json'), 'utf8')) as Record<string, unknown>;
  const tarball = join(folder, `axios-procore-${String(manifest['version'])}.tgz`);
  const { stdout } = await run('tar', ['-tzf', tarball]);
  packed = stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a clone of the working tree would have: no file that git ignores, and so no `dist`. */
async function cloneInto(clone: string): Promise<void> {
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const { stdout } = await run('git', listing, { cwd: root, maxBuffer: 2 ** 24 });
  for (const path of stdout.split('\0').filter((name) => name && existsSync(join(root, name)))) {
    await mkdir(dirname(join(clone, path)), { recursive: true });
    await cp(join(root, path), join(clone, path));
  }
}

/** The files of the package that the manifest names. */
function filesIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('./') ? [value.slice(2)] : [];
  return value && typeof value === 'object' ? Object.values(value).flatMap(filesIn) : [];
}

test('npm pack in a fresh clone builds first, so that the tarball has each file that package.json names', () => {
  const { exports, main, module, types, bin, typesVersions } = manifest;
  const named = filesIn({ exports, main, module, types, bin, typesVersions });
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((path) => !packed.includes(path))).toEqual([]);
});

test('the libraries that are bundled have their licences in it, also where node_modules is a link', async () => {
  const licences = packed.filter((path) => path.endsWith('LICENSES.txt'));
  expect(licences.sort()).toEqual(
    packed
      .filter((path) => path.endsWith('/libraries.js'))
      .map((path) => path.replace('libraries.js', 'LICENSES.txt'))
      .sort(),
  );
  for (const path of licences)
    expect(await readFile(join(folder, 'clone', path), 'utf8')).toContain('Permission is hereby granted');
});
