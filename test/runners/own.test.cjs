/* global afterEach, expect, jest, test */
const assert = require('node:assert');
const axios = require('axios');
const procore = require('axios-procore');
const emulating = require('axios-procore/emulator');
const files = require('axios-procore/stores/file');
const { stepsOf } = require('./steps.cjs');

const { tests, end } = stepsOf({ assert, axios, procore, emulating, files });
afterEach(async () => {
  jest.useRealTimers();
  await end();
});
for (const [title, run] of Object.entries(tests)) {
  test(title, run);
  test(`${title}: with fake timers`, async () => {
    jest.useFakeTimers();
    await run();
  });
}

test('each evaluation of the modules is one of its own', () => {
  const before = procore.attachProcore;
  jest.resetModules();
  expect(require('axios-procore').attachProcore).not.toBe(before);
});
