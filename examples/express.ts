/**
 * A small web application whose users log in at Procore, each for themselves: `npm run example:express`, then open the address that it
 * prints. Without `PROCORE_CLIENT_ID` it runs on the emulator. With it, it takes `PROCORE_CLIENT_SECRET`, `PROCORE_ENVIRONMENT`
 * (developer-sandbox by default) and `ORIGIN`, whose `/callback` is the redirect URI that is registered with the app.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { attachProcore, memoryTokenStore, type EnvironmentName, type ProcoreOptions } from 'axios-procore';
import { startEmulator } from 'axios-procore/emulator';
import { fileTokenStore } from 'axios-procore/stores/file';
import { callbackPath, createApp } from './express/app.js';

const {
  PROCORE_CLIENT_ID: clientId,
  PROCORE_CLIENT_SECRET,
  PROCORE_ENVIRONMENT,
  PORT = '0',
  ORIGIN,
} = process.env;
const companyId = process.env['PROCORE_COMPANY_ID'] ?? '562949953421401';

const server = createServer();
await new Promise<void>((resolve) => server.listen(Number(PORT), '127.0.0.1', resolve));
const origin = ORIGIN ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const emulator = clientId ? undefined : await startEmulator({ redirectUris: [origin + callbackPath] });
const options: ProcoreOptions = emulator
  ? {
      clientId: emulator.clientId,
      clientSecret: emulator.clientSecret,
      environment: emulator.environment,
      store: memoryTokenStore(),
      companyId,
    }
  : {
      clientId: clientId!,
      clientSecret: PROCORE_CLIENT_SECRET!,
      environment: (PROCORE_ENVIRONMENT ?? 'developer-sandbox') as EnvironmentName,
      store: fileTokenStore({ directory: './tokens' }),
      companyId,
    };

const api = axios.create();
const procore = attachProcore(api, options);
server.on('request', createApp({ api, procore, origin }));
console.log(`Open ${origin} in a browser. Ctrl-C ends it.`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
    void emulator?.close();
    // The process ends only after a renewal that is under way.
    void procore.idle().then(() => process.exit(0));
  });
}
