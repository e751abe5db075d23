import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { patienceMs } from '../support/patience.js';

const require = createRequire(import.meta.url);

test('a configuration that attaches by itself has the say, and the application starts', () => {
  const folder = mkdtempSync(join(tmpdir(), 'axios-procore-register-'));
  try {
    const config = join(folder, 'config.cjs');
    const dist = resolve('dist/cjs/index.js');
    writeFileSync(
      config,
      `const axios = require(${JSON.stringify(require.resolve('axios'))});
       const { attachProcore, memoryTokenStore } = require(${JSON.stringify(dist)});
       attachProcore(axios, { clientId: 'own', clientSecret: 'own', store: memoryTokenStore() });
       module.exports = { clientId: 'id', clientSecret: 'secret', grant: 'client_credentials' };`,
    );
    const ended = spawnSync(
      process.execPath,
      ['--require', resolve('dist/cjs/register/index.js'), '--print', '"started"'],
      { env: { PATH: process.env['PATH'], PROCORE_CONFIG: config }, encoding: 'utf8', timeout: patienceMs },
    );
    expect({ ...ended, pid: 0 }).toMatchObject({ status: 0, stdout: 'started\n', stderr: '' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
