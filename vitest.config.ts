import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { patienceMs } from './test/support/patience.js';

/** `AXIOS=axios-0.27 vitest run --project 'flow*'` runs the whole-plugin tests on another axios; `npm run test:axios` runs them on all. */
const axiosUnderTest = process.env['AXIOS'] ?? 'axios';
/** `PLUGIN_AXIOS=axios-1.7` lets the plugin itself import another one: two copies in one process. */
const axiosOfPlugin = process.env['PLUGIN_AXIOS'] ?? axiosUnderTest;
const inSource = fileURLToPath(new URL('./src/', import.meta.url));
const { version } = JSON.parse(
  readFileSync(new URL(`./node_modules/${axiosUnderTest}/package.json`, import.meta.url), 'utf8'),
) as { version: string };

/** They end tests that hang: how fast a machine is says nothing about the package. */
const timeouts = { testTimeout: 300_000, hookTimeout: 300_000, expect: { poll: { timeout: patienceMs } } };

/** Also .cts: what loads optional packages is CommonJS in both builds. */
const oxc = { include: /\.[cm]?tsx?$/ };

/**
 * Files of one process, because loading the package for each of them would take as long as its tests; and those that need a process of their
 * own, because they watch all that happens in it, or because they mock modules or intercept requests, which holds only for what is loaded
 * after that.
 */
function projects(
  name: string,
  folders: readonly string[],
  { test, ...project }: TestProjectInlineConfiguration,
): TestProjectInlineConfiguration[] {
  const all = folders.map((folder) => `${folder}/**/*.test.ts`);
  const ownProcess = folders.map((folder) => `${folder}/**/*.own-process.test.ts`);
  return [
    {
      ...project,
      test: {
        ...test,
        ...timeouts,
        name,
        include: all,
        exclude: ownProcess,
        isolate: false,
        setupFiles: [...(test?.setupFiles ?? []), 'test/support/left-behind.ts'],
      },
    },
    { ...project, test: { ...test, ...timeouts, name: `${name}-own-process`, include: ownProcess } },
  ];
}

export default defineConfig({
  oxc,
  test: {
    // One more than there are cores: many tests wait for servers and timers, and vitest itself has little to do.
    maxWorkers: availableParallelism() + 1,
    projects: [
      ...projects('unit', ['test/unit', 'test/docs'], {
        extends: true,
        // An example under test finds the package as it is here, not as it was built.
        resolve: {
          alias: [
            {
              find: /^axios-procore$/,
              replacement: fileURLToPath(new URL('./src/index.ts', import.meta.url)),
            },
            {
              find: /^axios-procore\/(collections|emulator|health)$/,
              replacement: fileURLToPath(new URL('./src/$1/index.ts', import.meta.url)),
            },
          ],
        },
        // Those that run beside one another wait for timers, and hardly compute.
        test: { maxConcurrency: 20 },
      }),
      ...projects('flow', ['test/flow'], {
        oxc,
        plugins: [
          {
            name: 'axios-under-test',
            enforce: 'pre',
            resolveId(source, importer) {
              if (source !== 'axios') return undefined;
              return this.resolve(importer?.startsWith(inSource) ? axiosOfPlugin : axiosUnderTest, importer, {
                skipSelf: true,
              });
            },
          },
        ],
        test: { setupFiles: ['test/support/adapter.ts'], env: { AXIOS_VERSION: version } },
      }),
      // Real servers and real processes.
      {
        extends: true,
        test: {
          name: 'stores',
          include: ['test/stores/**/*.test.ts'],
          ...timeouts,
        },
      },
      {
        extends: true,
        test: {
          name: 'process',
          include: ['test/process/**/*.test.ts'],
          ...timeouts,
        },
      },
      // Pages in a real browser.
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          ...timeouts,
        },
      },
      // The recipes of docs/store-recipes.md: `npm run test:recipes` installs what they need.
      {
        extends: true,
        test: {
          name: 'recipes',
          include: ['test/recipes/*.test.ts'],
          ...timeouts,
        },
      },
      // These look at the built package: run `npm run build` first.
      {
        test: {
          name: 'types',
          include: ['test/types/**/*.test.ts'],
          ...timeouts,
        },
      },
      // Examples with packages of their own, which `npm run test:applications` installs and builds.
      {
        test: {
          name: 'applications',
          include: ['test/examples/applications/*.test.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'examples',
          include: ['test/examples/*.test.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          ...timeouts,
        },
      },
    ],
  },
});
