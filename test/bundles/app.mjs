// The application that is bundled: every entry point, a renewal over the file store with its lock, and two copies of the package.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axios from 'axios';
import { attachProcore, memoryTokenStore } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { redisPacing } from 'axios-procore/pacing/redis';
import { encryptedTokenStore } from 'axios-procore/stores/encrypted';
import { fileTokenStore } from 'axios-procore/stores/file';
import { postgresTokenStore } from 'axios-procore/stores/postgres';
import { redisTokenStore } from 'axios-procore/stores/redis';
import { storeContract } from 'axios-procore/store-contract';
import copies from './copies.cjs';
import steps from './steps.cjs';

async function main() {
  const entries = { encryptedTokenStore, postgresTokenStore, redisPacing, redisTokenStore, storeContract };
  for (const [name, entry] of Object.entries(entries)) {
    if (typeof entry !== 'function') throw new Error(`${name} is ${typeof entry}`);
  }
  await copies({ axios, attachProcore, memoryTokenStore, startEmulator });
  await steps({ axios, attachProcore, startEmulator, fileTokenStore, mkdtempSync, rmSync, tmpdir, join });
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
