'use strict';
const axios = require('axios');
const library = require('library');
const run = require('./run.cjs');

const builds = { same: () => require('axios-procore'), other: () => import('axios-procore') };
run({ axios, builds, library }).catch((error) => {
  console.error(error);
  process.exit(1);
});
