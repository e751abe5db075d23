import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startEmulator } from '../../src/emulator/index.js';
import { createBrowser } from '../support/browser.js';
import { environmentOf, startByName, startExample } from '../support/examples.js';

test('npm run example express logs a person in, and ends when it is told to', async () => {
  const example = startByName('express');
  const browser = createBrowser();
  await browser.open(`${await example.url}/connect`);
  const seen = await browser.press('Allow', { user_id: '2' });
  expect([seen.status, seen.html.includes('Projects of User 2')]).toEqual([200, true]);
  example.kill('SIGTERM');
  expect(await example.ended).toMatchObject({ code: 0, stderr: '' });
});

test('a variable that is missing is named before anything is kept', async () => {
  const emulator = await startEmulator();
  try {
    const { PROCORE_TOKEN_FILE: _, ...env } = environmentOf(emulator);
    const { code, stdout, stderr } = await startExample('express', { env }).ended;
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('PROCORE_TOKEN_FILE is not set');
  } finally {
    await emulator.close();
  }
});

test('what is under way is answered when it is told to end, and the pair that was renewed for it is saved', async () => {
  const emulator = await startEmulator();
  try {
    const env = environmentOf(emulator);
    const example = startExample('express', { env });
    const url = await example.url;
    const browser = createBrowser();
    await browser.open(`${url}/connect`);
    await browser.press('Allow', { user_id: '2' });
    emulator.expire();
    const answer = emulator.misbehave({ on: 'token', after: true, do: { kind: 'hold' } });
    const seen = browser.open(`${url}/projects`);
    await answer.struck();
    example.kill('SIGTERM');
    await expect
      .poll(() => fetch(url, { headers: { connection: 'close' } }).catch(() => 'refused'))
      .toBe('refused');
    answer.release();
    expect((await seen).html).toContain('Projects of User 2');
    expect(await example.ended).toMatchObject({ code: 0 });
    const folder = `${env['PROCORE_TOKEN_FILE']}.users`;
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const { tokens } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
      tokens: { refresh_token: string };
    };
    expect(emulator.isLive(tokens.refresh_token)).toBe(true);
    expect(emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  } finally {
    await emulator.close();
  }
});
