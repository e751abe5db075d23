'use strict';
const assert = require('node:assert/strict');
const required = require('axios-procore');

/** The ES module and the CommonJS build in one bundle: one expired pair costs one token request, and the handle is found by both. */
module.exports = async function copies({ axios, attachProcore, memoryTokenStore, startEmulator }) {
  const emulator = await startEmulator();
  try {
    const { access_token, ...pair } = emulator.issue();
    emulator.expire(access_token);
    const stored = { ...pair, access_token, expires_at: Math.floor(Date.now() / 1000) - 60 };
    const attaches = [attachProcore, required.attachProcore];
    const instances = attaches.map((attach) => {
      const instance = axios.create({ baseURL: emulator.environment.apiUrl, proxy: false });
      const handle = attach(instance, {
        clientId: emulator.clientId,
        clientSecret: emulator.clientSecret,
        environment: emulator.environment,
        store: memoryTokenStore({ ...stored }),
      });
      assert.equal(required.procoreOf(instance), handle);
      return instance;
    });
    const calls = Array.from({ length: 20 }, (_, index) => instances[index % 2].get('/rest/v1.0/me'));
    for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
    assert.equal(emulator.counters.exchanges, 1);
    assert.equal(emulator.counters.spentPresentations, 0);
  } finally {
    await emulator.close();
  }
};
