import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axios from 'axios';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as Emulation from '../../src/emulator/index.js';
import type * as Package from '../../src/index.js';
import { createConsumer, type Consumer } from '../support/packed.js';

let consumer: Consumer;
let imported: typeof Package;
let required: typeof Package;
let startEmulator: typeof Emulation.startEmulator;
beforeAll(async () => {
  consumer = await createConsumer();
  const file = (path: string) => pathToFileURL(join(consumer.installed, path)).href;
  imported = (await import(file('dist/esm/index.js'))) as typeof Package;
  ({ startEmulator } = (await import(file('dist/esm/emulator/index.js'))) as typeof Emulation);
  required = createRequire(join(consumer.folder, 'application.js'))('axios-procore') as typeof Package;
});
afterAll(() => consumer?.remove());

test('the two builds are two copies: they share no function', () => {
  expect(imported.attachProcore).not.toBe(required.attachProcore);
  expect(imported.ReauthenticationRequiredError).not.toBe(required.ReauthenticationRequiredError);
});

test('two copies in one process that hold one expired pair make one exchange, and every call succeeds', async () => {
  let aheadMs = -2 * 60 * 60_000;
  const emulator = await startEmulator({ now: () => Date.now() + aheadMs });
  try {
    // What each copy reads from its own store: the pair, long past its time.
    const stored = emulator.issue();
    aheadMs = 0;
    const instances = [imported, required].map(({ attachProcore, memoryTokenStore }) => {
      const instance = axios.create({ baseURL: emulator.environment.apiUrl, proxy: false });
      attachProcore(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: memoryTokenStore({ ...stored }),
        companyId: '42',
      });
      return instance;
    });
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) => instances[index % 2]!.get('/rest/v1.0/projects')),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, unauthorized: 0 });
  } finally {
    await emulator.close();
  }
});

test('an error of one copy is known to the guard of the other', async () => {
  const instance = axios.create({ baseURL: 'http://127.0.0.1:9', proxy: false });
  imported.attachProcore(instance, {
    clientId: 'client',
    clientSecret: 'secret',
    environment: { loginUrl: 'http://127.0.0.1:9', apiUrl: 'http://127.0.0.1:9' },
    store: imported.memoryTokenStore(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  });
  const error: unknown = await instance.get('/rest/v1.0/me').catch((reason: unknown) => reason);
  expect(required.isProcoreError(error)).toBe(true);
});
