// Four processes on one folder, two of them of the first Node: while one redeems the expired pair, the others wait for its lock.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startEmulator } from 'axios-procore/emulator';
import { fileTokenStore } from 'axios-procore/stores/file';

const directory = mkdtempSync(join(tmpdir(), 'axios-procore-node-'));
const emulator = await startEmulator();
try {
  const { access_token, ...pair } = emulator.issue();
  emulator.expire(access_token);
  const expired = { ...pair, access_token, expires_at: Math.floor(Date.now() / 1000) - 60 };
  await fileTokenStore({ directory }).save(expired, 'default', undefined);
  const held = emulator.misbehave({ on: 'token', do: { kind: 'hold' } });
  const given = JSON.stringify({
    directory,
    clientId: emulator.clientId,
    clientSecret: emulator.clientSecret,
    environment: emulator.environment,
  });
  const members = [process.execPath, process.env.FIRST_NODE, process.execPath, process.env.FIRST_NODE].map(
    (program) => {
      const child = spawn(program, ['member.mjs', given], { stdio: ['ignore', 'pipe', 'inherit'] });
      const waits = new Promise((resolve) => createInterface({ input: child.stdout }).once('line', resolve));
      return { waits, ended: new Promise((resolve) => child.once('close', resolve)) };
    },
  );
  await Promise.all([held.struck(), ...members.map(({ waits, ended }) => Promise.race([waits, ended]))]);
  held.release();
  for (const { ended } of members) assert.equal(await ended, 0);
  assert.equal(emulator.counters.exchanges, 1);
  assert.equal(emulator.counters.tokenRequests, 1);
} finally {
  await emulator.close();
  rmSync(directory, { recursive: true, force: true });
}
