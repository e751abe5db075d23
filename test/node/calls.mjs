// The same as an ES module.
import axios from 'axios';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import calls from './calls.cjs';

await calls({ axios, attachProcore, memoryTokenStore, startEmulator });
