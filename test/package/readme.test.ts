import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examplesOf } from '../docs/support/pages.js';
import { createConsumer, run, type Consumer } from '../support/packed.js';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer();
});
afterAll(() => consumer?.remove());

test('the first example of README runs as it stands beside the installed tarball, and ends by itself', async () => {
  const [first] = examplesOf('README.md');
  const code = first!.map((block) => block.code).join('\n');
  await writeFile(join(consumer.folder, 'first.mjs'), code);
  const { stdout, stderr } = await run(process.execPath, ['first.mjs'], { cwd: consumer.folder });
  expect(stderr).toBe('');
  // A row for each of the emulator's projects.
  expect(stdout.match(/^│ \d+ +│/gm)).toHaveLength(5);
});
