// The command: an explanation, and a refresh of tokens that it finds by a configuration.
'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');
const { promisify } = require('node:util');
const { startEmulator } = require('axios-procore/emulator');
const { fileTokenStore } = require('axios-procore/stores/file');

const prefix = process.versions.deno ? ['run', '-A'] : [];
const cli = join(dirname(require.resolve('axios-procore/package.json')), 'dist/cjs/cli/index.js');
const command = (args, env) => promisify(execFile)(process.execPath, [...prefix, cli, ...args], { env });
const surroundings = { PATH: process.env.PATH, HOME: process.env.HOME };

async function main() {
  const { stdout } = await command(['explain', '429'], surroundings);
  assert.match(stdout, /^429 Too Many Requests/);

  const directory = mkdtempSync(join(tmpdir(), 'axios-procore-node-'));
  const emulator = await startEmulator();
  try {
    await fileTokenStore({ directory, lock: false }).save(emulator.issue(), 'default', undefined);
    const config = join(directory, 'procore.config.cjs');
    const store = `require(${JSON.stringify(require.resolve('axios-procore/stores/file'))}).fileTokenStore`;
    const options = JSON.stringify({ directory, lock: false });
    writeFileSync(config, `module.exports = { store: ${store}(${options}) };`);
    await command(['refresh'], {
      ...surroundings,
      PROCORE_CLIENT_ID: emulator.clientId,
      PROCORE_CLIENT_SECRET: emulator.clientSecret,
      PROCORE_LOGIN_URL: emulator.environment.loginUrl,
      PROCORE_API_URL: emulator.environment.apiUrl,
      PROCORE_CONFIG: config,
    });
    assert.equal(emulator.counters.exchanges, 1);
  } finally {
    await emulator.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
