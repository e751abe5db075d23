import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { blocksOf } from '../docs/support/pages.js';
import { createConsumer, run, type Consumer } from '../support/packed.js';

/** The examples of docs/testing.md that are files: each begins with its name. */
const files = blocksOf('docs/testing.md').flatMap(({ info, code }) => {
  const name = info === 'js' && /^\/\/ (\S+)\n/.exec(code)?.[1];
  return name ? [{ name, code }] : [];
});

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['axios-mock-adapter'] });
  for (const { name, code } of files) await writeFile(join(consumer.folder, name), code);
});
afterAll(() => consumer?.remove());

test.each(files.filter(({ name }) => name.endsWith('.test.mjs')))(
  'docs/testing.md: the test runner of Node runs $name as it stands, and ends by itself',
  async ({ name, code }) => {
    // Node's own runner tells its children by this variable, and would not start within one of them.
    const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', name], {
      cwd: consumer.folder,
      env,
    });
    expect(stdout).toContain(`# pass ${code.match(/^test\(/gm)!.length}\n`);
    expect(stdout).toContain('# fail 0\n');
  },
);

test('docs/testing.md has a file for each of the test runners that it speaks of', () => {
  expect(files.map(({ name }) => name)).toEqual([
    'procore.test.mjs',
    'procore.test.js',
    'procore.spec.cjs',
    'waits.test.js',
    'waits.test.mjs',
  ]);
});
