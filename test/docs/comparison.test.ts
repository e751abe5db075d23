import { expect, test } from 'vitest';
import { compare, withComparison } from './support/comparison/table.js';
import { read } from './support/pages.js';

/** Without the padding that makes columns of a table. */
const unpadded = (page: string) => page.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

test('the table of README tells what each package was seen to do on the emulator; `npm run docs:comparison` writes it', async () => {
  const page = read('README.md');
  expect(unpadded(page)).toBe(unpadded(withComparison(page, await compare())));
});
