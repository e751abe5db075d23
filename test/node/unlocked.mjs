// The round trip over the file store without its lock, which needs no addon.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { fileTokenStore } from 'axios-procore/stores/file';
import steps from './steps.cjs';

const unlocked = (options) => fileTokenStore({ ...options, lock: false });
await steps({
  axios,
  attachProcore,
  startEmulator,
  fileTokenStore: unlocked,
  mkdtempSync,
  rmSync,
  tmpdir,
  join,
});
