import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import axios from 'axios';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createAttach } from '../../src/attach/attach.js';
import { systemEnv } from '../../src/time/env.js';
import { startEmulator } from '../../src/emulator/index.js';
import { memoryTokenStore } from '../../src/store/memory.js';
import { startServersApart } from '../support/apart.js';

const me = '/rest/v1.0/me';
/** With one of these on `Object.prototype` no property can be defined, and no promise resolved, by anybody. */
const unusable = [
  ...'get set value writable enumerable configurable then constructor'.split(' '),
  // Nor is an HTTP request made by bare axios: Node and axios take them for options, flags and listeners of the request.
  ...'aborted response signal socket timeout'.split(' '),
];

/** Every name that the package reads of an object: by a dot, in brackets, or taken apart. */
function namesRead(): string[] {
  const folder = join(import.meta.dirname, '../../src');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const names = files
    .filter((file) => file.endsWith('.ts') && !/^(emulator|store-contract|store|register)\b/.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''))
    .flatMap((text) => [
      ...[...text.matchAll(/\.([a-z_$][\w$]*)\b(?!\()/gi)].map(([, name]) => name!),
      ...[...text.matchAll(/\['([\w$-]+)'\]/g)].map(([, name]) => name!),
      ...[...text.matchAll(/\{([^{}]*)\}/g)].flatMap(
        ([, inside]) => inside!.match(/\b[a-z_$][\w$]*(?=\s*[:,=}]|\s*$)/gi) ?? [],
      ),
    ]);
  return [...new Set(names)].filter((name) => !unusable.includes(name) && !(name in Object.prototype)).sort();
}

// Node and older axios throw at some names where no promise hears of it, at once or when the socket of such a request ends.
let whenBroken: () => void = () => undefined;
const listeners = process.listeners('uncaughtException');
beforeAll(() => {
  process.removeAllListeners('uncaughtException').on('uncaughtException', () => whenBroken());
});
afterAll(() => {
  process.removeAllListeners('uncaughtException');
  for (const listener of listeners) process.on('uncaughtException', listener);
});

/** Does it while every object of the thread seems to have these; resolves with whether it could be done. */
async function polluted(
  names: readonly string[],
  value: unknown,
  work: () => Promise<unknown>,
): Promise<boolean> {
  const descriptor = Object.assign(Object.create(null) as object, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  // The call may never end then.
  const broken = new Promise<false>((resolve) => {
    whenBroken = () => resolve(false);
    setTimeout(() => resolve(false), 1_000).unref();
  });
  for (const name of names) Object.defineProperty(Object.prototype, name, descriptor);
  try {
    const done = work().then(
      () => true,
      () => false,
    );
    return await Promise.race([done, broken]);
  } finally {
    for (const name of names) delete (Object.prototype as Record<string, unknown>)[name];
  }
}

test('whatever name of those that the package reads another library puts on every object, the bearer and the secret go to Procore alone, as with bare axios', async () => {
  await using servers = await startServersApart();
  const options = { baseURL: servers.home, proxy: false as const, timeout: 500 };
  const instance = axios.create(options);
  const procore = createAttach(systemEnv, {})(instance, {
    clientId: 'client-1',
    clientSecret: 'secret-1',
    environment: { loginUrl: servers.home, apiUrl: servers.home },
    store: memoryTokenStore({ access_token: 'access-1', refresh_token: 'refresh-1' }),
    retry: false,
    maxWaitMs: 500,
  });
  await instance.get(me);
  expect(await servers.asked()).toEqual({ home: [{ path: me, isSecret: true }], stranger: [] });
  const bare = axios.create(options);
  const headers = { Authorization: 'Bearer bare' };
  const isCaught = async () => (await servers.asked()).stranger.some(({ isSecret }) => isSecret);
  const fooled: string[] = [];
  async function look(names: readonly string[]): Promise<void> {
    const isDone = await polluted(names, servers.stranger, async () => instance.get(me));
    const isFooled = await isCaught();
    if (isDone && !isFooled) return;
    if (names.length > 1) {
      // One of them breaks axios, or worse: the others behind it have not been seen.
      const half = Math.ceil(names.length / 2);
      await look(names.slice(0, half));
      await look(names.slice(half));
    } else if (isFooled) {
      await polluted(names, servers.stranger, async () => bare.get(me, { headers }));
      if (!(await isCaught())) fooled.push(...names);
    }
  }
  const names = namesRead();
  expect(names).toEqual(expect.arrayContaining(['url', 'baseUrl', 'procore', 'account', 'refresh_token']));
  for (let from = 0; from < names.length; from += 32) await look(names.slice(from, from + 32));
  expect(fooled).toEqual([]);
  expect((await instance.get(me)).status).toBe(200);
  procore.detach();
});

test.each([
  ['url', (to: string) => to],
  ['baseUrl', (to: string) => to],
  ['urlOfItsOwn', (to: string) => to],
  ['baseURL', (to: string) => to],
  ['socketPath', () => '/tmp/nobody.sock'],
  ['procore', () => ({ account: 'somebody' })],
  ['account', () => 'somebody'],
  ['origins', (to: string) => [to]],
  ['environment', (to: string) => ({ loginUrl: to, apiUrl: to })],
  ['loginUrl', (to: string) => to],
  ['apiUrl', (to: string) => to],
  ['refresh_token', () => 'somebody-else'],
  ['access_token', () => 'somebody-else'],
  ['auth', () => ({ username: 'somebody', password: 'else' })],
  ['error', () => 'invalid_grant'],
  ['exchange', () => () => Promise.resolve({ access_token: 'somebody-else' })],
  ['allowAbsoluteUrls', () => false],
] as [string, (to: string) => unknown][])(
  'with %s on every object, before and after the attach, a call and a renewal work as ever',
  async (name, valueFor) => {
    await using servers = await startServersApart();
    const emulator = await startEmulator();
    await using _end = { [Symbol.asyncDispose]: () => emulator.close() };
    const issued = emulator.issue();
    const isDone = await polluted([name], valueFor(servers.stranger), async () => {
      const instance = axios.create({ proxy: false });
      const procore = createAttach(systemEnv, {})(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: memoryTokenStore(issued),
      });
      await procore.renew();
      await instance.get(me);
      procore.detach();
    });
    const { stranger } = await servers.asked();
    expect(stranger.filter(({ isSecret }) => isSecret)).toEqual([]);
    if (!isDone) {
      // Some versions of axios cannot make the call by themselves then.
      const bare = axios.create({ proxy: false, baseURL: emulator.environment.apiUrl });
      expect(await polluted([name], valueFor(servers.stranger), async () => bare.get(me))).toBe(false);
      return;
    }
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
    if (stranger.length > 0) {
      // Older axios goes there by itself: the call is to somebody else's host, and brings no token.
      await polluted([name], valueFor(servers.stranger), async () => axios.create({ proxy: false }).get(me));
      expect((await servers.asked()).stranger).not.toEqual([]);
      return;
    }
    expect(emulator.log.at(-1)).toMatchObject({ path: me, status: 200 });
  },
);
