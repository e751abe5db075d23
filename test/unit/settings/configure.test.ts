import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { isBySubject } from '../../../src/options/account-by-subject.js';
import { configure } from '../../../src/settings/configure.js';
import type { Registration } from '../../../src/settings/settings.js';
import { memoryTokenStore } from '../../../src/store/memory.js';

const secret = 'the-secret-of-the-app';
const client = { clientId: 'id', clientSecret: secret };
const store = { load: () => undefined, save: () => undefined };

type On = Registration & { kind: 'on' };

const configAt = (path: string) => ({ name: 'PROCORE_CONFIG', path, mayBeShown: true });
const registered: On = {
  kind: 'on',
  options: client,
  file: undefined,
  config: undefined,
  faults: [],
  notes: [],
  read: [],
  misplaced: [],
};

/** As the variables say, with a module that exports this. */
function configured(
  { file, ...registration }: Partial<Omit<On, 'file'>> & { file?: string },
  exported?: unknown,
  notes: string[] = [],
) {
  const config = exported === undefined ? undefined : configAt('./procore.cjs');
  const given = file === undefined ? undefined : { name: 'PROCORE_TOKEN_FILE', path: file, mayBeShown: true };
  return configure(
    { ...registered, config, ...registration, file: given },
    { load: () => exported, note: (line) => notes.push(line) },
  );
}

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('it took it');
}

function complaint(...how: Parameters<typeof configured>): string {
  const { message } = thrownBy(() => configured(...how));
  expect(message).not.toContain('\n');
  expect(message).not.toContain(secret);
  return message;
}

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'axios-procore-configure-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('the tokens are in the file, and the application’s own refreshes are taken over', () => {
  const file = join(folder(), 'procore.json');
  const options = configured({ file });
  expect(options).toMatchObject({ ...client, legacy: { takeOverRefresh: true } });
  expect((options.store as { pathOf?(account: string): string }).pathOf?.('default')).toBe(file);
});

test('a service account keeps its token in memory, unless there is a file', () => {
  const options = { ...client, grant: 'client_credentials' } as const;
  expect(configured({ options }).store).not.toHaveProperty('pathOf');
  expect(configured({ options, file: join(folder(), 'procore.json') }).store).toHaveProperty('pathOf');
});

test.each([
  ['an object', { companyId: '42', store }],
  ['a default export', { default: { companyId: '42', store } }],
  ['a function of what the variables say', (from: object) => ({ companyId: '42', store, ...from })],
  ['a function as default export', { default: () => ({ companyId: '42', store }) }],
])('a module exports %s', (_what, exported) => {
  expect(configured({}, exported)).toMatchObject({ ...client, companyId: '42', store });
});

test('what the module says wins over the variables, and what it leaves undefined does not', () => {
  const options = configured({}, { clientId: 'another', clientSecret: undefined, store });
  expect(options).toMatchObject({ clientId: 'another', clientSecret: secret });
});

test('no renewal runs that no call waits for, unless the module says otherwise', () => {
  expect(configured({}, { store }).renewal).toEqual({ background: false });
  expect(configured({}, { store, renewal: { totalMs: 60_000 } }).renewal).toEqual({
    background: false,
    totalMs: 60_000,
  });
  expect(configured({}, { store, renewal: { background: true } }).renewal).toEqual({ background: true });
});

test('the module may say that refreshes are left alone', () => {
  expect(configured({}, { store, legacy: { takeOverRefresh: false } }).legacy).toEqual({
    takeOverRefresh: false,
    timeoutBoundsCall: true,
  });
});

test.each([
  ['nothing of it', {}, true],
  ['a longest wait', { maxWaitMs: 5_000 }, true],
  ['undefined', { legacy: { timeoutBoundsCall: undefined, takeOverRefresh: undefined } }, true],
  ['that it bounds each attempt', { legacy: { timeoutBoundsCall: false } }, false],
  ['a deadline', { deadlineMs: 5_000 }, false],
  ['a deadline beside it', { deadlineMs: 5_000, legacy: { timeoutBoundsCall: true } }, true],
])(
  "where the module says %s, axios's timeout bounds the whole call: %#",
  (_what, says, timeoutBoundsCall) => {
    expect(configured({}, { store, ...says }).legacy).toEqual({ takeOverRefresh: true, timeoutBoundsCall });
  },
);

test('a function cannot change the options of the variables that it is given', () => {
  const options = { ...client };
  configured({ options }, (from: { clientId: string }) => {
    from.clientId = 'another';
    return { store };
  });
  expect(options).toEqual(client);
});

test.each([
  ['a number', 5, 'gives number'],
  ['a text', 'options', 'gives string'],
  ['a function that returns nothing', () => undefined, 'gives undefined'],
  ['a function that returns null', () => null, 'gives object'],
  ['an async function', async () => ({ store }), 'gives a promise'],
])('%s is refused in one line', (_what, exported, says) => {
  const said = complaint({}, exported);
  expect(said).toContain('PROCORE_CONFIG: ./procore.cjs');
  expect(said).toContain(says);
});

test('a module that cannot be loaded is reported with the first line of its error', () => {
  const load = () => {
    throw new Error('no such luck\nRequire stack:\n- /app/index.js');
  };
  expect(() => configure({ ...registered, config: configAt('x') }, { load })).toThrow(
    /^PROCORE_CONFIG: x could not be loaded: no such luck$/,
  );
});

test.each([
  ['JSON', '.json', `{ "clientSecret": “${secret}” }`, /: there is a syntax error$/],
  [
    'CommonJS',
    '.cjs',
    `module.exports = {\n  clientSecret: id ${secret.replaceAll('-', '_')} };`,
    /: there is a syntax error in .+options\.cjs:2$/,
  ],
  [
    'CommonJS, where quotes are missing,',
    '.cjs',
    `module.exports = { clientSecret: ${secret.replaceAll('-', '_')} };`,
    /: it uses a name that is not defined; is something not in quotes\?$/,
  ],
])(
  'of a broken module in %s no text is quoted, because it may be the secret',
  (_what, ending, text, says) => {
    const file = join(folder(), `options${ending}`);
    writeFileSync(file, text);
    const load = createRequire(import.meta.url);
    const { message } = thrownBy(() => configure({ ...registered, config: configAt(file) }, { load }));
    expect(message).toMatch(says);
    expect(message).not.toMatch(/the.secret/);
  },
);

test('an option that there is not, or that is wrong, is named', () => {
  expect(complaint({}, { store, tokens: 1 })).toContain('"tokens"');
  expect(complaint({}, { store, maxWaitMs: 'long' })).toContain('maxWaitMs');
});

test('a memory store is refused where a refresh token would be lost with it', () => {
  expect(complaint({}, { store: memoryTokenStore() })).toContain('PROCORE_TOKEN_FILE');
  const grant = 'client_credentials';
  expect(configured({}, { store: memoryTokenStore(), grant }).grant).toBe(grant);
});

describe('what is missing or wrong in the variables', () => {
  const faults = [
    { option: 'clientId', what: 'PROCORE_CLIENT_ID is missing' },
    { option: 'clientSecret', what: 'PROCORE_CLIENT_SECRET is missing' },
    { option: 'store', what: 'PROCORE_TOKEN_FILE is missing' },
    { option: 'environment', what: 'AXIOS_PROCORE_ENVIRONMENT is of the wrong form' },
  ] as const;

  test('is told at once, and that the module does not give it either', () => {
    expect(complaint({ options: {}, faults }, {})).toBe(
      `${faults.map(({ what }) => what).join('. ')}. PROCORE_CONFIG does not give it`,
    );
    expect(complaint({ options: {}, faults }, { store, environment: 'production', clientId: 'id' })).toBe(
      'PROCORE_CLIENT_SECRET is missing. PROCORE_CONFIG does not give it',
    );
  });

  test('does no harm where the module gives it', () => {
    const own = { ...client, store, environment: 'federal' };
    expect(configured({ options: {}, faults }, own)).toMatchObject(own);
    const exchange = async () => ({ access_token: 'token' });
    const { clientSecret: _, ...others } = own;
    expect(configured({ options: {}, faults }, { ...others, exchange })).toMatchObject({ exchange });
    const grant = 'client_credentials';
    expect(configured({ faults: [faults[2]] }, { grant })).toMatchObject({ grant });
  });
});

test('a secret that the module gives is handed over before anything is said of it', () => {
  const hidden: string[] = [];
  const config = configAt('./procore.cjs');
  const exported = { clientSecret: 'in-the-module', store, maxWaitMs: 'in-the-module' };
  const hide = (secrets: readonly string[]) => void hidden.push(...secrets);
  expect(() => configure({ ...registered, config }, { load: () => exported, hide })).toThrow(TypeError);
  expect(hidden).toContain('in-the-module');
});

test('a module that throws on a closer look is one that cannot be loaded', () => {
  const odd = {
    get companyId(): string {
      throw new Error('not yet');
    },
  };
  expect(complaint({}, odd)).toBe('PROCORE_CONFIG: ./procore.cjs could not be loaded: not yet');
});

test('without any store it says what to set', () => {
  expect(complaint({}, { companyId: '42' })).toContain('PROCORE_TOKEN_FILE');
});

test('a store of the module goes before a file, and a line says so', () => {
  const notes: string[] = [];
  expect(configured({ file: join(folder(), 'procore.json') }, { store }, notes).store).toBe(store);
  expect(notes).toEqual(['PROCORE_TOKEN_FILE is not used: PROCORE_CONFIG gives a store']);
});

test.each([
  ['', 'it is empty'],
  ['refresh_token=abc', 'its 17 bytes are no JSON'],
  ['{"name":"another program"}', 'it holds no token set'],
])('a file with %j is named, and its content is not repeated', (content, what) => {
  const file = join(folder(), 'procore.json');
  writeFileSync(file, content);
  const said = complaint({ file });
  expect(said).toContain(`PROCORE_TOKEN_FILE: ${file} cannot be used: ${what}`);
  if (content) expect(said).not.toContain(content);
});

type Kept = { pathOf(account: string): string };

test('where the path is that of a folder, each user has a file in it', () => {
  const made = join(folder(), 'tokens');
  mkdirSync(made, { mode: 0o700 });
  const { pathOf } = configured({ file: made }).store as unknown as Kept;
  for (const account of ['default', '7', '../../etc/passwd']) expect(dirname(pathOf(account))).toBe(made);
});

test('a folder that others may write to is refused before the application starts', () => {
  const made = join(folder(), 'tokens');
  mkdirSync(made);
  chmodSync(made, 0o777);
  expect(complaint({ file: made })).toContain(`chmod 700 '${made}'`);
});

test('users are accounts: the first is kept in the file, and no name of another leads out of the folder beside it', () => {
  const file = join(folder(), 'procore.json');
  const { account, store } = configured({ file });
  expect(isBySubject(account)).toBe(true);
  const { pathOf } = store as unknown as Kept;
  expect(pathOf('default')).toBe(file);
  for (const user of ['7', '..', '/etc/passwd', '../procore.json', 'con', ''])
    expect(dirname(pathOf(user))).toBe(`${file}.users`);
});

test('a folder beside the file that others may write to is refused, too', () => {
  const file = join(folder(), 'procore.json');
  mkdirSync(`${file}.users`);
  chmodSync(`${file}.users`, 0o777);
  expect(complaint({ file })).toContain(`chmod 700 '${file}.users'`);
});

test('an account that PROCORE_CONFIG gives is kept in the file, whatever its name', () => {
  const file = join(folder(), 'procore.json');
  const { account, store } = configured({ file }, { account: 'main' });
  expect(account).toBe('main');
  expect((store as unknown as Kept).pathOf('main')).toBe(file);
});

test('a service account is one account', () => {
  expect(configured({ options: { ...client, grant: 'client_credentials' } })).not.toHaveProperty('account');
});

test('a folder that is not there yet is made by the first save', () => {
  const file = join(folder(), 'made', 'tokens', 'procore.json');
  expect(configured({ file }).store).toHaveProperty('pathOf');
});

test('a file in the place of its folder is named', () => {
  const above = join(folder(), 'tokens');
  writeFileSync(above, '');
  const said = complaint({ file: join(above, 'procore.json') });
  expect(said).toContain(
    `PROCORE_TOKEN_FILE: The folder for tokens ${above} cannot be written to (ENOTDIR). A file is in the place`,
  );
});

test.skipIf(process.platform === 'win32')('links that lead in a circle are named', () => {
  const file = join(folder(), 'procore.json');
  symlinkSync('procore.json', file);
  expect(complaint({ file })).toContain(
    `PROCORE_TOKEN_FILE: The token file ${file} is a link that leads in a`,
  );
});
