import { expect, test } from 'vitest';
import { read } from './support/pages.js';
import { sourcePaths, sources } from './support/program.js';

test('typedoc.json has the source of every entry point of package.json, and each names its import by @module', () => {
  const { entryPoints } = JSON.parse(read('typedoc.json')) as { entryPoints: string[] };
  expect([...entryPoints].sort()).toEqual([...sources.values()].sort());
  for (const [name, file] of sources)
    expect([file, /@module (\S+)/.exec(read(file))?.[1]]).toEqual([file, name]);
});

test('the paths of tsconfig.json lead from every entry point of package.json to its source, for examples and tests', () => {
  const expected = Object.fromEntries([...sources].map(([name, file]) => [name, [`./${file}`]]));
  expect(sourcePaths).toEqual(expected);
});
