import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConsumer, run, type Consumer } from '../support/packed.js';

let consumer: Consumer;
beforeAll(async () => void (consumer = await createConsumer()));
afterAll(() => consumer?.remove());

const program = `
const assert = require('node:assert');
const { after, test } = require('node:test');
const axios = require('axios');
const { attachProcore, memoryTokenStore } = require('axios-procore');
const { startEmulator } = require('axios-procore/emulator');
let emulator;
after(() => emulator.close());
test('a route of its own behind an expired token', async () => {
  const route = 'GET /rest/v1.0/projects/:project_id/meetings';
  emulator = await startEmulator({ routes: { [route]: ({ params }) => [{ id: Number(params.project_id) }] } });
  const { url, clientId, clientSecret, environment } = emulator;
  const api = axios.create({ baseURL: url, proxy: false });
  attachProcore(api, { clientId, clientSecret, environment, store: memoryTokenStore(emulator.issue()), companyId: '1' });
  emulator.expire();
  assert.deepStrictEqual((await api.get('/rest/v1.0/projects/7/meetings')).data, [{ id: 7 }]);
  assert.strictEqual(emulator.counters.exchanges, 1);
});
`;

test('the test runner of Node runs tests on the emulator, and ends by itself', async () => {
  await writeFile(join(consumer.folder, 'app.test.cjs'), program);
  // Node's own runner tells its children by this variable, and would not start within one of them.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { stdout } = await run('node', ['--test', '--test-reporter=tap', 'app.test.cjs'], {
    cwd: consumer.folder,
    env,
  });
  expect(stdout).toMatch(/^# pass 1$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});
