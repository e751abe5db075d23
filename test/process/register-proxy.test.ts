import { mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest';
import type { TokenSet } from '../../src/store/store.js';
import { certificate, startSecure } from '../support/https.js';
import { createConsumer, type Consumer } from '../support/packed.js';
import { runNode } from './support/applications.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

const flags = ['--require', 'axios-procore/register', 'app.cjs'];
const clientSecret = 'c0ffee00c0ffee11c0ffee22c0ffee33';

/** One call, and then a refresh of the application's own with the token that it was once given. */
const application = (setUp: string) => `
const axios = require('axios');
${setUp}
const told = (error) => ({ code: error.code, status: error.response?.status, message: error.message });
const form = new URLSearchParams({
  grant_type: 'refresh_token',
  refresh_token: process.env.OLD_TOKEN,
  client_id: process.env.PROCORE_CLIENT_ID,
  client_secret: process.env.PROCORE_CLIENT_SECRET,
});
(async () => {
  const call = await axios.get(process.env.PROCORE_API_URL + '/rest/v1.0/me').then(({ status }) => ({ status }), told);
  const refresh = await axios
    .post(process.env.PROCORE_LOGIN_URL + '/oauth/token', form.toString(), {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    })
    .then(({ status }) => ({ status }), told);
  console.log(JSON.stringify({ call, refresh }));
})();`;

interface Said {
  call: { status?: number; code?: string; message?: string };
  refresh: { status?: number; code?: string; message?: string };
}

describe.each([
  ['axios-0.27', true],
  ['axios-1.7', true],
  ['axios', false],
])('%s under register, with HTTPS_PROXY', (copy, isRead) => {
  let consumer: Consumer;
  beforeAll(
    async () =>
      void (consumer = await createConsumer(copy, { also: ['fs-native-extensions', 'https-proxy-agent'] })),
  );
  afterAll(() => consumer?.remove());

  async function run(
    { onTestFinished }: TestContext,
    how: { setUp?: string; env?: object; held?: boolean; fresh?: boolean },
  ) {
    const { emulator, expired } = await startWithExpiredPair({ clientSecret });
    const secure = await startSecure(emulator);
    onTestFinished(() => emulator.close());
    onTestFinished(() => secure[Symbol.asyncDispose]());
    const folder = mkdtempSync(join(consumer.folder, 'application-'));
    writeFileSync(join(folder, 'app.cjs'), application(how.setUp ?? ''));
    writeFileSync(join(folder, 'ca.pem'), certificate);
    const file = join(folder, 'tokens.json');
    const pair = how.fresh ? emulator.issue() : expired;
    if (how.held !== false) writeFileSync(file, JSON.stringify(pair));
    const ended = await runNode(folder, flags, {
      PROCORE_CLIENT_ID: emulator.clientId,
      PROCORE_CLIENT_SECRET: clientSecret,
      PROCORE_LOGIN_URL: secure.environment.loginUrl,
      PROCORE_API_URL: secure.environment.apiUrl,
      PROCORE_TOKEN_FILE: file,
      OLD_TOKEN: pair.refresh_token!,
      NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem'),
      HTTPS_PROXY: secure.proxy.url.replace('//', '//someone:pass-of-the-proxy@'),
      ...how.env,
    });
    const got = secure.proxy.bytes();
    for (const secret of [clientSecret, pair.refresh_token!]) {
      expect(got).not.toContain(secret);
      expect(ended.stderr).not.toContain(secret);
    }
    expect(ended.stderr).not.toContain('pass-of-the-proxy');
    const kept = () => JSON.parse(readFileSync(file, 'utf8')) as TokenSet;
    return { emulator, secure, pair, kept, ...ended, said: JSON.parse(ended.stdout) as Said };
  }
  const warnings = (stderr: string) => stderr.match(/makes no tunnel through a proxy/g)?.length ?? 0;

  test(`an expired token: ${isRead ? 'nothing of a token request is shown to the proxy, and it is told what to do' : 'it is renewed through a tunnel'}`, async (context) => {
    const { emulator, pair, kept, said, stderr } = await run(context, {});
    if (!isRead) {
      expect(said).toEqual({ call: { status: 200 }, refresh: { status: 200 } });
      expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
      expect(warnings(stderr)).toBe(0);
      return;
    }
    for (const { code, message } of [said.call, said.refresh]) {
      expect(code).toBe('ERR_PROCORE_TOKEN_RENEWAL_FAILED');
      expect(message).toMatch(/nothing was sent.*HTTPS_PROXY.*https-proxy-agent.*proxy: false/);
    }
    expect(emulator.counters.tokenRequests).toBe(0);
    expect(kept().refresh_token).toBe(pair.refresh_token);
    expect(warnings(stderr)).toBe(1);
  });

  test(`no token file yet: the application's own first refresh ${isRead ? 'is stopped, too' : 'goes through a tunnel'}`, async (context) => {
    const { emulator, said } = await run(context, { held: false });
    expect(emulator.counters.tokenRequests).toBe(isRead ? 0 : 1);
    if (isRead) expect(said.refresh.code).toBe('ERR_PROCORE_TOKEN_RENEWAL_FAILED');
    else expect(said.refresh.status).toBe(200);
  });

  test('a token that works is used as without the plugin', async (context) => {
    const { said, stderr } = await run(context, { fresh: true });
    expect(said.call).toEqual({ status: 200 });
    expect(warnings(stderr)).toBe(isRead ? 1 : 0);
  });

  test.for<[string, { setUp?: string; env?: object }]>([
    ['proxy: false, set when axios has been loaded', { setUp: 'axios.defaults.proxy = false;' }],
    [
      'an agent that makes tunnels, and proxy: false',
      {
        setUp: `const { HttpsProxyAgent } = require('https-proxy-agent');
axios.defaults.httpsAgent = new HttpsProxyAgent(process.env.HTTPS_PROXY);
axios.defaults.proxy = false;`,
      },
    ],
    ['NO_PROXY', { env: { NO_PROXY: 'localhost,127.0.0.1' } }],
  ])('quiet, and renewed, with %s', async ([, how], context) => {
    const { emulator, said, stderr } = await run(context, how);
    expect(said).toEqual({ call: { status: 200 }, refresh: { status: 200 } });
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
    expect(warnings(stderr)).toBe(0);
  });
});
