import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { createConsumer, type Consumer } from '../support/packed.js';
import { runNode, variablesFor } from './support/applications.js';

const runs = 30;
const minutesBetween = 7;

let consumer: Consumer;
beforeAll(async () => {
  consumer = await createConsumer(undefined, { also: ['fs-native-extensions'] });
});
afterAll(() => consumer?.remove());

/** As cron runs it: one call, and process.exit() as soon as it is answered. */
const script = `
  const clock = Number(process.env.CLOCK_AHEAD_MS);
  const { now } = Date;
  Date.now = () => now() + clock;
  const axios = require('axios');
  axios.get(process.env.URL + '/rest/v1.0/me').then(
    ({ status }) => { process.stdout.write(String(status)); process.exit(0); },
    (error) => { process.stderr.write(String(error.code)); process.exit(1); },
  );`;

test('a script that cron runs every few minutes, and that ends by process.exit() after its call, never loses its session', async () => {
  let aheadMs = 0;
  const emulator = await startEmulator({ now: () => Date.now() + aheadMs });
  try {
    const folder = mkdtempSync(join(consumer.folder, 'cron-'));
    const file = join(folder, 'tokens.json');
    writeFileSync(file, JSON.stringify(emulator.issue()), { mode: 0o600 });
    writeFileSync(join(folder, 'script.cjs'), script);
    for (let run = 0; run < runs; run++) {
      const ended = await runNode(folder, ['--require', 'axios-procore/register', 'script.cjs'], {
        ...variablesFor(emulator),
        PROCORE_TOKEN_FILE: file,
        URL: emulator.url,
        CLOCK_AHEAD_MS: String(aheadMs),
      });
      expect({ run, ...ended }).toMatchObject({ run, code: 0, stdout: '200' });
      const { refresh_token } = JSON.parse(readFileSync(file, 'utf8')) as { refresh_token: string };
      expect(emulator.isLive(refresh_token)).toBe(true);
      aheadMs += minutesBetween * 60_000;
    }
    expect(emulator.counters).toMatchObject({ spentPresentations: 0, unauthorized: 0 });
    expect(emulator.counters.exchanges).toBeGreaterThanOrEqual(2);
  } finally {
    await emulator.close();
  }
});
