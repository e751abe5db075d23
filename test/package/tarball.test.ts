import { readFile } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pageOf } from '../support/markdown.js';
import { createConsumer, run, type Consumer } from '../support/packed.js';

/** The public names, by entry point. A change here is a change of the contract. */
const names = {
  'axios-procore': [
    'AccountUndecidedError',
    'ClientRejectedError',
    'DeadlineError',
    'ProcoreError',
    'RateLimitedError',
    'ReauthenticationRequiredError',
    'TokenRenewalError',
    'TokenStoreConflict',
    'TokenStoreError',
    'WrongEnvironmentError',
    'accountBySubject',
    'attachProcore',
    'companyFromRequest',
    'environments',
    'hasProblem',
    'isProcoreError',
    'memoryTokenStore',
    'partialFailures',
    'problemOf',
    'procoreOf',
    'supportReport',
  ],
  'axios-procore/collections': ['BatchError', 'listAll', 'paginate', 'syncInBatches'],
  'axios-procore/emulator': ['errorShapes', 'startEmulator'],
  'axios-procore/health': ['healthOf', 'healthOfRecordings', 'healthPage', 'recordHealth'],
  'axios-procore/opentelemetry': ['instrumentProcore'],
  'axios-procore/pacing/redis': ['redisPacing'],
  'axios-procore/stores/encrypted': ['encryptedTokenStore'],
  'axios-procore/stores/file': ['fileTokenStore'],
  'axios-procore/stores/postgres': ['postgresSchema', 'postgresTokenStore'],
  'axios-procore/stores/redis': ['redisTokenStore'],
  'axios-procore/store-contract': ['storeContract'],
};

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['@opentelemetry/api'] });
});
afterAll(() => consumer?.remove());

/** Runs a script as a user's own, in a process of its own. */
async function output(kind: 'module' | 'commonjs', script: string, { folder } = consumer): Promise<unknown> {
  const { stdout, stderr } = await run(process.execPath, [`--input-type=${kind}`, '--eval', script], {
    cwd: folder,
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

test.each(Object.entries(names))(
  '%s: import and require give exactly the pinned names',
  async (entry, pinned) => {
    const print = 'console.log(JSON.stringify(Object.keys(entry).sort()))';
    expect(await output('module', `import * as entry from '${entry}'; ${print}`)).toEqual(pinned);
    expect(await output('commonjs', `const entry = require('${entry}'); ${print}`)).toEqual(pinned);
  },
);

test('axios-procore/health asks for papaparse and echarts where it needs them, and takes them from the application', async () => {
  const csv =
    'Date,Response Code,HTTP Method,Normalized Route,Count\\n2026-06-30,404,GET,/v1.0/projects/:id,7';
  const read = `
    const said = [];
    const note = (work) => { try { said.push(work()) } catch (error) { said.push(error.message) } };
    note(() => healthOf('${csv}').failed);
    note(() => healthPage({ observations: [], days: [], worstRoutes: [], failures: [], calls: 0, failed: 0, unanswered: 0, from: '', to: '', state: 'Healthy' }).slice(0, 15));
    console.log(JSON.stringify(said));`;
  const scripts = [
    ['module', `import { healthOf, healthPage } from 'axios-procore/health'; ${read}`],
    ['commonjs', `const { healthOf, healthPage } = require('axios-procore/health'); ${read}`],
  ] as const;
  const also = ['papaparse', 'echarts', 'zrender', 'tslib'];
  const equipped = await createConsumer('axios', { packed: consumer, also });
  try {
    for (const [kind, script] of scripts) {
      expect(await output(kind, script)).toEqual([
        expect.stringMatching(/Run: npm install papaparse@\^5$/),
        expect.stringMatching(/Run: npm install echarts@\^6$/),
      ]);
      expect(await output(kind, script, equipped)).toEqual([7, '<!doctype html>']);
    }
  } finally {
    await equipped.remove();
  }
});

test('axios-procore/register exports nothing: without its variables, loading it is one line on stderr', async () => {
  for (const flag of ['--require', '--import']) {
    const print = `console.log(JSON.stringify(Object.keys(require('axios-procore/register'))))`;
    const { stdout, stderr } = await run(
      process.execPath,
      [flag, 'axios-procore/register', '--eval', print],
      {
        cwd: consumer.folder,
        env: { PATH: process.env['PATH'] },
      },
    );
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr).toMatch(/^axios-procore\/register: nothing is attached, [^\n]+\n$/);
  }
});

test.each([...Object.keys(names), 'axios-procore/register'])(
  '%s: under the condition "browser" it throws one sentence that says where it runs',
  async (entry) => {
    const browser = ['--conditions=browser', '--input-type=module', '--eval'];
    const loads = [
      `import('${entry}')`,
      `import('node:module').then(({ createRequire }) => createRequire(process.cwd() + '/')('${entry}'))`,
    ];
    for (const load of loads) {
      const { stdout } = await run(
        process.execPath,
        [
          ...browser,
          `await ${load}.then(() => console.log('loaded'), ({ message }) => console.log(message));`,
        ],
        { cwd: consumer.folder },
      );
      expect(stdout).toMatch(/^axios-procore runs on a server, not in a browser[^\n]+\n$/);
    }
  },
);

test.each([
  'axios-procore/dist/esm/index.js',
  'axios-procore/token/source',
  'axios-procore/dist/cjs/index.js',
])('%s is no entry point', async (path) => {
  const code = await output(
    'module',
    `const code = await import('${path}').then(() => 'imported', (error) => error.code); console.log(JSON.stringify(code));`,
  );
  expect(code).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

test('the tarball holds what a user needs and nothing else', () => {
  const topLevel = [...new Set(consumer.files.map((path) => path.split('/')[0]))].sort();
  expect(topLevel).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'docs', 'package.json']);
  const inDist = consumer.files.filter((path) => path.startsWith('dist/'));
  expect([...new Set(inDist.map((path) => path.split('/')[1]))].sort()).toEqual([
    'browser.cjs',
    'cjs',
    'esm',
  ]);
  expect(inDist.filter((path) => !/\.(c?js|d\.c?ts)$/.test(path)).sort()).toEqual([
    // Of the libraries that are bundled into the command, the collections and the emulator.
    'dist/cjs/cli/LICENSES.txt',
    'dist/cjs/collections/LICENSES.txt',
    'dist/cjs/emulator/LICENSES.txt',
    'dist/cjs/package.json',
    'dist/esm/collections/LICENSES.txt',
    'dist/esm/emulator/LICENSES.txt',
  ]);
  expect(consumer.files.filter((path) => /(^|\/)(test|tests|src|bench|examples)\//.test(path))).toEqual([]);
  expect(consumer.files.filter((path) => path.startsWith('docs/') && !path.endsWith('.md'))).toEqual([
    'docs/demo.svg',
  ]);
});

test('a link of a page in the tarball leads to a file in the tarball', async () => {
  const pages = consumer.files.filter((path) => path.endsWith('.md'));
  expect(pages).toEqual(expect.arrayContaining(['CHANGELOG.md', 'README.md', 'docs/tokens.md']));
  for (const page of pages) {
    const { targets } = pageOf(await readFile(join(consumer.installed, page), 'utf8'));
    const files = targets
      .filter((target) => !/^(https|mailto):|^#/.test(target))
      .map((target) => posix.join(posix.dirname(page), target.split('#')[0]!));
    expect([page, files.filter((file) => !consumer.files.includes(file))]).toEqual([page, []]);
  }
});

test('a page in the tarball that names files or commands which only the repository has says so beside them', async () => {
  const { scripts } = JSON.parse(await readFile(join(consumer.installed, 'package.json'), 'utf8')) as {
    scripts: object;
  };
  const elsewhere = new RegExp(
    `(?<![\\w/.-])(?:(?:src|test|bench|examples|scripts|\\.ci|\\.github)/|(?:CONTRIBUTING|SECURITY)\\.md|npm (?:test|run (?:${Object.keys(scripts).join('|')})))(?![\\w-])`,
  );
  for (const page of consumer.files.filter((path) => path === 'README.md' || /^docs\/.*\.md$/.test(path))) {
    const [top = '', ...sections] = (await readFile(join(consumer.installed, page), 'utf8')).split(/^##+ /m);
    const silent = [top, ...sections].filter(
      (section) => elsewhere.test(section) && !/repository/i.test(section + top),
    );
    expect([page, silent.map((section) => section.split('\n')[0])]).toEqual([page, []]);
  }
});

test('each entry is one file with its types, in both formats, and what entries share lies beside them', () => {
  const inFormat = (format: string) =>
    consumer.files.filter((path) => path.startsWith(`dist/${format}/`)).map((path) => path.slice(9));
  const isChunk = (path: string) => path.startsWith('shared/');
  const entries = [
    'collections/index',
    'emulator/index',
    'health/index',
    'index',
    'opentelemetry/index',
    'pacing/redis',
    'store-contract/index',
    'store/encrypted',
    'store/file',
    'store/postgres',
    'store/redis',
  ].flatMap((entry) => [`${entry}.d.ts`, `${entry}.js`]);
  // CommonJS in both: bundlers and tracers of applications look for its `require`.
  const loaders = ['health/packages.cjs', 'store/file/addon.cjs'];
  // The libraries that are bundled into the collections and the emulator.
  const bundled = ['collections', 'emulator'].flatMap((entry) => [
    `${entry}/LICENSES.txt`,
    `${entry}/libraries.js`,
  ]);
  expect(
    inFormat('esm')
      .filter((path) => !isChunk(path))
      .sort(),
  ).toEqual([...entries, ...loaders, ...bundled].sort());
  const isOfProgram = (path: string) => /^(register|cli)\//.test(path) && path !== 'register/index.d.ts';
  expect(
    inFormat('cjs')
      .filter((path) => !isChunk(path) && !isOfProgram(path))
      .sort(),
  ).toEqual([...entries, ...loaders, ...bundled, 'package.json', 'register/index.d.ts'].sort());
  // By `register` and by Node, which look beside the file that names them.
  expect(inFormat('cjs')).toEqual(
    expect.arrayContaining(['register/hooks.js', 'register/index.js', 'register/start.js']),
  );
});

test.each(['esm', 'cjs'])(
  '%s: what several entries use is in one file, so that they know the errors and the marks of one another',
  async (format) => {
    const files = consumer.files.filter((path) => path.startsWith(`dist/${format}/`) && path.endsWith('.js'));
    const places = new Map<string, string[]>();
    for (const path of files) {
      const text = await readFile(join(consumer.installed, path), 'utf8');
      // Two helpers of a line may well read alike.
      const declarations = text.match(/^(async function|function|class) [^]*?^\}/gm) ?? [];
      for (const declared of declarations.filter(({ length }) => length > 200))
        places.set(declared, [...(places.get(declared) ?? []), path]);
    }
    expect(places.size).toBeGreaterThan(100);
    expect([...places].filter(([, paths]) => new Set(paths).size > 1)).toEqual([]);
  },
);

test('bundlers may drop what is not used, and npm asks for what is needed', async () => {
  const read = async (path: string): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(consumer.installed, path), 'utf8'));
  const manifest = await read('package.json');
  expect(manifest['sideEffects']).toEqual(['./dist/cjs/register/index.js']);
  expect((await read('dist/cjs/package.json'))['sideEffects']).toEqual(['./register/index.js']);
  expect(Object.keys(manifest['dependencies'] as object)).toEqual(['axios-retry', 'jwt-decode']);
  const peers = manifest['peerDependencies'] as object;
  const optional = manifest['peerDependenciesMeta'] as Record<string, { optional?: boolean }>;
  expect(Object.keys(peers).filter((name) => !optional[name]?.optional)).toEqual(['axios']);
  // What a store, OpenTelemetry or a part of the health needs, and only for who uses that.
  expect(Object.keys(optional).sort()).toEqual([
    '@opentelemetry/api',
    'echarts',
    'fs-native-extensions',
    'ioredis',
    'papaparse',
    'pg',
    'redis',
  ]);
  // npm must not refuse an application whose old client belongs to no store of ours, or whose charts are its own.
  expect(peers).toMatchObject({
    '@opentelemetry/api': '*',
    echarts: '*',
    ioredis: '*',
    papaparse: '*',
    pg: '*',
    redis: '*',
  });
  expect(manifest['license']).toBe('MIT');
});
