'use strict';
const assert = require('node:assert/strict');

/** A renewal, the replay of a 401, and a second attach that finds the pair in the same files, over the lock of the file store. */
module.exports = async function steps(given) {
  const { axios, attachProcore, startEmulator, fileTokenStore, mkdtempSync, rmSync, tmpdir, join } = given;
  const directory = mkdtempSync(join(tmpdir(), 'axios-procore-node-'));
  const emulator = await startEmulator();
  try {
    const attach = () => {
      const instance = axios.create({ baseURL: emulator.environment.apiUrl, proxy: false });
      const procore = attachProcore(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: fileTokenStore({ directory }),
        companyId: '42',
      });
      return { instance, procore };
    };
    const { instance, procore } = attach();
    await procore.setTokens(emulator.issue());
    assert.equal((await instance.get('/rest/v1.0/me')).status, 200);
    await procore.renew();
    assert.equal(emulator.counters.exchanges, 1);
    emulator.revoke();
    const [first, second] = await Promise.all([
      instance.get('/rest/v1.0/me'),
      attach().instance.get('/rest/v1.0/projects'),
    ]);
    assert.deepEqual([first.status, second.status], [200, 200]);
    assert.equal(emulator.counters.exchanges, 2);
    assert.equal(emulator.counters.spentPresentations, 0);
    await procore.idle();
  } finally {
    await emulator.close();
    rmSync(directory, { recursive: true, force: true });
  }
  console.log('ok');
};
