// Run by scripts/test-node.mjs on each Node, in a folder where the packed package is installed: a real round trip, as an ES module.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { attachProcore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { fileTokenStore } from 'axios-procore/stores/file';
import steps from './steps.cjs';

await steps({ axios, attachProcore, startEmulator, fileTokenStore, mkdtempSync, rmSync, tmpdir, join });
