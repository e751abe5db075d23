import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { read, root } from './support/pages.js';
import { entryPoints } from './support/program.js';

test('the API reference has every entry point of the package, each by the name that an import has', () => {
  const { exports } = JSON.parse(read('package.json')) as { exports: object };
  const { entryPoints: documented } = JSON.parse(read('typedoc.json')) as { entryPoints: string[] };
  const sources = entryPoints.map((file) => relative(root, file).replaceAll('\\', '/'));
  expect([...documented].sort()).toEqual(sources.sort());
  const named = documented.map((file) => /@module (axios-procore\S*)/.exec(read(file))?.[1]);
  const imported = Object.keys(exports).filter((path) => path !== './package.json');
  expect(named.sort()).toEqual(imported.map((path) => path.replace('.', 'axios-procore')).sort());
});
