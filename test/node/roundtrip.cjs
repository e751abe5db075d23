// The same as CommonJS.
'use strict';
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const axios = require('axios');
const { attachProcore } = require('axios-procore');
const { startEmulator } = require('axios-procore/emulator');
const { fileTokenStore } = require('axios-procore/stores/file');

require('./steps.cjs')({
  axios,
  attachProcore,
  startEmulator,
  fileTokenStore,
  mkdtempSync,
  rmSync,
  tmpdir,
  join,
});
