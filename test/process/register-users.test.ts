import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test, type TestContext } from 'vitest';
import { startEmulator, type Emulator } from '../../src/emulator/index.js';
import type { TokenSet } from '../../src/store/store.js';
import { subjectOf } from '../../src/wire/jwt.js';
import { createConsumer, type Consumer } from '../support/packed.js';
import { startNode, variablesFor } from './support/applications.js';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer('axios', { also: ['fs-native-extensions'] });
});
afterAll(() => consumer?.remove());

/** A web application with users of its own, which knows nothing of the plugin. It does what it is told by lines on its standard input. */
const application = `
  const axios = require('axios');
  const { URL: baseURL, PROCORE_CLIENT_ID: client_id, PROCORE_CLIENT_SECRET: client_secret } = process.env;
  const post = (path, fields) => axios.post(baseURL + path, new URLSearchParams({ client_id, client_secret, ...fields }));
  const todo = {
    call: (token) => axios.get(baseURL + '/rest/v1.0/me', token ? { headers: { Authorization: 'Bearer ' + token } } : {}),
    logIn: (code) => post('/oauth/token', { grant_type: 'authorization_code', code, redirect_uri: 'http://127.0.0.1/back' }),
    refresh: (refresh_token) => post('/oauth/token', { grant_type: 'refresh_token', refresh_token }),
    logOut: (token) => post('/oauth/revoke', { token }),
  };
  require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
    const { id, what, value } = JSON.parse(line);
    const told = await todo[what](value).then(
      ({ data }) => data,
      (error) => ({ failed: error.response?.data?.error ?? error.code, status: error.response?.status }),
    );
    console.log(JSON.stringify({ id, told }));
  });`;

interface Told extends Partial<TokenSet> {
  id?: number;
  failed?: string;
}

interface Application {
  call(token?: string): Promise<Told>;
  /** Comes back from the browser as this user. */
  logIn(userId: number): Promise<TokenSet>;
  refresh(token: string): Promise<TokenSet>;
  logOut(token: string): Promise<Told>;
  end(): Promise<{ code: number | null; stderr: string }>;
}

interface Scene {
  emulator: Emulator;
  file: string;
  start(): Application;
  /** The subjects whose tokens are in the folder beside the file, sorted. */
  others(): string[];
  inFile(): TokenSet;
}

async function prepare({ onTestFinished }: TestContext, options = {}, isFolder = false): Promise<Scene> {
  const emulator = await startEmulator(options);
  const folder = mkdtempSync(join(consumer.folder, 'application-'));
  const file = join(folder, 'procore.json');
  if (isFolder) mkdirSync(file, { mode: 0o700 });
  writeFileSync(join(folder, 'app.cjs'), application);
  onTestFinished(() => emulator.close());
  const env = { ...variablesFor(emulator), PROCORE_TOKEN_FILE: file, URL: emulator.url };
  const contentsOf = (path: string) =>
    (existsSync(path) ? readdirSync(path) : [])
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(path, name), 'utf8')) as { account: string });

  return {
    emulator,
    file,
    start() {
      const { child, ended } = startNode(folder, ['--require', 'axios-procore/register', 'app.cjs'], env);
      const waiting: ((told: never) => void)[] = [];
      createInterface({ input: child.stdout! }).on('line', (line) => {
        const { id, told } = JSON.parse(line) as { id: number; told: never };
        waiting[id]!(told);
      });
      const ask = <T>(what: string, value?: string) =>
        new Promise<T>((resolve, reject) => {
          const id = waiting.push(resolve) - 1;
          void ended.then(({ stderr }) => reject(new Error(`the application has ended: ${stderr}`)));
          child.stdin!.write(`${JSON.stringify({ id, what, value })}\n`);
        });
      return {
        call: (token) => ask('call', token),
        logIn(userId) {
          const redirect = 'http://127.0.0.1/back';
          const query = { response_type: 'code', client_id: emulator.clientId, redirect_uri: redirect };
          const url = `${emulator.url}/oauth/authorize?${new URLSearchParams(query).toString()}`;
          return ask('logIn', emulator.authorize(url, { userId }).code);
        },
        refresh: (token) => ask('refresh', token),
        logOut: (token) => ask('logOut', token),
        end() {
          child.stdin!.end();
          return ended;
        },
      };
    },
    others: () =>
      contentsOf(isFolder ? file : `${file}.users`)
        .map(({ account }) => account)
        .sort(),
    inFile: () => JSON.parse(readFileSync(file, 'utf8')) as TokenSet,
  };
}

const idsOf = async (app: Application, sets: readonly TokenSet[]): Promise<unknown[]> => {
  const ids: unknown[] = [];
  for (const { access_token } of sets) {
    const { id, failed } = await app.call(access_token);
    ids.push(id ?? failed);
  }
  return ids;
};

test('calls of users without stored tokens are sent as without register', async (context) => {
  const scene = await prepare(context);
  const app = scene.start();
  const [one, two] = [scene.emulator.issue({ userId: 1 }), scene.emulator.issue({ userId: 2 })];
  expect(await idsOf(app, [one, two, one])).toEqual([1, 2, 1]);
  expect(await app.end()).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(scene.file)).toBe(false);
});

test('of users who log in, the first is kept in the file and the others beside it; each one’s calls and refreshes are their own, after a restart too', async (context) => {
  const scene = await prepare(context);
  const { emulator } = scene;
  const app = scene.start();
  const [one, two, three] = [await app.logIn(1), await app.logIn(2), await app.logIn(3)];
  expect(scene.inFile()).toMatchObject({ refresh_token: one.refresh_token });
  expect(scene.others()).toEqual(['2', '3']);
  expect(await idsOf(app, [one, two, three, one])).toEqual([1, 2, 3, 1]);
  // Whoever brings no bearer is nobody.
  expect(await app.call()).toMatchObject({ failed: 'ERR_PROCORE_ACCOUNT_UNDECIDED' });
  expect(await app.end()).toMatchObject({ code: 0, stderr: '' });

  const again = scene.start();
  for (const { access_token } of [one, two, three]) emulator.expire(access_token);
  expect(await idsOf(again, [two, one, three])).toEqual([2, 1, 3]);
  for (const [user, { refresh_token }] of [one, two, three].entries())
    expect(subjectOf((await again.refresh(refresh_token!)).access_token)).toBe(String(user + 1));
  expect(await again.end()).toMatchObject({ code: 0, stderr: '' });
  expect(scene.inFile().refresh_token).not.toBe(one.refresh_token);
  expect(subjectOf(scene.inFile().access_token)).toBe('1');
  expect(emulator.counters).toMatchObject({ exchanges: 6, spentPresentations: 0 });
});

test('each user’s refresh token is redeemed once, though two processes ask, and both go on with the pair', async (context) => {
  const scene = await prepare(context);
  const { emulator } = scene;
  const apps = [scene.start(), scene.start()];
  const users = [1, 2].map((userId) => emulator.issue({ userId }));
  // Both have looked into an empty store.
  for (const app of apps) expect(await idsOf(app, users)).toEqual([1, 2]);
  const asked = [...users, ...users].map(({ refresh_token }, i) => apps[i % 2]!.refresh(refresh_token!));
  const more = users.map(({ refresh_token }, i) => apps[(i + 1) % 2]!.refresh(refresh_token!));
  const subjects = (await Promise.all([...asked, ...more])).map(({ access_token }) =>
    subjectOf(access_token),
  );
  expect(subjects).toEqual(['1', '2', '1', '2', '1', '2']);
  expect(emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  for (const { access_token } of users) emulator.expire(access_token);
  for (const app of apps) expect(await idsOf(app, users)).toEqual([1, 2]);
  for (const app of apps) expect(await app.end()).toMatchObject({ code: 0, stderr: '' });
  expect(scene.others()).toHaveLength(1);
  expect([...scene.others(), subjectOf(scene.inFile().access_token)].sort()).toEqual(['1', '2']);
});

test('two users who log in at once in two processes have a place each', async (context) => {
  const scene = await prepare(context);
  const apps = [scene.start(), scene.start()];
  const sets = await Promise.all(apps.map((app, i) => app.logIn(i + 1)));
  for (const { access_token } of sets) scene.emulator.expire(access_token);
  for (const app of apps) expect(await idsOf(app, sets)).toEqual([1, 2]);
  for (const app of apps) expect(await app.end()).toMatchObject({ code: 0, stderr: '' });
  expect(scene.emulator.counters.spentPresentations).toBe(0);
  expect([...scene.others(), subjectOf(scene.inFile().access_token)].sort()).toEqual(['1', '2']);
});

test('the tokens of a file of today go on in it, whatever user they are of, and those of others beside it', async (context) => {
  const scene = await prepare(context);
  const seven = scene.emulator.issue({ userId: 7 });
  scene.emulator.expire(seven.access_token);
  writeFileSync(scene.file, JSON.stringify(seven), { mode: 0o600 });
  const app = scene.start();
  // The only user: also where no bearer says so.
  expect(await app.call()).toMatchObject({ id: 7 });
  const two = await app.logIn(2);
  expect(await idsOf(app, [seven, two])).toEqual([7, 2]);
  await app.logIn(7);
  expect(await app.end()).toMatchObject({ code: 0 });
  expect(subjectOf(scene.inFile().access_token)).toBe('7');
  expect(scene.others()).toEqual(['2']);
});

test('a refresh token alone in the file belongs to the user in the answer to its redemption', async (context) => {
  const scene = await prepare(context);
  const { refresh_token } = scene.emulator.issue({ userId: 7 });
  writeFileSync(scene.file, JSON.stringify({ refresh_token }), { mode: 0o600 });
  const app = scene.start();
  await app.logIn(2);
  await app.logIn(7);
  await app.end();
  expect(subjectOf(scene.inFile().access_token)).toBe('7');
  expect(scene.others()).toEqual(['2']);
});

test('a user who logs out is forgotten, and the others stay', async (context) => {
  const scene = await prepare(context);
  const app = scene.start();
  const [one, two] = [await app.logIn(1), await app.logIn(2)];
  await app.logOut(one.access_token);
  expect(existsSync(scene.file)).toBe(false);
  expect(await app.call()).toMatchObject({ id: 2 });
  expect(await idsOf(app, [two])).toEqual([2]);
  const three = await app.logIn(3);
  expect(subjectOf(scene.inFile().access_token)).toBe('3');
  expect(await idsOf(app, [three, two])).toEqual([3, 2]);
  expect(await app.end()).toMatchObject({ code: 0 });
});

test('where the path is that of a folder, all users are in it', async (context) => {
  const scene = await prepare(context, {}, true);
  const app = scene.start();
  const [one, two] = [await app.logIn(1), await app.logIn(2)];
  await app.end();
  expect(scene.others()).toEqual(['2', 'default']);
  const again = scene.start();
  for (const { access_token } of [one, two]) scene.emulator.expire(access_token);
  expect(await idsOf(again, [one, two])).toEqual([1, 2]);
  expect(await again.end()).toMatchObject({ code: 0, stderr: '' });
});
