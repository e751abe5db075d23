import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import config from '../../vitest.config.js';
import { codeIn, read, root } from './support/pages.js';

interface Field {
  type: string;
  id?: string;
  attributes: { label?: string; value?: string };
}

const templates = readdirSync(join(root, '.github/ISSUE_TEMPLATE')).filter((name) => name !== 'config.yml');

test.each(templates)('the issue form %s has fields that GitHub knows, and asks for no secret', (name) => {
  const form = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as Record<string, unknown>;
  expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
  const fields = form['body'] as Field[];
  for (const { type, id, attributes } of fields) {
    expect(type).toMatch(/^(markdown|textarea|input|dropdown|checkboxes)$/);
    if (type === 'markdown') expect(attributes.value).toMatch(/No tokens/);
    else expect([id, attributes.label]).toEqual([expect.stringMatching(/^\w+$/), expect.any(String)]);
  }
  const ids = fields.flatMap(({ id }) => id ?? []);
  expect(new Set(ids).size).toBe(ids.length);
});

test('nobody is named, and no address is invented: the authors are those of the licence', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, unknown>;
  expect(read('LICENSE')).toMatch(
    new RegExp(`^Copyright \\(c\\) \\d{4} ${String(manifest['author'])}$`, 'm'),
  );
  for (const page of ['SECURITY.md', 'CODE_OF_CONDUCT.md', 'CONTRIBUTING.md'])
    expect([page, read(page).match(/[\w.-]+@[\w-]+\.\w+/g)]).toEqual([page, null]);
});

test('a test file that mocks modules, intercepts requests or watches the whole process has a process of its own', () => {
  const needs =
    /\bvi\.(do)?[mM]ock\(|(from|import\() ?'(nock|msw\/node)'|\bsubscribe\(|spyOn\(process, 'emitWarning'|getActiveResourcesInfo\(/;
  const shared = ['test/unit', 'test/flow', 'test/docs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true })
      .map((name) => `${folder}/${String(name)}`)
      .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.own-process.test.ts')),
  );
  expect(shared.length).toBeGreaterThan(300);
  expect(shared.filter((name) => needs.test(read(name)))).toEqual([]);
});

test('every project that a command names is there: Vitest says nothing of one that is not, beside one that is', () => {
  const { projects } = config.test as unknown as { projects: { test: { name: string } }[] };
  const names = projects.map(({ test }) => test.name);
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const texts = [
    ...Object.values(scripts),
    ...readdirSync(join(root, 'scripts')).map((name) =>
      /\.m?js$/.test(name) ? read(`scripts/${name}`) : '',
    ),
  ];
  const called = texts.flatMap((text) =>
    [...text.matchAll(/--project(?:',\s*'| "?)([a-z-]+\*?)(?![\w.*])/g)].map(([, pattern]) => pattern!),
  );
  expect(called.length).toBeGreaterThan(12);
  const isOf = (name: string, pattern: string) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
  expect(called.filter((pattern) => !names.some((name) => isOf(name, pattern)))).toEqual([]);
  // And each project is run by a command, those included whose files have processes of their own.
  expect(names.filter((name) => !called.some((pattern) => isOf(name, pattern)))).toEqual([]);
});

test('CONTRIBUTING.md names commands that are there, and each one that package.json has for people', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const text = read('CONTRIBUTING.md');
  const named = codeIn(text).flatMap((span) =>
    [...span.matchAll(/^(?:npm run )?([a-z]+(?::[a-z]+)*)/g)].map(([, name]) => name!),
  );
  const called = [...text.matchAll(/`npm run ([\w:]+)/g)].map(([, name]) => name!);
  expect(called.filter((name) => !(name in scripts))).toEqual([]);
  // npm calls these by itself.
  const hooks = ['prepack', 'test'];
  expect(Object.keys(scripts).filter((name) => !named.includes(name) && !hooks.includes(name))).toEqual([]);
});
