import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConsumer, type Consumer } from '../support/packed.js';
import { startNode, variablesFor } from './support/applications.js';
import { startWithExpiredPair } from '../support/expired-pair.js';

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer(undefined, { also: ['fs-native-extensions'] });
});
afterAll(() => consumer?.remove());

const application = `
  const axios = require('axios');
  axios.create({ timeout: 400 }).get(process.env.URL + '/rest/v1.0/me').catch((error) => {
    const { code, message, response, config, procore } = error;
    const isOne = error instanceof axios.AxiosError;
    console.log(JSON.stringify({ code, message, status: response?.status, timeout: config.timeout, isOne, kind: procore.kind }));
  });`;

test.each([
  [
    'without a word of PROCORE_CONFIG its own timeout ends it, as it did without the plugin',
    `{}`,
    { code: 'ECONNABORTED', message: 'timeout of 400ms exceeded', kind: 'timeout' },
  ],
  [
    'a deadlineMs in PROCORE_CONFIG ends it, and its timeout does not',
    `{ deadlineMs: 1_200 }`,
    { code: 'ERR_PROCORE_DEADLINE', status: 503, kind: 'deadline' },
  ],
  [
    'with legacy.timeoutBoundsCall: false in PROCORE_CONFIG it waits for the token as long as calls do',
    `{ legacy: { timeoutBoundsCall: false }, renewal: { timeoutMs: 1_200 } }`,
    { code: 'ERR_PROCORE_TOKEN_RENEWAL_FAILED', status: 503, kind: 'token-renewal-failed' },
  ],
])('under register, a call waits for a token that is slow to come: %s', async (_what, options, ends) => {
  const { emulator, expired } = await startWithExpiredPair();
  const folder = mkdtempSync(join(consumer.folder, 'application-'));
  try {
    const file = join(folder, 'tokens.json');
    writeFileSync(file, JSON.stringify(expired), { mode: 0o600 });
    writeFileSync(join(folder, 'config.cjs'), `module.exports = ${options};`);
    writeFileSync(join(folder, 'app.cjs'), application);
    const token = emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
    const { child, ended } = startNode(folder, ['--require', 'axios-procore/register', 'app.cjs'], {
      ...variablesFor(emulator),
      PROCORE_TOKEN_FILE: file,
      PROCORE_CONFIG: './config.cjs',
      URL: emulator.url,
    });
    // What the call ends with, it ends with before there is a token.
    await Promise.race([once(child.stdout!, 'data'), ended]);
    token.release();
    const { stdout, stderr } = await ended;
    expect(JSON.parse(stdout || stderr)).toMatchObject({ ...ends, timeout: 400, isOne: true });
    // The renewal went on, and its pair is kept.
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { refresh_token: string };
    expect(kept.refresh_token).not.toBe(expired.refresh_token);
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0, apiRequests: 0 });
  } finally {
    await emulator.close();
  }
});
