import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { startEmulator, type Emulator } from '../../../src/emulator/index.js';
import { environmentOf, startApplication, startByName } from '../../support/examples.js';

let emulator: Emulator;
let env: Record<string, string>;
beforeEach(async () => {
  emulator = await startEmulator();
  env = environmentOf(emulator);
  return () => emulator.close();
});
const start = () => startApplication('nestjs', ['dist/main.js'], env);
const refreshToken = () =>
  (JSON.parse(readFileSync(env['PROCORE_TOKEN_FILE']!, 'utf8')) as { refresh_token: string }).refresh_token;

test('npm run example nestjs serves projects, and ends when it is told to', async () => {
  const example = startByName('nestjs');
  const answer = await fetch(`${await example.url}/projects`, { headers: { connection: 'close' } });
  expect(await answer.text()).toContain('Harbour Bridge');
  example.kill('SIGTERM');
  await example.ended;
});

test('a request that is being answered at SIGTERM gets the token that it waits for, and the pair is saved', async () => {
  const example = start();
  const url = `${await example.url}/projects`;
  expect((await fetch(url)).status).toBe(200);
  const spent = refreshToken();
  emulator.expire();
  const refusal = emulator.misbehave({ on: 'api', do: { kind: 'hold' } });
  const asked = fetch(url, { headers: { connection: 'close' } });
  await refusal.struck();
  example.kill('SIGTERM');
  // It takes no connection any more: Nest has called the hooks of the modules that are to be destroyed, and waits for the request.
  await expect
    .poll(() => fetch(url, { headers: { connection: 'close' } }).catch(() => 'refused'))
    .toBe('refused');
  refusal.release();
  const answer = await asked;
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Harbour Bridge')]);
  await example.ended;
  expect(refreshToken()).not.toBe(spent);
  expect(emulator.isLive(refreshToken())).toBe(true);
  expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('a call that fails is a 502 that says what to do, and the log says it, both without a secret', async () => {
  const example = start();
  const url = `${await example.url}/projects`;
  expect((await fetch(url)).status).toBe(200);
  const secrets = [refreshToken(), emulator.clientSecret];
  emulator.revokeGrant(refreshToken());
  const answer = await fetch(url);
  const text = await answer.text();
  expect([answer.status, text]).toEqual([502, expect.stringContaining('Re-authentication required')]);
  await expect.poll(() => example.output()).toMatch(/\[Procore\].*must be authorized anew/);
  for (const secret of secrets) expect(text + example.output()).not.toContain(secret);
});
