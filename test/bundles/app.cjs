// For ncc, which takes CommonJS.
'use strict';
const axios = require('axios');
const { attachProcore, memoryTokenStore } = require('axios-procore');
const { startEmulator } = require('axios-procore/emulator');
const { fileTokenStore } = require('axios-procore/stores/file');
const { mkdtempSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

require('./copies.cjs')({ axios, attachProcore, memoryTokenStore, startEmulator })
  .then(() =>
    require('./steps.cjs')({
      axios,
      attachProcore,
      startEmulator,
      fileTokenStore,
      mkdtempSync,
      rmSync,
      tmpdir,
      join,
    }),
  )
  .catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
