import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import type { Emulator } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';
import { createConsumer, root, type Consumer } from '../support/packed.js';
import { runNode, variablesFor, type Ended } from './support/applications.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

const me = '/rest/v1.0/me';
const required = ['--require', 'axios-procore/register'];

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['fs-native-extensions', 'axios-0.27'] });
});
afterAll(() => consumer?.remove());

interface Stage {
  readonly emulator: Emulator;
  readonly folder: string;
  readonly file: string;
  readonly env: Record<string, string>;
  put(name: string, content: string): string;
  run(script: string, env?: Record<string, string>, flags?: readonly string[]): Promise<Ended>;
  kept(): TokenSet;
}

/** `file` holds a pair whose access token has expired. */
async function prepare({ onTestFinished }: TestContext): Promise<Stage> {
  const { emulator, expired } = await startWithExpiredPair();
  onTestFinished(() => emulator.close());
  const folder = mkdtempSync(join(consumer.folder, 'application-'));
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
    run: (script, own = env, flags = required) =>
      runNode(folder, [...flags, script], { URL: emulator.url, ...own }),
    kept: () => JSON.parse(readFileSync(file, 'utf8')) as TokenSet,
  };
}

const call = `
  require('axios').get(process.env.URL + '${me}', { headers: process.env.BEARER ? { Authorization: 'Bearer ' + process.env.BEARER } : {} })
    .then(({ status }) => console.log(status), (error) => console.log(error.response?.status));`;
const linesOf = ({ stderr }: Ended): string[] => stderr.split('\n').filter(Boolean);

/** Looks the name `procore` up as this machine, as a network of containers looks up the emulator's container. */
const named = `
  const dns = require('node:dns');
  const { lookup } = dns;
  dns.lookup = (name, ...rest) => lookup(name === 'procore' ? '127.0.0.1' : name, ...rest);`;

test('works with an emulator in another container where PROCORE_ALLOW_HTTP says so, and a warning tells of it', async (context) => {
  const stage = await prepare(context);
  const app = stage.put('app.cjs', call);
  const names = stage.put('names.cjs', named);
  const url = stage.emulator.url.replace('127.0.0.1', 'procore');
  const env = { ...stage.env, PROCORE_LOGIN_URL: url, PROCORE_API_URL: url, URL: url };
  const flags = ['--require', `./${names}`, ...required];
  const ran = await stage.run(app, { ...env, PROCORE_ALLOW_HTTP: 'true' }, flags);
  expect(ran).toMatchObject({ code: 0, stdout: '200\n' });
  expect(ran.stderr).toContain(`the tokens go to ${url} in the clear`);
  expect(stage.emulator.counters.exchanges).toBe(1);
  const wrong = await stage.run(app, { ...env, PROCORE_ALLOW_HTTP: 'perhaps' }, flags);
  expect([wrong.code, wrong.stdout]).toEqual([1, '']);
  expect(linesOf(wrong)).toEqual([
    expect.stringContaining('PROCORE_ALLOW_HTTP is of the wrong form; it takes true or false'),
  ]);
});

describe.concurrent('among an application’s own variables', () => {
  test.for([
    ['PROCORE_ENVIRONMENT', 'sandbox'],
    ['PROCORE_ENVIRONMENT', 'staging'],
    ['PROCORE_ENV', 'development'],
    ['PROCORE_API_URL', 'https://sandbox.procore.com'],
    ['PROCORE_API_URL', 'https://sandbox.procore.com/rest/v1.0'],
    ['PROCORE_API_URL', 'https://internal-proxy.example.com/procore'],
    ['PROCORE_LOGIN_URL', 'https://login.procore.com/oauth/token'],
    ['PROCORE_LOGIN_URL', 'http://localhost:3000/login'],
    ['PROCORE_BASE_URL', 'https://api.procore.com'],
    ['PROCORE_COMPANY_ID', 'ACME'],
    ['PROCORE_REDIRECT_URI', '/callback'],
    ['PROCORE_GRANT', 'password'],
  ] as const)('%s=%s does not end the program', async ([name, value], context) => {
    const { put, run, file } = await prepare(context);
    const env = { PROCORE_CLIENT_ID: 'id', PROCORE_CLIENT_SECRET: 'the-secret', PROCORE_TOKEN_FILE: file };
    const ended = await run(put('app.cjs', `require('axios'); console.log('ran')`), {
      ...env,
      [name]: value,
    });
    expect(ended).toMatchObject({ code: 0, stdout: 'ran\n' });
    expect(linesOf(ended).length).toBeLessThanOrEqual(1);
    if (ended.stderr) expect(ended.stderr).toContain(`${name} is left to the application`);
  });

  test('Procore’s paths in the two URLs of a server are no part of its origins', async (context) => {
    const { put, run, env, emulator } = await prepare(context);
    const ended = await run(put('app.cjs', call), {
      ...env,
      PROCORE_API_URL: `${emulator.url}/rest/v1.0`,
      PROCORE_LOGIN_URL: `${emulator.url}/oauth/token`,
      PROCORE_ENVIRONMENT: 'sandbox',
    });
    expect(ended).toMatchObject({ code: 0, stdout: '200\n' });
    expect(emulator.counters).toMatchObject({ exchanges: 1, unauthorized: 0 });
  });

  test('the names for axios-procore alone go first, and children get them', async (context) => {
    const { put, run, env, emulator, folder } = await prepare(context);
    const own = Object.fromEntries(Object.entries(env).map(([name, value]) => [`AXIOS_${name}`, value]));
    const theirs = {
      PROCORE_CLIENT_ID: 'theirs',
      PROCORE_CLIENT_SECRET: 'theirs',
      PROCORE_ENVIRONMENT: 'production',
      PROCORE_TOKEN_FILE: 'theirs.json',
    };
    put('child.cjs', call);
    put(
      'app.cjs',
      `require('node:child_process').fork('./child.cjs').on('exit', () => console.log(process.env.PROCORE_TOKEN_FILE));`,
    );
    const ended = await run('app.cjs', { ...theirs, ...own, AXIOS_PROCORE_TOKEN_FILE: 'procore.json' });
    expect(ended).toEqual({ code: 0, stdout: '200\ntheirs.json\n', stderr: '' });
    expect(emulator.counters).toMatchObject({ exchanges: 1 });
    expect(existsSync(join(folder, 'theirs.json'))).toBe(false);
  });

  test('PROCORE_CONFIG wins over any, also over one that is wrong', async (context) => {
    const { put, run, env, emulator } = await prepare(context);
    put(
      'config.cjs',
      `module.exports = { environment: { loginUrl: process.env.URL, apiUrl: process.env.URL } };`,
    );
    const { PROCORE_LOGIN_URL: _, PROCORE_API_URL: __, ...rest } = env;
    const ended = await run(put('app.cjs', call), {
      ...rest,
      AXIOS_PROCORE_ENVIRONMENT: 'staging',
      PROCORE_CONFIG: './config.cjs',
    });
    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' });
    expect(emulator.counters).toMatchObject({ exchanges: 1 });
  });

  test('quotes and line endings of an env file are no part of the values', async (context) => {
    const { put, run, env, emulator } = await prepare(context);
    const quoted = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, `"${value}"\r`]));
    expect(await run(put('app.cjs', call), quoted)).toEqual({ code: 0, stdout: '200\n', stderr: '' });
    expect(emulator.counters).toMatchObject({ exchanges: 1 });
  });

  test('~ in a path is the home folder', async (context) => {
    const { put, run, env, folder } = await prepare(context);
    const ended = await run(put('app.cjs', call), {
      ...env,
      HOME: folder,
      PROCORE_TOKEN_FILE: '~/procore.json',
    });
    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' });
    expect(existsSync(join(folder, '~'))).toBe(false);
  });

  test('Node’s own --env-file comes early enough, and dotenv is told of', async (context) => {
    const { put, run, env } = await prepare(context);
    const lines = Object.entries(env).map(([name, value]) => `${name}="${value}"\r\n`);
    put('settings.env', lines.join(''));
    put('app.cjs', call);
    const ended = await run('app.cjs', {}, ['--env-file=settings.env', ...required]);
    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' });
    const late = await run('app.cjs', {});
    expect(linesOf(late)).toEqual([expect.stringMatching(/nothing is attached, .*dotenv.*--env-file/)]);
  });
});

describe.concurrent('the application is not started', () => {
  test('where several variables are missing, one line names them all', async (context) => {
    const { put, run } = await prepare(context);
    const ended = await run(put('app.cjs', `console.log('ran')`), { PROCORE_CLIENT_ID: 'id' });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(linesOf(ended)).toEqual([
      expect.stringMatching(/PROCORE_CLIENT_SECRET is missing.*PROCORE_TOKEN_FILE is missing/),
    ]);
  });

  test('where two variables name two environments', async (context) => {
    const { put, run, env } = await prepare(context);
    const ended = await run(put('app.cjs', `console.log('ran')`), {
      ...env,
      PROCORE_ENVIRONMENT: 'production',
      PROCORE_API_URL: 'https://sandbox.procore.com',
      PROCORE_LOGIN_URL: 'https://login-sandbox.procore.com',
    });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(linesOf(ended)).toEqual([
      expect.stringMatching(/PROCORE_ENVIRONMENT and PROCORE_API_URL .* production, .* developer-sandbox/),
    ]);
  });
});

describe.concurrent('where it can do nothing', () => {
  const app = `
    const axios = require('axios');
    const headers = { Authorization: 'Bearer long-gone' };
    (async () => {
      for (const own of [headers, headers, undefined])
        await axios.get(process.env.URL + '${me}', { headers: own }).catch((error) => console.log(error.response.status));
    })();`;

  test('a first 401 says once how to bring tokens in', async (context) => {
    const { put, run, env, folder } = await prepare(context);
    const file = join(folder, 'none-yet.json');
    const ended = await run(put('app.cjs', app), { ...env, PROCORE_TOKEN_FILE: file });
    expect(ended).toMatchObject({ code: 0, stdout: '401\n401\n401\n' });
    const [line, ...more] = linesOf(ended).filter((one) => one.includes('no tokens are held'));
    expect(more).toEqual([]);
    expect(line).toMatch(/\(401\).* JSON with at least a refresh_token/);
    expect(line).toContain(file);
  });

  test('a call without a bearer of its own says it, too', async (context) => {
    const { put, run, env } = await prepare(context);
    const ended = await run(put('app.cjs', call), { ...env, PROCORE_TOKEN_FILE: 'none-yet.json' });
    expect(ended.stderr).toMatch(/no tokens are held.* JSON with at least a refresh_token/);
  });

  test('a call that is served says nothing', async (context) => {
    const { put, run, env, emulator } = await prepare(context);
    const { access_token: BEARER } = emulator.issue();
    const ended = await run(put('app.cjs', call), { ...env, BEARER, PROCORE_TOKEN_FILE: 'none-yet.json' });
    expect(ended).toEqual({ code: 0, stdout: '200\n', stderr: '' });
  });

  test.for([
    ['uses fetch', `fetch(process.env.URL).then(() => console.log('ran'))`],
    ['ends itself', `console.log('ran'); process.exit()`],
  ] as const)('a process that %s says at its exit that no axios was loaded', async ([, script], context) => {
    const { put, run } = await prepare(context);
    const ended = await run(put('app.cjs', script));
    expect(ended).toMatchObject({ code: 0, stdout: 'ran\n' });
    expect(linesOf(ended)).toEqual([expect.stringMatching(/: no axios was loaded in this process/)]);
  });

  test.for([
    ['requires the plugin’s own copy', 'app.cjs', `require('axios')`],
    ['imports axios', 'app.mjs', `import 'axios'`],
    ['requires another version', 'app.cjs', `require('axios-0.27')`],
    [
      'has it in a thread',
      'app.cjs',
      `new (require('node:worker_threads').Worker)("require('axios')", { eval: true })`,
    ],
    ['has it in a child', 'app.cjs', `require('node:child_process').fork('./child.cjs')`],
    [
      'has it in a cluster',
      'app.cjs',
      `const c = require('node:cluster'); c.setupPrimary({ exec: './child.cjs' }); c.fork().on('online', (w) => undefined)`,
    ],
  ] as const)('one that %s does not', async ([, name, script], context) => {
    const { put, run } = await prepare(context);
    put('child.cjs', `require('axios'); process.disconnect?.()`);
    expect(await run(put(name, script))).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('a helper process of the application, or a tool that NODE_OPTIONS brings register into, says nothing either', async (context) => {
    const { put, run, env, folder } = await prepare(context);
    put('helper.cjs', `process.disconnect()`);
    const forking = put('app.cjs', `require('axios'); require('node:child_process').fork('./helper.cjs')`);
    expect(await run(forking)).toEqual({ code: 0, stdout: '', stderr: '' });
    const NODE_OPTIONS = required.join(' ');
    const npm = join(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js');
    for (const tool of [join(root, 'node_modules/typescript/bin/tsc'), ...(existsSync(npm) ? [npm] : [])]) {
      const ended = await runNode(consumer.folder, [tool, '--version'], {
        ...env,
        NODE_OPTIONS,
        HOME: folder,
      });
      expect(ended).toMatchObject({ code: 0, stderr: '' });
    }
    expect(await runNode(folder, ['-p', '1'], { ...env, NODE_OPTIONS })).toMatchObject({ stderr: '' });
    const own = await runNode(folder, [put('own.cjs', '')], { ...env, NODE_OPTIONS });
    expect(own.stderr).toMatch(/no axios was loaded/);
  });
});

describe.concurrent('AXIOS_PROCORE_LOG', () => {
  const levels = async (
    context: TestContext,
    AXIOS_PROCORE_LOG: string,
    more: Record<string, string> = {},
  ) => {
    const { put, run, env } = await prepare(context);
    return run(put('app.cjs', call), { ...env, PROCORE_COMPANY_ID: 'ACME', ...more, AXIOS_PROCORE_LOG });
  };

  test('info writes what is attached, and each renewal', async (context) => {
    const ended = await levels(context, 'info');
    expect(ended).toMatchObject({ code: 0, stdout: '200\n' });
    expect(ended.stderr).toMatch(/: attaches to every axios .*PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET/);
    expect(ended.stderr).toMatch(/: attached to axios \d+\.\d+/);
    expect(ended.stderr).toMatch(/: renewed the tokens of account "\w+" .*\(token-renewed /);
    expect(ended.stderr).not.toContain('request-settled');
    for (const line of linesOf(ended)) expect(line).toMatch(/^axios-procore\/register: /);
  });

  test('debug writes each call, too', async (context) => {
    expect((await levels(context, 'DEBUG')).stderr).toMatch(
      /: answered with 200 .* \/rest\/v1\.0\/me \(request-settled /,
    );
  });

  test.for(['error', 'silent'])('%s tells nothing of what is left', async (level, context) => {
    expect(await levels(context, level)).toEqual({ code: 0, stdout: '200\n', stderr: '' });
  });

  test('silent still writes why an application is not started', async (context) => {
    const ended = await levels(context, 'silent', { PROCORE_CLIENT_SECRET: '' });
    expect(ended.code).toBe(1);
    expect(linesOf(ended)).toEqual([expect.stringContaining('PROCORE_CLIENT_SECRET is missing')]);
  });

  test('an unknown level is reported', async (context) => {
    const ended = await levels(context, 'loud', { PROCORE_COMPANY_ID: '' });
    expect(linesOf(ended)).toEqual([
      expect.stringMatching(/AXIOS_PROCORE_LOG .* takes one of debug, info, warn/),
    ]);
  });
});
