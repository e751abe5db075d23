import { defineConfig } from 'vitest/config';

/** `AXIOS=axios-0.27 vitest run --project flow` runs the whole-plugin tests on another axios. */
const axiosUnderTest = process.env['AXIOS'] ?? 'axios';

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        resolve: { alias: [{ find: /^axios$/, replacement: axiosUnderTest }] },
        test: { name: 'flow', include: ['test/flow/**/*.test.ts'] },
      },
      { test: { name: 'package', include: ['test/package/**/*.test.ts'], testTimeout: 60_000 } },
    ],
  },
});
