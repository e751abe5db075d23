import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchInBun, type Bun } from '../../../src/register/bun.js';

type Build = Parameters<Parameters<Bun['plugin']>[0]['setup']>[0];
const { prototype } = module as unknown as { prototype: { require: unknown } };
const { require: untouched } = prototype;
const root = createRequire(import.meta.url)
  .resolve('axios/package.json')
  .replace(/package\.json$/, '');
const old = root.replace(/axios\/$/, 'axios-0.27/');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'axios-procore-bun-'));
});
afterEach(() => {
  prototype.require = untouched;
  rmSync(folder, { recursive: true, force: true });
});

/** The loader of Bun, as far as plugins see it. */
function watching() {
  const seen: unknown[] = [];
  const rules: { resolve?: Parameters<Build['onResolve']>; load?: Parameters<Build['onLoad']> } = {};
  const plugin: Bun['plugin'] = ({ setup }) =>
    setup({
      onResolve: (...rule) => void (rules.resolve = rule),
      onLoad: (...rule) => void (rules.load = rule),
    });
  watchInBun({ plugin }, (exported) => void seen.push(exported));
  return {
    seen,
    /** What an import resolves to by the rules; undefined where Bun goes its own way. */
    resolve(path: string, importer: string) {
      const [{ filter }, answer] = rules.resolve!;
      return filter.test(path) ? answer({ path, importer })?.path : undefined;
    },
    load(path: string) {
      const [{ filter }, answer] = rules.load!;
      return filter.test(path) ? answer({ path }) : undefined;
    },
  };
}

test('an axios that is an ES module announces itself, and is otherwise as it was', () => {
  const { resolve, load } = watching();
  const path = resolve('./lib/axios.js', `${root}index.js`)!;
  const { contents, loader } = load(path)!;
  expect(loader).toBe('js');
  expect(contents).toMatch(/export default axios;/);
  expect(contents.trimEnd()).toMatch(/\(axios\);$/);
});

test('other files are left to Bun: an axios that is CommonJS, one of that name, and none at all', () => {
  const { resolve } = watching();
  writeFileSync(join(folder, 'axios.js'), 'export const axios = 1;');
  expect(resolve('./lib/axios.js', `${old}index.js`)).toBeUndefined();
  expect(resolve('./axios.js', join(folder, 'main.js'))).toBeUndefined();
  expect(resolve('./lib/axios.js', join(folder, 'main.js'))).toBeUndefined();
  expect(resolve('axios', `${root}index.js`)).toBeUndefined();
});

test('what a CommonJS module gets by require is seen, and is what the module gets', () => {
  const { seen } = watching();
  writeFileSync(join(folder, 'required.cjs'), 'module.exports = { answer: 42 };');
  writeFileSync(join(folder, 'main.cjs'), "module.exports = require('./required.cjs');");
  const given = createRequire(import.meta.url)(join(folder, 'main.cjs')) as unknown;
  expect(given).toEqual({ answer: 42 });
  expect(seen).toContain(given);
});
