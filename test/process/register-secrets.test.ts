import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { createConsumer, type Consumer } from '../support/packed.js';
import { runNode, variablesFor, type Ended } from './support/applications.js';

const required = ['--require', 'axios-procore/register'];

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['fs-native-extensions'] });
});
afterAll(() => consumer?.remove());

const app = `
  process.on('warning', () => undefined);
  const axios = require('axios');
  axios.get(process.env.URL + '/rest/v1.0/me').then(({ status }) => console.log(status), (error) => console.log(error.message));`;

async function run(
  { onTestFinished }: TestContext,
  env: Record<string, string>,
  config?: string,
): Promise<Ended> {
  const emulator = await startEmulator();
  onTestFinished(() => emulator.close());
  const folder = mkdtempSync(join(consumer.folder, 'application-'));
  writeFileSync(join(folder, 'app.cjs'), app);
  if (config !== undefined) writeFileSync(join(folder, 'config.cjs'), config);
  return runNode(folder, [...required, 'app.cjs'], {
    URL: emulator.url,
    ...variablesFor(emulator),
    PROCORE_TOKEN_FILE: './procore.json',
    ...(config === undefined ? {} : { PROCORE_CONFIG: './config.cjs' }),
    AXIOS_PROCORE_LOG: 'debug',
    ...env,
  });
}

/** None of these is in what was said, whole or in part. */
function expectHidden({ stdout, stderr }: Ended, ...secrets: string[]): void {
  for (const secret of secrets) {
    expect(stderr).not.toContain(secret);
    expect(stdout).not.toContain(secret);
  }
}

const lines = '-----BEGIN PRIVATE KEY-----\nzQxMIIEvQIBADANBg\nzQkqhkiG9w0BAQEF\n-----END PRIVATE KEY-----';
const json = JSON.stringify({
  clientSecret: 'zQ-in-json',
  nested: JSON.stringify({ refresh_token: 'zQ-deep' }),
});
/** Of each kind one, and what of it must not be seen. */
const planted: readonly (readonly [value: string, pieces: readonly string[]])[] = [
  ['zQ7x', ['zQ7x']],
  ['zqxwvutsrq', ['zqxwvutsrq']],
  [lines, ['zQxMII', 'zQkqhk']],
  ['https://user:zQpassw0rd@proxy.example.com/?client_secret=zQ-in-query', ['zQpassw0rd', 'zQ-in-query']],
  [json, ['zQ-in-json', 'zQ-deep']],
];

describe.concurrent('a secret that was put into the wrong variable is shown by no line', () => {
  const left = [
    'ENVIRONMENT',
    'ENV',
    'LOGIN_URL',
    'API_URL',
    'BASE_URL',
    'GRANT',
    'COMPANY_ID',
    'REDIRECT_URI',
  ];

  test.for([
    ['those that are left to the application', left.map((name) => `PROCORE_${name}`)],
    ['those for axios-procore alone', left.map((name) => `AXIOS_PROCORE_${name}`)],
    ['the file', ['PROCORE_TOKEN_FILE']],
    ['the configuration', ['PROCORE_CONFIG']],
    ['the client', ['PROCORE_CLIENT_ID', 'PROCORE_CLIENT_SECRET']],
  ] as const)('%s', async ([, names], context) => {
    for (const [value, pieces] of planted) {
      const ended = await run(context, Object.fromEntries(names.map((name) => [name, value])));
      expect(ended.stderr).toMatch(/^axios-procore\/register: /);
      expectHidden(ended, ...pieces);
    }
  });

  test('AXIOS_PROCORE_LOG', async (context) => {
    for (const [value, pieces] of planted)
      expectHidden(await run(context, { AXIOS_PROCORE_LOG: value }), ...pieces);
  });
});

describe.concurrent('a module of options gives no secret away', () => {
  const secret = `zQ-the/secret+of=the app`;
  const env = { APP_SECRET: secret };

  test.for([
    ['throws one', `throw new Error('bad secret ' + process.env.APP_SECRET)`],
    ['throws one as a text', `throw process.env.APP_SECRET`],
    ['throws an object', `throw { message: process.env.APP_SECRET, secret: process.env.APP_SECRET }`],
    [
      'throws one in JSON',
      `throw new Error(JSON.stringify({ a: JSON.stringify({ b: process.env.APP_SECRET }) }))`,
    ],
    ['throws one as in a URL', `throw new Error('no host ' + encodeURIComponent(process.env.APP_SECRET))`],
    ['throws one in base64', `throw new Error(Buffer.from(process.env.APP_SECRET).toString('base64'))`],
    ['throws with a cause', `throw new Error('no luck', { cause: new Error(process.env.APP_SECRET) })`],
    [
      'throws several',
      `throw new AggregateError([new Error(process.env.APP_SECRET)], process.env.APP_SECRET)`,
    ],
    ['requires one', `require(process.env.APP_SECRET)`],
    ['reads one', `require('node:fs').readFileSync(process.env.APP_SECRET)`],
    ['has one that it throws', `throw new Error('refused: zQ7hunter and zQ-the-other')`],
    ['has one in a message of two lines', `throw new Error('refused\\nzQ-the-other')`],
    ['gives one as an option', `module.exports = { maxWaitMs: process.env.APP_SECRET }`],
    [
      'gives one as the environment',
      `module.exports = { environment: 'zQ-the-other', clientSecret: 'zQ-the-other' }`,
    ],
    ['gives one from a function', `module.exports = () => { throw new Error(process.env.APP_SECRET) }`],
    [
      'gives one from an async function',
      `module.exports = async () => { throw new Error(process.env.APP_SECRET) }`,
    ],
    [
      'gives one by a getter',
      `module.exports = { get companyId() { throw new Error(process.env.APP_SECRET) } }`,
    ],
    ['has one without its quotes', `module.exports = { clientSecret: zQ_the_secret };`],
    ['is no JavaScript', `module.exports = { clientSecret: zQ-the secret };`],
  ] as const)('that %s', async ([, config], context) => {
    const ended = await run(context, env, config);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^axios-procore\/register: [^\n]+\n$/);
    expectHidden(
      ended,
      'zQ',
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').slice(0, 12),
    );
  });

  test.for([
    [
      'a store that fails',
      `{ load: () => { throw new Error('refused: ' + process.env.APP_SECRET) }, save() {} }`,
    ],
    ['a store that is short', `{ load: () => ({ access_token: process.env.APP_SECRET }), save() {} }`],
  ] as const)('with %s', async ([, store], context) => {
    const { stderr } = await run(
      context,
      { ...env, PROCORE_TOKEN_FILE: '' },
      `module.exports = { store: ${store} }`,
    );
    expect(stderr).not.toContain('zQ-the');
  });

  test('whose failures come as warnings of the process where no level is chosen', async (context) => {
    const store = `{ load: () => { throw new Error('refused: ' + process.env.APP_SECRET) }, save() {} }`;
    const ended = await run(
      context,
      { ...env, PROCORE_TOKEN_FILE: '', AXIOS_PROCORE_LOG: '' },
      `module.exports = { store: ${store} }`,
    );
    expect(ended.stderr).not.toContain('zQ-the');
  });
});

test('an axios that cannot be attached to is loaded all the same, and a line says why', async (context) => {
  const config = `
    const axios = require('axios');
    Object.defineProperty(axios.interceptors.request, 'use', { value() { throw new Error('zQ-hidden'); } });
    module.exports = { clientSecret: 'zQ-hidden' };`;
  const ended = await run(context, {}, config);
  expect(ended.code).toBe(0);
  expect(ended.stderr).toMatch(/nothing is attached to an axios: /);
  expectHidden(ended, 'zQ');
});

test('the path of a token file that cannot be used is shown in full, with a long name that has digits in it', async (context) => {
  const folder = join(consumer.folder, '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b');
  mkdirSync(folder, { mode: 0o700 });
  const file = join(folder, 'tokens.json');
  writeFileSync(file, 'garbage', { mode: 0o600 });
  const { code, stderr } = await run(context, { PROCORE_TOKEN_FILE: file });
  expect(code).toBe(1);
  expect(stderr).toContain(`PROCORE_TOKEN_FILE: ${file} cannot be used`);
});
