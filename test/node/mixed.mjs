// An application that is an ES module, with a dependency that is CommonJS: two copies of the package hold one expired pair.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import axios from 'axios';
import * as imported from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';

const required = createRequire(import.meta.url)('axios-procore');
assert.notEqual(imported.attachProcore, required.attachProcore);
const emulator = await startEmulator();
try {
  const { access_token, ...pair } = emulator.issue();
  emulator.expire(access_token);
  const stored = { ...pair, access_token, expires_at: Math.floor(Date.now() / 1000) - 60 };
  const instances = [imported, required].map(({ attachProcore, memoryTokenStore }) => {
    const instance = axios.create({ baseURL: emulator.environment.apiUrl, proxy: false });
    attachProcore(instance, {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store: memoryTokenStore({ ...stored }),
    });
    return instance;
  });
  const calls = Array.from({ length: 50 }, (_, index) => instances[index % 2].get('/rest/v1.0/me'));
  for (const { status } of await Promise.all(calls)) assert.equal(status, 200);
  assert.equal(emulator.counters.exchanges, 1);
  assert.equal(emulator.counters.spentPresentations, 0);
} finally {
  await emulator.close();
}
console.log('ok');
