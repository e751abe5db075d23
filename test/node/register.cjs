// Two applications that know nothing of the plugin, an ES module and a CommonJS one, under each flag: each expiry costs one exchange.
'use strict';
const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const { promisify } = require('node:util');
const { startEmulator } = require('axios-procore/emulator');

const run = promisify(execFile);
const isNode = process.versions.bun === undefined && process.versions.deno === undefined;
/** By its path, as Deno finds no package there. */
const preloadOfDeno = ['run', '-A', '--preload', require.resolve('axios-procore/register')];
const flags = process.versions.deno
  ? [preloadOfDeno]
  : ['--require', '--import', ...(isNode ? [] : ['--preload'])].map((flag) => [
      flag,
      'axios-procore/register',
    ]);
const calls = `
  const api = axios.create({ baseURL: process.env.PROCORE_API_URL, proxy: false });
  const get = () => api.get('/rest/v1.0/me', { headers: { Authorization: 'Bearer ' + process.env.STALE_TOKEN } });
  Promise.all([get(), get(), get()]).then(
    (answers) => console.log(answers.map(({ status }) => status).join()),
    (error) => { console.error(error.message); process.exitCode = 1; },
  );
`;
const folder = mkdtempSync(join(tmpdir(), 'axios-procore-node-'));
const file = join(folder, 'tokens.json');
/** For Bun, where the lock of a token file does not work. */
const config = join(folder, 'procore.config.cjs');
const storeModule = JSON.stringify(require.resolve('axios-procore/stores/file'));
const unlocked = JSON.stringify({ file, lock: false });

async function main() {
  const emulator = await startEmulator();
  const issued = emulator.issue();
  writeFileSync(file, JSON.stringify(issued));
  writeFileSync(config, `module.exports = { store: require(${storeModule}).fileTokenStore(${unlocked}) };`);
  writeFileSync('application.cjs', `const axios = require('axios');${calls}`);
  writeFileSync('application.mjs', `import axios from 'axios';${calls}`);
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PROCORE_CLIENT_ID: emulator.clientId,
    PROCORE_CLIENT_SECRET: emulator.clientSecret,
    PROCORE_LOGIN_URL: emulator.environment.loginUrl,
    PROCORE_API_URL: emulator.environment.apiUrl,
    ...(isNode ? { PROCORE_TOKEN_FILE: file } : { PROCORE_CONFIG: config }),
    // What such an application has read from its own table long ago: a dead token of the same user.
    STALE_TOKEN: issued.access_token,
  };
  try {
    let expiries = 0;
    for (const flag of flags) {
      for (const application of ['application.cjs', 'application.mjs']) {
        emulator.revoke();
        expiries++;
        const args = [...flag, application];
        const { stdout, stderr } = await run(process.execPath, args, { env });
        assert.equal(stdout.trim(), '200,200,200', `${args.join(' ')}: ${stderr}`);
        assert.equal(stderr, '');
        assert.equal(emulator.counters.exchanges, expiries);
      }
    }
    assert.equal(emulator.counters.spentPresentations, 0);

    if (!isNode) return;
    // A tool's loader hooks run in a thread of Node's own, which is preloaded too and cannot load every axios.
    writeFileSync('hooks.mjs', 'export const load = (url, context, next) => next(url, context);');
    writeFileSync('ran.mjs', 'console.log("ran");');
    const everywhere = { PATH: env.PATH, NODE_OPTIONS: '--no-warnings --require axios-procore/register' };
    const tool = ['--experimental-loader', './hooks.mjs', 'ran.mjs'];
    const { stdout, stderr } = await run(process.execPath, tool, { env: everywhere });
    assert.equal(stdout, 'ran\n');
    assert.match(stderr, /^axios-procore\/register: nothing is attached, [^\n]+\n$/);
  } finally {
    await emulator.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
