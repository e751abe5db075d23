import axios from 'axios';
import library from 'library';
import { createRequire } from 'node:module';
import run from './run.cjs';

const require = createRequire(import.meta.url);
const builds = { same: () => import('axios-procore'), other: () => require('axios-procore') };
run({ axios, builds, library }).catch((error) => {
  console.error(error);
  process.exit(1);
});
