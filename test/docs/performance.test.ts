import { expect, test } from 'vitest';
import { formattedPage, readResults } from '../../bench/support/files.js';
import { read } from './support/pages.js';

test('docs/performance.md says what bench/results.json holds; `npm run docs:performance` writes it', async () => {
  expect(read('docs/performance.md')).toBe(await formattedPage(readResults()));
});

test('bench/results.json tells nothing of the machine but its CPUs', () => {
  expect(JSON.stringify(readResults())).not.toMatch(/127\.0\.0\.1|localhost|(^|[^\w@])\/\w+\/|[A-Z]:\\\\/);
});
