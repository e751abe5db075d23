import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forkProgram } from '../support/fork.js';
import { startEmulator } from '../../src/emulator/index.js';

interface Outcome {
  status?: number;
  code?: string;
  refreshToken: string;
  said: string[];
}

const worker = new URL('../support/worker.ts', import.meta.url);

function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}

test('two processes on a two-callback store without lock, the winner saving for a second: nobody declares the grant dead', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-'));
  const file = join(folder, 'tokens.json');
  const emulator = await startEmulator();
  const pair = emulator.issue();
  emulator.expire(pair.access_token);
  writeFileSync(file, JSON.stringify(pair));
  // Neither is answered before both have presented the token: the race is certain.
  const held = emulator.misbehave({ on: 'token', times: 2, do: { kind: 'hold' } });
  const children = [0, 1].map(() => forkProgram(worker, [emulator.url, file, '1000']));
  try {
    await Promise.all(children.map(nextMessage));
    const outcomes = Promise.all(children.map(nextMessage)) as Promise<Outcome[]>;
    for (const child of children) child.send('go');
    await held.struck(2);
    held.release();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 200 });
      expect(outcome.said.join('\n')).not.toContain('reauthentication-required');
      expect(emulator.isLive(outcome.refreshToken)).toBe(true);
    }
    expect(emulator.counters).toMatchObject({ exchanges: 1, spentPresentations: 1, unauthorized: 2 });
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
