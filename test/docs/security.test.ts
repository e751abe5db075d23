import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { codeIn, read, root } from './support/pages.js';

test('every test that docs/security.md names for a promise is there', () => {
  const named = [...read('docs/security.md').matchAll(/^Tests: (.+)$/gm)].flatMap(([, names]) =>
    codeIn(names!),
  );
  expect(named.length).toBeGreaterThan(20);
  const isThere = (name: string) =>
    ['test.ts', 'own-process.test.ts'].some((end) => existsSync(join(root, `test/${name}.${end}`)));
  expect(named.filter((name) => !isThere(name))).toEqual([]);
});

test('every threat says how it is tested', () => {
  const [, threats = ''] = read('docs/security.md').split(/^## Threats$|^## What it cannot do$/m);
  const each = threats.split(/^### /m).slice(1);
  expect(each.length).toBeGreaterThan(5);
  for (const threat of each) expect(threat).toMatch(/^Tests: /m);
});
