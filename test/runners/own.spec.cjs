/* global afterEach, describe, it */
const assert = require('node:assert');
const axios = require('axios');
const procore = require('axios-procore');
const emulating = require('axios-procore/emulator');
const files = require('axios-procore/stores/file');
const { stepsOf } = require('./steps.cjs');

describe('CommonJS', () => {
  const { tests, end } = stepsOf({ assert, axios, procore, emulating, files });
  afterEach(end);
  for (const [title, run] of Object.entries(tests)) it(title, run);
});
