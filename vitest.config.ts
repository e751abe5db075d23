import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** `AXIOS=axios-0.27 vitest run --project flow` runs the whole-plugin tests on another axios; `npm run test:axios` runs them on all. */
const axiosUnderTest = process.env['AXIOS'] ?? 'axios';
const { version } = JSON.parse(
  readFileSync(new URL(`./node_modules/${axiosUnderTest}/package.json`, import.meta.url), 'utf8'),
) as { version: string };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/docs/**/*.test.ts'],
          testTimeout: 30_000,
        },
      },
      {
        resolve: { alias: [{ find: /^axios$/, replacement: axiosUnderTest }] },
        test: {
          name: 'flow',
          include: ['test/flow/**/*.test.ts'],
          env: { AXIOS_VERSION: version },
          testTimeout: 30_000,
        },
      },
      // These look at the built package: run `npm run build` first.
      {
        test: {
          name: 'types',
          include: ['test/types/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
