import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readResults } from '../../bench/support/files.js';
import { compare, withComparison } from './support/comparison/table.js';
import { read, root } from './support/pages.js';

// A proxy of this machine is nothing to servers on 127.0.0.1.
beforeAll(() => {
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '*');
});
afterAll(() => void vi.unstubAllEnvs());

/** Without the padding that makes columns of a table. */
const unpadded = (page: string) => page.replace(/ +/g, ' ').replace(/-{3,}/g, '---');

test('the table of README tells what each package was seen to do on the emulator; `npm run docs:comparison` writes it', async () => {
  const page = read('README.md');
  expect(unpadded(page)).toBe(unpadded(withComparison(page, await compare())));
});

test('the packages that README calls small and fit for browsers have less than a tenth of our size, and bundle for browsers', async () => {
  const sizes = new Map(readResults().figures.size.rows.map((row) => [row.package, row.gzippedBytes]));
  for (const name of ['axios-retry', 'axios-auth-refresh', 'axios-token-interceptor', 'axios-rate-limit']) {
    expect(sizes.get(name)).toBeLessThan(sizes.get('axios-procore')! / 10);
    const stdin = { contents: `export * from '${name}'`, resolveDir: root };
    const { errors } = await build({
      ...{ stdin, bundle: true, write: false, platform: 'browser', external: ['axios'], logLevel: 'silent' },
    });
    expect([name, errors]).toEqual([name, []]);
  }
});
