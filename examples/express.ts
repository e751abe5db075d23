/**
 * A small web application whose users log in at Procore, each for themselves. `npm run example express` prints the address to open in a
 * browser. `ORIGIN` is the origin that browsers see, whose `/callback` is the redirect URI that is registered with the app; `PORT` is the
 * port. Each user's tokens are a file in a folder beside `PROCORE_TOKEN_FILE`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import axios from 'axios';
import { attachProcore, type EnvironmentName } from 'axios-procore';
import { fileTokenStore } from 'axios-procore/stores/file';
import { createApp } from './express/app.js';

const { env } = process;
if (!env.PROCORE_TOKEN_FILE) throw new Error('PROCORE_TOKEN_FILE is not set.');

const server = createServer();
await new Promise<void>((resolve) => server.listen(Number(env.PORT ?? 0), '127.0.0.1', resolve));
const origin = env.ORIGIN ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const api = axios.create();
const procore = attachProcore(api, {
  clientId: env.PROCORE_CLIENT_ID!,
  clientSecret: env.PROCORE_CLIENT_SECRET!,
  environment: env.PROCORE_API_URL
    ? { loginUrl: env.PROCORE_LOGIN_URL!, apiUrl: env.PROCORE_API_URL }
    : (env.PROCORE_ENVIRONMENT as EnvironmentName | undefined),
  companyId: env.PROCORE_COMPANY_ID,
  store: fileTokenStore({ directory: `${env.PROCORE_TOKEN_FILE}.users` }),
});
server.on('request', createApp({ api, procore, origin }));
console.log(`Open ${origin} in a browser. Ctrl-C ends it.`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void shutDown());

async function shutDown(): Promise<void> {
  await new Promise((resolve) => server.close(resolve)); // no new work; what is under way is answered
  await procore.idle(); // no renewal or save is under way any more
  procore.detach();
}
