import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';
import { blocksOf } from '../docs/support/pages.js';
import { createConsumer, root, type Consumer } from '../support/packed.js';
import { runNode, startNode, variablesFor, type Ended } from './support/applications.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

const me = '/rest/v1.0/me';
const secret = 'the-secret-of-the-app';
const client = { PROCORE_CLIENT_ID: 'id', PROCORE_CLIENT_SECRET: secret };
const required = ['--require', 'axios-procore/register'];
const imported = ['--import', 'axios-procore/register'];

let consumer: Consumer;
let bare: Consumer;
beforeAll(async () => {
  [consumer, bare] = await Promise.all([
    createConsumer('axios', { also: ['fs-native-extensions', 'axios-0.27'] }),
    createConsumer(),
  ]);
});
afterAll(() => Promise.all([consumer, bare].map((one) => one?.remove())));

interface Stage {
  readonly emulator: Emulator;
  /** Of this test, inside the consumer's, so that it finds the packages. */
  readonly folder: string;
  /** `PROCORE_TOKEN_FILE`; it holds a pair whose access token has expired. */
  readonly file: string;
  readonly env: Record<string, string>;
  /** Puts a file into the folder. */
  put(name: string, content: string): string;
  run(flags: readonly string[], script: string, env?: Record<string, string>): Promise<Ended>;
  kept(): TokenSet;
}

async function prepare({ onTestFinished }: TestContext, from = consumer): Promise<Stage> {
  const { emulator, expired } = await startWithExpiredPair();
  const folder = mkdtempSync(join(from.folder, 'application-'));
  onTestFinished(() => emulator.close());
  const file = join(folder, 'procore.json');
  writeFileSync(file, JSON.stringify(expired));
  const env = { ...variablesFor(emulator), PROCORE_TOKEN_FILE: file };
  return {
    emulator,
    folder,
    file,
    env,
    put(name, content) {
      writeFileSync(join(folder, name), content);
      return name;
    },
    run: (flags, script, own = env) => runNode(folder, [...flags, script], { URL: emulator.url, ...own }),
    kept: () => JSON.parse(readFileSync(file, 'utf8')) as TokenSet,
  };
}

/** One renewal, no call in vain, and the pair in the file works. */
function expectOneRenewal({ emulator, kept }: Stage): void {
  expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
  expect(emulator.isLive(kept().refresh_token!)).toBe(true);
}

const said = ({ stdout }: Ended): unknown => JSON.parse(stdout.trim().split('\n').at(-1)!);

/** Three calls side by side with the default instance, and what became of them. */
const threeCalls = `
  const calls = [1, 2, 3].map(() => axios.get(process.env.URL + '${me}'));
  Promise.all(calls).then(
    (answers) => console.log(JSON.stringify(answers.map(({ status }) => status))),
    ({ code, cause, response }) => console.log(JSON.stringify({ code, cause: cause?.message, status: response?.status })),
  );`;

const inCommonJs = `const axios = require('axios');${threeCalls}`;
const inModule = `import axios from 'axios';${threeCalls}`;

describe.concurrent('without a variable', () => {
  test.for([
    ['--require', required],
    ['--import', imported],
    ['both', [...required, ...imported]],
  ] as const)(
    'by %s: one line on stderr, nothing attached, and the exit code of the application',
    async ([, flags], context) => {
      const stage = await prepare(context);
      stage.put(
        'app.cjs',
        `const axios = require('axios');
       const count = (instance) => instance.interceptors.request.handlers.length;
       console.log(JSON.stringify([count(axios), count(axios.create())]));
       process.exitCode = 7;`,
      );
      const ended = await stage.run(flags, 'app.cjs', {});
      expect(ended).toMatchObject({ code: 7, stdout: '[0,0]\n' });
      expect(ended.stderr).toMatch(
        /^axios-procore\/register: nothing is attached, because [^\n]*PROCORE_CLIENT_ID[^\n]*\n$/,
      );
    },
  );

  test('a tool with loader hooks, which run in a thread of their own, gets one line only', async (context) => {
    const stage = await prepare(context);
    stage.put('hooks.mjs', 'export const load = (url, context, next) => next(url, context);');
    stage.put(
      'tool.cjs',
      `require('node:module').register('./hooks.mjs', require('node:url').pathToFileURL(__filename));`,
    );
    const flags = [...required, '--require', './tool.cjs'];
    const ended = await stage.run(flags, stage.put('app.mjs', 'console.log("ran")'), {});
    expect(ended).toMatchObject({ code: 0, stdout: 'ran\n' });
    expect(ended.stderr).toMatch(/^axios-procore\/register: nothing is attached, [^\n]*\n$/);
  });

  test('one that is misspelt is told of in the same line', async (context) => {
    const stage = await prepare(context);
    const ended = await stage.run(required, stage.put('app.cjs', ''), { PROCORE_CLIENTID: 'id' });
    expect(ended).toMatchObject({ code: 0, stdout: '' });
    expect(ended.stderr).toMatch(
      /^axios-procore\/register: nothing is attached, [^\n]*PROCORE_CLIENTID [^\n]*PROCORE_CLIENT_ID meant\?\n$/,
    );
  });

  test('a thread says nothing that the process has said, and no axios is loaded for nothing', async (context) => {
    const stage = await prepare(context);
    stage.put(
      'app.cjs',
      `const { Worker } = require('node:worker_threads');
       const loaded = () => Object.keys(require.cache).filter((file) => file.includes('axios.cjs')).length;
       console.log(loaded());
       new Worker('console.log("ran")', { eval: true });`,
    );
    const ended = await stage.run(required, 'app.cjs', {});
    expect(ended).toMatchObject({ code: 0, stdout: '0\nran\n' });
    expect(ended.stderr).toMatch(/^axios-procore\/register: nothing is attached, [^\n]*\n$/);
  });

  test('other programs under the same NODE_OPTIONS work as ever', async () => {
    const NODE_OPTIONS = [...required, ...imported].join(' ');
    const npm = join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js');
    const programs = [join(root, 'node_modules/typescript/bin/tsc'), ...(existsSync(npm) ? [npm] : [])];
    for (const program of programs) {
      const ended = await runNode(consumer.folder, [program, '--version'], {
        NODE_OPTIONS,
        HOME: consumer.folder,
      });
      expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/\d+\.\d+\.\d+/) });
    }
  });

  test('nobody listens on stderr: the application runs all the same', async (context) => {
    const { put, folder } = await prepare(context);
    const { child, ended } = startNode(folder, [...required, put('app.cjs', 'console.log("ran")')]);
    child.stderr!.destroy();
    expect(await ended).toMatchObject({ code: 0, stdout: 'ran\n' });
  });
});

describe.concurrent('with wrong variables the application does not start', () => {
  const file = { PROCORE_TOKEN_FILE: 'procore.json' };
  const origin = 'https://login.example.com';
  const garbage = 'module.exports = 5;';
  const memory = `module.exports = { store: require('axios-procore').memoryTokenStore() };`;

  test.for<[what: string, says: RegExp, env: Record<string, string>, config?: string]>([
    ['no secret', /^PROCORE_CLIENT_SECRET is missing/, { PROCORE_CLIENT_ID: 'id' }],
    ['no file', /^PROCORE_TOKEN_FILE is missing/, client],
    [
      'another environment',
      /^AXIOS_PROCORE_ENVIRONMENT is of the wrong form/,
      { ...client, ...file, AXIOS_PROCORE_ENVIRONMENT: 'staging' },
    ],
    [
      'an environment twice',
      /^PROCORE_ENVIRONMENT and PROCORE_LOGIN_URL/,
      {
        ...client,
        ...file,
        PROCORE_ENVIRONMENT: 'production',
        PROCORE_LOGIN_URL: origin,
        PROCORE_API_URL: origin,
      },
    ],
    [
      'a URL without TLS',
      /AXIOS_PROCORE_LOGIN_URL/,
      {
        ...client,
        ...file,
        AXIOS_PROCORE_LOGIN_URL: 'http://login.example.com',
        AXIOS_PROCORE_API_URL: origin,
      },
    ],
    ['a module that is not there', /PROCORE_CONFIG: \.\/config\.cjs could not be loaded/, client],
    ['a module that throws', /PROCORE_CONFIG: .*: no such luck/, client, `throw new Error('no such luck')`],
    ['a module with garbage', /PROCORE_CONFIG: .* gives number/, client, garbage],
    ['a module with an unknown option', /"tokens"/, { ...client, ...file }, 'module.exports = { tokens: 1 }'],
    ['a memory store', /memory store/, client, memory],
    [
      'a module without a store',
      /there is no token store; set PROCORE_TOKEN_FILE/,
      client,
      'module.exports = {}',
    ],
  ])('%s', async ([, says, env, config], context) => {
    const stage = await prepare(context);
    stage.put('app.cjs', 'console.log("ran")');
    if (config !== undefined) stage.put('config.cjs', config);
    const isConfig = config !== undefined || says.source.includes('PROCORE_CONFIG');
    const ended = await stage.run(required, 'app.cjs', {
      ...env,
      ...(isConfig ? { PROCORE_CONFIG: './config.cjs' } : {}),
    });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^axios-procore\/register: [^\n]+[.?]\n$/);
    expect(ended.stderr.replace('axios-procore/register: ', '')).toMatch(says);
    expect(ended.stderr).not.toContain(secret);
  });

  /** What is said of a token file in a folder that others may write to, or below it. */
  async function saidOf(context: TestContext, name: string): Promise<[line: string, folder: string]> {
    const stage = await prepare(context);
    const folder = join(stage.folder, 'tokens');
    mkdirSync(folder);
    writeFileSync(join(folder, 'procore.json'), readFileSync(stage.file));
    chmodSync(folder, 0o777);
    const env = { ...stage.env, PROCORE_TOKEN_FILE: join(folder, name) };
    const ended = await stage.run(required, stage.put('app.cjs', inCommonJs), env);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^axios-procore\/register: PROCORE_TOKEN_FILE: [^\n]+\.\n$/);
    expect(stage.emulator.counters.tokenRequests).toBe(0);
    return [ended.stderr, folder];
  }

  test.skipIf(process.platform === 'win32')('a folder that others may write to', async (context) => {
    const [line, folder] = await saidOf(context, 'procore.json');
    expect(line).toContain(`The folder for tokens ${folder} may be written to by its group or by others`);
    expect(line).toContain(`Run: chmod 700 '${folder}'`);
  });

  test('a folder that could not be made', async (context) => {
    const [line, folder] = await saidOf(context, 'procore.json/deep/procore.json');
    const missing = join(folder, 'procore.json', 'deep');
    expect(line).toContain(
      `The folder for tokens ${missing} could not be made (ENOTDIR). A file is in the place`,
    );
  });

  test('no fs-native-extensions', async (context) => {
    const stage = await prepare(context, bare);
    const ended = await stage.run(required, stage.put('app.cjs', 'console.log("ran")'));
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^axios-procore\/register: [^\n]*npm install fs-native-extensions[^\n]*\n$/);
  });

  test('a module of options that is an ES module: it is loaded where Node can, else a line says what to do', async (context) => {
    const stage = await prepare(context);
    stage.put('config.mjs', `export default { companyId: '42' };`);
    stage.put('app.cjs', inCommonJs);
    const ended = await stage.run(required, 'app.cjs', { ...stage.env, PROCORE_CONFIG: './config.mjs' });
    const requiresModules = 'require_module' in process.features && process.features.require_module;
    if (requiresModules) return expectOneRenewal(stage);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/PROCORE_CONFIG: [^\n]*CommonJS[^\n]*\n$/);
  });
});

describe.concurrent('with the variables', () => {
  test.for([
    ['CommonJS by --require', required, 'app.cjs', inCommonJs],
    ['CommonJS by --import', imported, 'app.cjs', inCommonJs],
    ['an ES module by --require', required, 'app.mjs', inModule],
    ['an ES module by --import', imported, 'app.mjs', inModule],
    [
      'an ES module that loads axios late',
      imported,
      'app.mjs',
      `const { default: axios } = await import('axios');${threeCalls}`,
    ],
    [
      'an ES module that requires axios',
      imported,
      'app.mjs',
      `import { createRequire } from 'node:module'; const axios = createRequire(import.meta.url)('axios');${threeCalls}`,
    ],
    ['an ES module with axios 0.27', imported, 'app.mjs', `import axios from 'axios-0.27';${threeCalls}`],
    [
      'an ES module whose library requires axios',
      imported,
      'app.mjs',
      `import axios from './library.cjs';${threeCalls}`,
    ],
  ] as const)('%s: three calls, one renewal', async ([, flags, name, script], context) => {
    const stage = await prepare(context);
    stage.put('library.cjs', `const axios = require('axios'); module.exports = axios.create();`);
    const ended = await stage.run(flags, stage.put(name, script));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(said(ended)).toEqual([200, 200, 200]);
    expectOneRenewal(stage);
  });

  test('one that is misspelt: a line says so, and the application goes on', async (context) => {
    const stage = await prepare(context);
    const ended = await stage.run(required, stage.put('app.cjs', inCommonJs), {
      ...stage.env,
      PROCORE_CONFG: './options.cjs',
    });
    expect(ended.stderr).toMatch(/^axios-procore\/register: PROCORE_CONFG [^\n]*PROCORE_CONFIG meant\?\n$/);
    expect(said(ended)).toEqual([200, 200, 200]);
  });

  test('a file with nothing but the pair, as somebody else has written it, is enough', async (context) => {
    const stage = await prepare(context);
    const { access_token, refresh_token } = stage.kept();
    writeFileSync(stage.file, JSON.stringify({ access_token, refresh_token }));
    expect(said(await stage.run(required, stage.put('app.cjs', inCommonJs)))).toEqual([200, 200, 200]);
    expect(stage.emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
  });

  test('a file with garbage: one line names it, and it is left as it is', async (context) => {
    const stage = await prepare(context);
    writeFileSync(stage.file, 'refresh_token=abc');
    const ended = await stage.run(required, stage.put('app.cjs', inCommonJs), stage.env);
    expect(ended.code).toBe(1);
    expect(ended.stdout).toBe('');
    expect(ended.stderr.trim().split('\n')).toEqual([
      expect.stringMatching(/PROCORE_TOKEN_FILE: .* cannot be used: its 17 bytes are no JSON/),
    ]);
    expect(ended.stderr).toContain(stage.file);
    expect(readFileSync(stage.file, 'utf8')).toBe('refresh_token=abc');
    expect(stage.emulator.counters.tokenRequests).toBe(0);
  });

  test('both flags, on the command line and in NODE_OPTIONS, attach once', async (context) => {
    const stage = await prepare(context);
    stage.put(
      'app.mjs',
      `import axios from 'axios'; import { createRequire } from 'node:module';
       const copies = [axios, axios.create(), createRequire(import.meta.url)('axios')];
       console.log(JSON.stringify(copies.map(({ interceptors }) => interceptors.request.handlers.length)));`,
    );
    const NODE_OPTIONS = [...imported, ...required].join(' ');
    const ended = await stage.run([...required, ...imported], 'app.mjs', { ...stage.env, NODE_OPTIONS });
    expect(ended).toMatchObject({ code: 0, stdout: '[1,1,1]\n', stderr: '' });
  });

  test('all copies of axios in a process share one renewal: ES module, CommonJS, another version, other instances', async (context) => {
    const stage = await prepare(context);
    stage.put(
      'app.mjs',
      `import axios from 'axios'; import { createRequire } from 'node:module';
       const require = createRequire(import.meta.url);
       const copies = [axios, require('axios'), require('axios-0.27'), axios.create(), require('axios-0.27').create()];
       const answers = await Promise.all(copies.map((copy) => copy.get(process.env.URL + '${me}')));
       console.log(JSON.stringify({ copies: new Set(copies).size, status: answers.map(({ status }) => status) }));`,
    );
    const ended = await stage.run(imported, 'app.mjs');
    expect(said(ended)).toEqual({ copies: 5, status: [200, 200, 200, 200, 200] });
    expectOneRenewal(stage);
  });

  test('forked children share the file and the module of options, wherever they start: one renewal for all', async (context) => {
    const stage = await prepare(context);
    mkdirSync(join(stage.folder, 'elsewhere'));
    stage.put('options.cjs', `module.exports = { companyId: '42' };`);
    stage.put(
      'app.cjs',
      `const { fork } = require('node:child_process');
       const axios = require('axios');
       const call = () => axios.get(process.env.URL + '${me}').then(({ status }) => status, ({ message }) => message);
       if (process.argv[2]) call().then((status) => process.send(status, () => process.disconnect()));
       else {
         const children = [1, 2, 3].map(() => fork(__filename, ['child'], { cwd: 'elsewhere' }));
         const heard = children.map((child) => new Promise((resolve) => child.once('message', resolve)));
         Promise.all([...heard, call()]).then((all) => console.log(JSON.stringify(all)));
       }`,
    );
    const ended = await stage.run(required, 'app.cjs', {
      ...stage.env,
      PROCORE_TOKEN_FILE: 'procore.json',
      PROCORE_CONFIG: './options.cjs',
    });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(said(ended)).toEqual([200, 200, 200, 200]);
    const calls = stage.emulator.log.filter(({ kind }) => kind === 'api');
    expect(calls.map(({ companyId }) => companyId)).toEqual(['42', '42', '42', '42']);
    expectOneRenewal(stage);
  });

  test.for([
    ['--require', required],
    ['--import', imported],
  ] as const)('by %s the module of options is loaded once', async ([, flags], context) => {
    const stage = await prepare(context);
    stage.put('options.cjs', `require('node:fs').writeSync(1, 'loaded\\n'); module.exports = {};`);
    const env = { ...stage.env, PROCORE_CONFIG: './options.cjs' };
    const ended = await stage.run(flags, stage.put('app.mjs', `import 'axios';`), env);
    expect(ended).toEqual({ code: 0, stdout: 'loaded\n', stderr: '' });
  });

  test('worker threads share them too', async (context) => {
    const stage = await prepare(context);
    stage.put(
      'app.cjs',
      `const { Worker, isMainThread, parentPort } = require('node:worker_threads');
       const axios = require('axios');
       const call = () => axios.get(process.env.URL + '${me}').then(({ status }) => status, ({ message }) => message);
       if (!isMainThread) call().then((status) => parentPort.postMessage(status));
       else {
         const workers = [1, 2].map(() => new Worker(__filename));
         const heard = workers.map((worker) => new Promise((resolve) => worker.once('message', resolve)));
         Promise.all([...heard, call()]).then((all) => console.log(JSON.stringify(all)));
       }`,
    );
    const ended = await stage.run(required, 'app.cjs');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(said(ended)).toEqual([200, 200, 200]);
    expectOneRenewal(stage);
  });

  test('the application’s own token request is answered from here, also after its next start', async (context) => {
    const stage = await prepare(context);
    const old = stage.kept().refresh_token!;
    stage.put(
      'app.cjs',
      `const axios = require('axios');
       const { PROCORE_CLIENT_ID: client_id, PROCORE_CLIENT_SECRET: client_secret, URL } = process.env;
       const refresh = () => axios.post(URL + '/oauth/token', { grant_type: 'refresh_token', client_id, client_secret, refresh_token: '${old}' });
       Promise.all([refresh(), refresh()]).then((answers) => console.log(JSON.stringify(answers.map(({ data }) => data.refresh_token))));`,
    );
    const answered = said(await stage.run(required, 'app.cjs'));
    const now = stage.kept().refresh_token;
    expect(answered).toEqual([now, now]);
    // It is started anew, with the token of its configuration, spent long ago.
    expect(said(await stage.run(required, 'app.cjs'))).toEqual([now, now]);
    expectOneRenewal(stage);
  });

  test.for([
    [
      'a CommonJS',
      'app.cjs',
      `const axios = require('axios'); const { attachProcore, memoryTokenStore } = require('axios-procore');`,
    ],
    [
      'an ES module',
      'app.mjs',
      `import axios from 'axios'; import { attachProcore, memoryTokenStore } from 'axios-procore';`,
    ],
  ] as const)(
    '%s application that attaches by itself takes over, and its detach leaves the instance bare',
    async ([, name, head], context) => {
      const stage = await prepare(context);
      const own = stage.emulator.issue({ userId: 2 });
      stage.put(
        name,
        `${head}
       const { PROCORE_CLIENT_ID: clientId, PROCORE_CLIENT_SECRET: clientSecret, URL } = process.env;
       const instance = axios.create({ baseURL: URL });
       const store = memoryTokenStore(${JSON.stringify(own)});
       const environment = { loginUrl: URL, apiUrl: URL };
       const procore = attachProcore(instance, { clientId, clientSecret, environment, store });
       const handlers = () => instance.interceptors.request.handlers.filter(Boolean).length;
       instance.get('${me}').then(async ({ data }) => {
         const attached = handlers();
         procore.detach();
         const bare = await instance.get('${me}').catch(({ response }) => response.status);
         const registered = await axios.get(URL + '${me}');
         console.log(JSON.stringify({ user: data.id, attached, left: handlers(), bare, registered: registered.data.id }));
       });`,
      );
      const ended = await stage.run(name.endsWith('.cjs') ? required : imported, name);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(said(ended)).toEqual({ user: 2, attached: 1, left: 0, bare: 401, registered: 1 });
      expect(stage.emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 1 });
    },
  );

  test('calls of several users go out each as its own, with tokens in the file and without', async (context) => {
    const stage = await prepare(context);
    const [ann, bob] = [stage.emulator.issue({ userId: 1 }), stage.emulator.issue({ userId: 2 })];
    stage.put(
      'app.cjs',
      `const axios = require('axios');
       const as = (token) => axios.get(process.env.URL + '${me}', { headers: { Authorization: 'Bearer ' + token } })
         .then(({ data }) => data.id, ({ code }) => code);
       (async () => console.log(JSON.stringify([await as('${ann.access_token}'), await as('${bob.access_token}'), await as('${ann.access_token}')])))();`,
    );
    const first = await stage.run(required, 'app.cjs');
    expect(said(first)).toEqual([1, 2, 1]);
    expect(first.stderr).toContain('another-user');
    // Also where there is no token yet.
    rmSync(stage.file);
    expect(await stage.run(required, 'app.cjs')).toMatchObject({ stdout: '[1,2,1]\n', stderr: '' });
  });

  test.for([
    ['an object', (options: string) => `module.exports = { ${options} };`],
    ['a function', (options: string) => `module.exports = ({ clientId }) => ({ clientId, ${options} });`],
  ] as const)('PROCORE_CONFIG exports %s with a store of its own', async ([, write], context) => {
    const stage = await prepare(context);
    const { PROCORE_TOKEN_FILE: _, ...env } = stage.env;
    stage.put(
      'procore.cjs',
      `const fs = require('node:fs');
       const file = ${JSON.stringify(stage.file)};
       const store = {
         load: (account) => JSON.parse(fs.readFileSync(file, 'utf8')),
         save: (tokens, account) => fs.writeFileSync(file, JSON.stringify(tokens)),
       };
       ${write("store, companyId: '42'")}`,
    );
    stage.put('app.cjs', inCommonJs);
    const ended = await stage.run(required, 'app.cjs', { ...env, PROCORE_CONFIG: './procore.cjs' });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(said(ended)).toEqual([200, 200, 200]);
    expectOneRenewal(stage);
    expect(stage.emulator.log.find(({ kind }) => kind === 'api')?.companyId).toBe('42');
  });

  test('the modules of docs/register.md work as they stand', async (context) => {
    const [options, users] = blocksOf('docs/register.md').filter(({ info }) => info === 'js');
    const stage = await prepare(context);
    stage.put('procore.config.cjs', options!.code);
    stage.put(
      'app.cjs',
      `require('axios').get(process.env.URL + '/rest/v1.0/projects', { params: { company_id: 42 } });`,
    );
    const first = await stage.run(required, 'app.cjs', {
      ...stage.env,
      PROCORE_CONFIG: 'procore.config.cjs',
    });
    expect(first).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('token-renewed') });
    expect(stage.emulator.log.at(-1)).toMatchObject({ status: 200, companyId: '42' });

    stage.put('procore.config.cjs', users!.code);
    const pairs = [1, 2].map((userId) => stage.emulator.issue({ userId }).refresh_token);
    stage.put(
      'app.cjs',
      `const axios = require('axios');
       const { PROCORE_CLIENT_ID: client_id, PROCORE_CLIENT_SECRET: client_secret, URL } = process.env;
       const as = (user, refresh_token) => {
         const headers = { 'X-User-Id': user };
         return axios.post(URL + '/oauth/token', { grant_type: 'refresh_token', client_id, client_secret, refresh_token }, { headers })
           .then(() => axios.get(URL + '${me}', { headers }));
       };
       Promise.all(${JSON.stringify(pairs)}.map((pair, index) => as('user-' + index, pair)))
         .then((answers) => console.log(JSON.stringify(answers.map(({ data }) => data.id))), console.error);`,
    );
    const { PROCORE_TOKEN_FILE: _, ...env } = stage.env;
    const second = await stage.run(required, 'app.cjs', { ...env, PROCORE_CONFIG: 'procore.config.cjs' });
    expect(second).toMatchObject({ code: 0, stderr: '' });
    expect(said(second)).toEqual([1, 2]);
    expect(existsSync(join(stage.folder, 'procore-tokens'))).toBe(true);
    expect(stage.emulator.counters).toMatchObject({ exchanges: 3, spentPresentations: 0, unauthorized: 0 });
  });

  test.for([
    ['--require', required],
    ['--import', imported],
  ] as const)('by %s nothing keeps a process that only loads axios', async ([, flags], context) => {
    const stage = await prepare(context);
    const ended = await stage.run(flags, stage.put('app.mjs', `import axios from 'axios'; axios.create();`));
    expect(ended).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(stage.emulator.counters.requests).toBe(0);
  });
});

test('the folder of the tests is outside of the checkout', () => {
  expect(consumer.folder.startsWith(tmpdir())).toBe(true);
});
