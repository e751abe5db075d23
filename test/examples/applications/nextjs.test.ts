import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startEmulator, type Emulator } from '../../../src/emulator/index.js';
import type { TokenSet } from '../../../src/store/store.js';
import { startWithAgedPair } from '../../support/expired-pair.js';
import { environmentOf, startApplication, type Example } from '../../support/examples.js';
import { root } from '../../support/packed.js';

/** An application that runs on an emulator. */
interface Running {
  readonly example: Example;
  readonly url: string;
  readonly emulator: Emulator;
  /** What its token file holds. */
  stored(): TokenSet;
}

async function run(command: 'start' | 'dev', emulator: Emulator, pair?: TokenSet): Promise<Running> {
  onTestFinished(() => emulator.close());
  const env: Record<string, string> = { ...environmentOf(emulator), NEXT_TELEMETRY_DISABLED: '1' };
  const file = env['PROCORE_TOKEN_FILE']!;
  if (pair) writeFileSync(file, JSON.stringify(pair));
  const next = ['node_modules/next/dist/bin/next', command, '--hostname', '127.0.0.1', '--port', '0'];
  const example = startApplication('nextjs', next, env);
  const url = `${await example.url}/projects`;
  return { example, url, emulator, stored: () => JSON.parse(readFileSync(file, 'utf8')) as TokenSet };
}

const ask = (url: string) => fetch(url, { headers: { connection: 'close' } });

test('next start serves projects, and a failure says what to do, without a token in it', async () => {
  const { url, example, emulator, stored } = await run('start', await startEmulator());
  const answer = await ask(url);
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('Harbour Bridge')]);
  const { refresh_token } = stored();
  emulator.revokeGrant(refresh_token!);
  const failure = await ask(url);
  const text = await failure.text();
  expect([failure.status, text]).toEqual([502, expect.stringContaining('Re-authentication required')]);
  for (const secret of [refresh_token!, emulator.clientSecret])
    expect(text + example.output()).not.toContain(secret);
});

test('a renewal in the background that is under way at SIGTERM is saved before next start ends', async () => {
  const { emulator, aged } = await startWithAgedPair(5_200_000);
  const { url, example, stored } = await run('start', emulator, aged);
  const request = emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  // The first call loads the tokens, and the second one finds that they are due.
  expect([(await ask(url)).status, (await ask(url)).status]).toEqual([200, 200]);
  await request.struck();
  example.kill('SIGTERM');
  await expect.poll(() => ask(url).catch(() => 'refused')).toBe('refused');
  request.release();
  await example.ended;
  expect(stored().refresh_token).not.toBe(aged.refresh_token);
  expect(emulator.isLive(stored().refresh_token!)).toBe(true);
  expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 0 });
});

test('after a change next dev evaluates the module again, and the next attach goes on with the tokens', async () => {
  const { url, example, emulator } = await run('dev', await startEmulator());
  expect((await ask(url)).status).toBe(200);
  const module = join(root, 'examples/nextjs/lib/procore.ts');
  const source = readFileSync(module, 'utf8');
  onTestFinished(() => writeFileSync(module, source));
  for (const time of ['second', 'third']) {
    writeFileSync(module, `${source}\nconsole.log('evaluated a ${time} time');\n`);
    await expect
      .poll(async () => [(await ask(url)).status, example.output().includes(`evaluated a ${time} time`)])
      .toEqual([200, true]);
    emulator.expire();
    expect((await ask(url)).status).toBe(200);
  }
  expect(emulator.counters).toMatchObject({ exchanges: 2, spentPresentations: 0 });
  // It ends the process that serves, which is a child of its own.
  example.kill('SIGTERM');
  await example.ended;
});
