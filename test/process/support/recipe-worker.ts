/** The recipes of docs/deployment.md: a handler whose process is frozen between invocations, and a server that is told to end. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { attachProcore } from '../../../src/attach/attach.js';
import { openStore, type StoreKind } from './open-store.js';

const [url, kind, location, aheadMs] = process.argv.slice(2) as [string, StoreKind, string, string];
const { store, close } = await openStore(kind, location, {});
const instance = axios.create({ baseURL: url, proxy: false });
const quiet = () => undefined;
const procore = attachProcore(instance, {
  clientId: 'emulator-client',
  clientSecret: 'emulator-secret',
  environment: { loginUrl: url, apiUrl: url },
  store,
  renewal: { background: false, aheadMs: Number(aheadMs) },
  logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
});

async function handler(): Promise<number> {
  try {
    return (await instance.get('/rest/v1.0/me')).status;
  } finally {
    await procore.idle();
  }
}

const server = createServer((_request, response) => {
  void handler().then((status) => response.writeHead(status).end());
});

async function shutDown(): Promise<void> {
  process.send!('ending');
  await new Promise((resolve) => server.close(resolve));
  await procore.idle();
  await close();
  process.exit();
}

process.once('SIGTERM', () => void shutDown());
server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port));
