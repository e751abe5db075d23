import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { read, root } from './support/pages.js';

/** The examples that are run by their names: those whose first comment says so, as scripts/example.mjs looks for them. */
const named = readdirSync(join(root, 'examples')).flatMap((file) => {
  const name = /^(.+)\.ts$/.exec(file)?.[1];
  return name && read(`examples/${file}`).split('*/')[0]!.includes(`npm run example ${name}`) ? [name] : [];
});

/** Those with packages of their own. */
const applications = readdirSync(join(root, 'examples')).filter((folder) =>
  existsSync(join(root, 'examples', folder, 'package.json')),
);

test('docs/examples.md has the command of each example, and each has a test', () => {
  const commands = [...read('docs/examples.md').matchAll(/^npm run example ([\w-]+).* #/gm)].map(
    ([, name]) => name,
  );
  expect(commands.sort()).toEqual([...named, ...applications].sort());
  const tests = readdirSync(join(root, 'test/examples'));
  for (const name of named) expect(tests).toContain(`${name}.test.ts`);
  const further = readdirSync(join(root, 'test/examples/applications'));
  for (const name of applications) expect(further).toContain(`${name}.test.ts`);
});

test('an example reads no other settings of Procore than register does, and knows of no emulator', () => {
  for (const name of named) {
    const source = readFileSync(join(root, `examples/${name}.ts`), 'utf8');
    const variables = new Set(source.match(/PROCORE_[A-Z_]+/g));
    const documented = read('docs/register.md');
    for (const variable of variables) expect(documented).toContain(`| \`${variable}\``);
    expect(source).not.toMatch(/emulator/i);
  }
});
