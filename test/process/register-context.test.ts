import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConsumer, type Consumer } from '../support/packed.js';
import { runNode, variablesFor } from './support/applications.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer();
});
afterAll(() => consumer?.remove());

/** Its callbacks write down what `AsyncLocalStorage` has where they run. */
const configuration = `
  const { AsyncLocalStorage } = require('node:async_hooks');
  const scope = (globalThis.scope = new AsyncLocalStorage());
  const seen = (globalThis.seen = []);
  const see = (what) => void seen.push(what + ': ' + scope.getStore());
  require('node:diagnostics_channel').subscribe('http.client.request.start', ({ request }) => {
    if (request.path === '/oauth/token') see('token request');
  });
  let tokens = JSON.parse(process.env.TOKENS);
  module.exports = {
    // One that is new to the process when the instance is made.
    account: () => 'someone',
    clientSecret: () => (see('clientSecret'), process.env.PROCORE_CLIENT_SECRET),
    store: {
      load: async () => (see('load'), tokens),
      save: async (saved) => (see('save'), void (tokens = saved)),
    },
  };`;

const bodyOf = (load: string) => `
  scope.run('transaction', async () => {
    const axios = ${load};
    const instance = axios.create();
    const { status } = await instance.get(process.env.URL + '/rest/v1.0/me');
    console.log(JSON.stringify({ status, after: scope.getStore(), seen }));
  });`;

test.each([
  ['CommonJS', '--require', 'app.cjs', `require('axios')`],
  ['an ES module', '--require', 'app.mjs', `(await import('axios')).default`],
  ['an ES module', '--import', 'app.mjs', `(await import('axios')).default`],
])(
  'in %s under register by %s, an axios that is loaded and an instance that is made inside of a transaction save outside of it',
  async (_kind, flag, file, load) => {
    const { emulator, expired } = await startWithExpiredPair();
    const folder = mkdtempSync(join(consumer.folder, 'application-'));
    try {
      writeFileSync(join(folder, 'config.cjs'), configuration);
      writeFileSync(join(folder, file), bodyOf(load));
      const ended = await runNode(folder, [flag, 'axios-procore/register', file], {
        ...variablesFor(emulator),
        PROCORE_CONFIG: './config.cjs',
        TOKENS: JSON.stringify(expired),
        URL: emulator.url,
      });
      expect(ended.code, ended.stderr).toBe(0);
      const { status, after, seen } = JSON.parse(ended.stdout) as Record<string, unknown>;
      expect({ status, after }).toEqual({ status: 200, after: 'transaction' });
      const done = ['load', 'clientSecret', 'token request', 'save'].map((what) => `${what}: undefined`);
      expect(new Set(seen as string[])).toEqual(new Set(done));
    } finally {
      await emulator.close();
    }
  },
);
