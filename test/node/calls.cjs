// What a call has of the plugin, on the memory store: a renewal, the replay of a 401, a retry, a wait for the rate limit, a failure with its kind.
'use strict';
const assert = require('node:assert/strict');

module.exports = async function calls({ axios, attachProcore, memoryTokenStore, startEmulator }) {
  const emulator = await startEmulator({ rateLimits: { spike: { limit: 5, windowSeconds: 2 } } });
  try {
    const instance = axios.create({ baseURL: emulator.environment.apiUrl, proxy: false });
    const procore = attachProcore(instance, {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store: memoryTokenStore(),
      companyId: '42',
      retry: { baseDelayMs: 1 },
    });
    const seen = [];
    procore.on('request-waiting', ({ reason }) => seen.push(`waited: ${reason}`));
    procore.on('request-retried', () => seen.push('retried'));
    await procore.setTokens(emulator.issue());
    await procore.renew();
    emulator.revoke();
    assert.equal((await instance.get('/rest/v1.0/me')).status, 200);
    assert.equal(emulator.counters.exchanges, 2);

    emulator.misbehave({ on: 'api', do: { kind: 'answer', status: 500 } });
    assert.equal((await instance.get('/rest/v1.0/projects')).status, 200);
    assert.ok(seen.includes('retried'));

    const many = await Promise.all(Array.from({ length: 12 }, () => instance.get('/rest/v1.0/me')));
    assert.deepEqual(new Set(many.map(({ status }) => status)), new Set([200]));
    assert.ok(seen.includes('waited: rate-limit'));
    assert.equal(emulator.log.filter(({ status }) => status === 429).length, 0);

    const error = await instance.get('/rest/v1.0/nowhere').catch((reason) => reason);
    assert.equal(error.procore.kind, 'not-found');
    assert.equal(emulator.counters.spentPresentations, 0);
    await procore.idle();
  } finally {
    await emulator.close();
  }
  console.log('ok');
};

if (require.main === module) {
  const axios = require('axios');
  const { attachProcore, memoryTokenStore } = require('axios-procore');
  const { startEmulator } = require('axios-procore/emulator');
  module.exports({ axios, attachProcore, memoryTokenStore, startEmulator });
}
